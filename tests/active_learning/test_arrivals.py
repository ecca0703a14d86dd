"""Images are looked at when they arrive: once for many imports, only what is new, and not where the weights are missing."""

import pytest
from django_q.models import OrmQ

from active_learning.services import arrivals
from active_learning.services.arrivals import embed_later, wants_embedding
from active_learning.services.embeddings import embedding_store, source_of
from campaigns.models import Run, RunState
from campaigns.runs import execute_now
from campaigns.services.importing import import_files
from models_registry.networks import weights
from tests.active_learning.chips import add_chip, chips
from tests.conftest import png_bytes

pytestmark = pytest.mark.django_db


def waiting(campaign):
    return Run.objects.filter(campaign=campaign, kind="embedding")


def test_an_import_asks_for_a_look_unless_the_server_is_told_not_to(campaign, manager, data_dir, settings):
    def import_one(seed):
        OrmQ.objects.all().delete()
        import_files(user=manager, campaign=campaign, files=[(f"{seed}.png", png_bytes(40, 30, seed=seed))])
        return [row.task["func"] for row in OrmQ.objects.all()].count("active_learning.tasks.look_at_arrivals")

    assert import_one(1) == 0
    settings.EMBED_ON_IMPORT = True
    assert import_one(2) == 1


def test_many_arrivals_make_one_run_and_only_what_is_new_is_looked_at(labels, settings):
    settings.EMBED_ON_IMPORT = True
    campaign = labels["coast"].campaign
    images = [add_chip(campaign, chip) for chip in chips()[:3]]
    assert embed_later(campaign.pk) is not None
    assert not wants_embedding(campaign.pk)
    assert embed_later(campaign.pk) is None
    run = execute_now(waiting(campaign).get())
    assert (run.state, run.result["embedded"]) == (RunState.SUCCEEDED, 3), run.error
    assert not len(embedding_store().missing([source_of(image).key for image in images]))
    add_chip(campaign, chips()[3])
    again = execute_now(embed_later(campaign.pk))
    assert again.result["embedded"] == 4
    assert embed_later(10**9) is None


def test_of_two_runs_at_once_the_later_begins_at_the_other_end(labels, settings, monkeypatch):
    settings.EMBED_ON_IMPORT = True
    campaign = labels["coast"].campaign
    images = [add_chip(campaign, chip).pk for chip in chips()[:3]]
    orders, embed = [], arrivals.embed_installed

    def noted(context, rows):
        orders.append([row.pk for row in rows])
        if len(orders) == 1:  # more images arrive while it looks
            later = embed_later(campaign.pk)
            Run.objects.filter(pk=context.run.pk).update(state=RunState.RUNNING)
            execute_now(later)
        return embed(context, rows)

    monkeypatch.setattr(arrivals, "embed_installed", noted)
    execute_now(embed_later(campaign.pk))
    assert orders == [images, images[::-1]]


def test_without_weights_the_run_says_what_to_install(labels, settings, monkeypatch):
    settings.EMBED_ON_IMPORT = True
    campaign = labels["coast"].campaign
    add_chip(campaign, chips()[0])
    monkeypatch.setenv(weights.VARIABLE, "/nowhere/weights.pth")
    run = execute_now(embed_later(campaign.pk))
    assert run.state == RunState.SUCCEEDED
    assert "/nowhere/weights.pth" in run.result["skipped"]
