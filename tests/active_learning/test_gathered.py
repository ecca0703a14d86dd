"""What statistics read of stored answers is kept in a file, and only what changed is read again."""

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from active_learning.services import evidence as gathering
from active_learning.services.gathered import FOLDER, Blocks, blocks_of, gather
from active_learning.services.statistics import statistics_of
from campaigns.models import Campaign, Image, Reference, Split
from campaigns.runs import RunContext, claim_run, enqueue_run, execute_now
from campaigns.storage import folder
from inference.services import predict_pool, start_inference
from tests.active_learning.answers import box, classified, store
from tests.active_learning.chips import add_chip, chips
from tests.active_learning.conftest import whole
from tests.inference.endpoint import Endpoint, items


def told(image: int, mark: int) -> dict[str, np.ndarray]:
    """What the reader of these tests finds in an image: as many rows as its mark says, of itself."""
    return {"rows": np.full((mark % 3, 2), image * 100.0 + mark), "size": np.array([mark])}


def same(one: Blocks, marks: dict[int, int]) -> bool:
    fresh = blocks_of({image: told(image, mark) for image, mark in marks.items()})
    if not marks:
        return not len(one)
    return all(np.array_equal(one.parts[name], fresh.parts[name]) for name in fresh.parts) and all(
        np.array_equal(one.lengths[name], fresh.lengths[name]) for name in fresh.lengths
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=st.lists(st.dictionaries(st.integers(1, 12), st.integers(0, 5), max_size=12), min_size=1, max_size=4), key=st.text("ab"))
def test_only_images_whose_mark_changed_are_read_and_all_is_as_if_read_anew(tmp_path_factory, settings, states, key):
    settings.DATA_DIR = tmp_path_factory.mktemp("gathered")
    before: dict[int, int] = {}
    for marks in states:
        asked: list[int] = []

        def read(images: list[int], marks: dict[int, int] = marks, asked: list[int] = asked) -> Blocks:
            asked += images
            return blocks_of({image: told(image, marks[image]) for image in images})

        assert same(gather("place", key, marks, read), marks)
        assert sorted(asked) == sorted(image for image, mark in marks.items() if before.get(image) != mark)
        before = marks


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b"PK no archive"), lambda path: path.write_bytes(path.read_bytes()[:-40])])
def test_a_file_that_is_broken_or_was_made_otherwise_is_made_anew(tmp_path, settings, spoil):
    settings.DATA_DIR = tmp_path
    marks, asked = {1: 1, 2: 2}, []

    def read(images: list[int]) -> Blocks:
        asked.append(list(images))
        return blocks_of({image: told(image, marks[image]) for image in images})

    gather("place", "old", marks, read)
    gather("place", "new", marks, read)
    spoil(folder(FOLDER) / "place.npz")
    assert same(gather("place", "new", marks, read), marks)
    assert asked == [[1, 2]] * 3
    assert [each.name for each in folder(FOLDER).iterdir()] == ["place.npz"]


def documents_read(work) -> int:
    """How many queries read the answers themselves."""
    with CaptureQueriesContext(connection) as queries:
        work()
    return sum('"inference_prediction"."document"' in query["sql"] for query in queries)


def ask(campaign: Campaign, model) -> dict:
    gathering.SHELF.clear()  # as another process, or after a restart
    return statistics_of(user=campaign.created_by, campaign=campaign, model_id=model.pk, name="all", thresholds=None, overlap=0.5)


@pytest.mark.django_db
@pytest.mark.parametrize("task", ["classification", "detection"])
def test_another_process_reads_no_answer_that_did_not_change(make_campaign, make_external, task):
    campaign = make_campaign("Coast", task=task, labels=("ship", "buoy"))
    ship, buoy = campaign.labels.all()
    images = [add_chip(campaign, chip, split=Split.TEST) for chip in chips()[:3]]
    answer = classified(0.9, 0.1) if task == "classification" else [box(0, 0.9)]
    shape = {"type": "whole"} if task == "classification" else {"type": "box", "x": 4, "y": 4, "width": 20, "height": 20, "rotation": 0}
    model = make_external(campaign, ship, buoy)
    for image in images[:2]:
        Reference.objects.create(image=image, annotations=[{**whole(ship.pk), "shape": shape}])
    store(model, dict.fromkeys(images[:2], answer))
    first = ask(campaign, model)
    assert first["counts"]["measured"] == 2
    assert documents_read(lambda: ask(campaign, model)) == 0
    assert ask(campaign, model) == first
    Reference.objects.create(image=images[2], annotations=[{**whole(buoy.pk), "shape": shape}])
    store(model, {images[2]: answer})
    assert documents_read(lambda: ask(campaign, model)) == 1
    with_third = ask(campaign, model)
    assert (with_third["counts"]["measured"], with_third["labels"][1]["true"]) == (3, 1)
    Image.objects.filter(pk=images[0].pk).delete()
    assert ask(campaign, model)["counts"]["measured"] == 2
    model.campaign_models.get(campaign=campaign).mappings.filter(label=ship).update(label=buoy)
    assert ask(campaign, model)["labels"][-1]["hits"] == 1  # what a class means has changed: nothing that was kept holds


@pytest.mark.django_db
def test_a_run_that_asked_a_model_has_its_answers_read_ahead(make_campaign, make_external, data_dir, settings):
    settings.MODEL_NETWORKS = ["127.0.0.0/8"]
    campaign = make_campaign("Coast", labels=("land", "sea"))
    image = add_chip(campaign, chips()[0], split=Split.TEST)
    Reference.objects.create(image=image, annotations=[whole(campaign.labels.first().pk)])
    gone = folder(FOLDER) / "999999-1-labels.npz"
    gone.touch()
    with Endpoint(lambda body: items({"kind": "classification", "scores": {"class 0": 0.9, "class 1": 0.1}})) as endpoint:
        model = make_external(campaign, *campaign.labels.all(), url=endpoint.url)
        run = execute_now(start_inference(user=campaign.created_by, campaign=campaign, model=model, images="all"))
    assert run.state == "succeeded", run.error
    (task,) = [row.task for row in OrmQ.objects.all() if row.task["func"].endswith("gather_answers")]
    assert import_string(task["func"])(*task["args"]) == 1
    assert not gone.exists()
    assert documents_read(lambda: ask(campaign, model)) == 0


@pytest.mark.django_db
def test_what_a_round_or_a_comparison_asks_a_model_is_read_ahead_too(make_campaign, make_external, data_dir, settings):
    settings.MODEL_NETWORKS = ["127.0.0.0/8"]
    campaign = make_campaign("Coast", labels=("land", "sea"))
    images = [add_chip(campaign, chip, split=Split.TEST) for chip in chips()[:2]]
    Reference.objects.create(image=images[0], annotations=[whole(campaign.labels.first().pk)])
    run = claim_run(enqueue_run(user=campaign.created_by, kind="round", campaign=campaign).pk)
    ask_about = lambda ids: predict_pool(RunContext(run), model=model, image_ids=ids)  # noqa: E731
    queued = lambda: [row.task for row in OrmQ.objects.all() if row.task["func"].endswith("gather_answers")]  # noqa: E731
    with Endpoint(lambda body: items({"kind": "classification", "scores": {"class 0": 0.9, "class 1": 0.1}})) as endpoint:
        model = make_external(campaign, *campaign.labels.all(), url=endpoint.url)
        assert ask_about([images[0].pk]).answered == 1
        (task,) = queued()
        assert import_string(task["func"])(*task["args"]) == 1
        assert ask_about([images[0].pk]).skipped == 1
        assert len(queued()) == 1, "nothing new was answered"
    assert documents_read(lambda: ask(campaign, model)) == 0
    model.delete()
    assert import_string(task["func"])(*task["args"]) == 0
