"""The sample campaign: real satellite images, with truth that is held back."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rest_framework.test import APIClient

from campaigns.documents import check_annotations
from campaigns.imagery.blue_marble import chips, draw, kind_of
from campaigns.models import Campaign, Image, Reference, Run, RunState, User
from campaigns.queue import lease_next
from campaigns.runs import execute_now
from campaigns.services import sample
from campaigns.services.frames import frame_of

pytestmark = pytest.mark.django_db
As = Callable[[User | None], APIClient]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    few = sample.Mix({"ocean": 6, "coast": 8, "land": 6}, {"ocean": 1, "coast": 3, "land": 1})
    monkeypatch.setattr(sample, "MIXES", dict.fromkeys(sample.TASKS, few))
    monkeypatch.setattr(sample, "BATCH", 7)


@pytest.mark.parametrize("task", sample.TASKS)
def test_one_click_makes_a_campaign_with_images_and_held_back_truth(owner: User, as_user: As, task: str) -> None:
    made = as_user(owner).post("/api/v1/campaigns/sample", {"task": task})
    assert made.status_code == 201 and made.data["campaign"]["task"] == task
    run = execute_now(Run.objects.get(pk=made.data["run"]["id"]))
    assert (run.state, run.result) == (RunState.SUCCEEDED, {"images": 20, "held_back": 5}), run.error
    campaign = Campaign.objects.get(pk=made.data["campaign"]["id"])
    images = Image.objects.filter(campaign=campaign)
    assert images.count() == 20 and images.filter(split="test").count() == 5
    assert all(image.crs == "EPSG:4326" and image.bands == 3 for image in images)
    for truth in Reference.objects.filter(image__campaign=campaign).select_related("image__campaign"):
        assert check_annotations(truth.annotations, frame_of(truth.image)) == truth.annotations
    lease = lease_next(user=owner, campaign=campaign)
    assert lease is not None and lease.image.split != "test"


def test_a_second_try_after_a_crash_adds_nothing_twice(owner: User) -> None:
    campaign, run = sample.create_sample_campaign(user=owner)
    assert execute_now(run).state == RunState.SUCCEEDED
    Run.objects.filter(pk=run.pk).update(state=RunState.QUEUED)
    assert execute_now(run).state == RunState.SUCCEEDED
    assert Image.objects.filter(campaign=campaign).count() == Reference.objects.count() == 20


def test_the_first_images_to_label_show_every_kind_and_the_held_back_ones_as_many_of_each() -> None:
    mix = sample._RARE_LAND
    drawn = draw(np.random.default_rng(sample.SEED), per_kind=mix.per_kind)
    held_back = sample.held_back_names(drawn, mix)
    asked = [chip.kind for chip in drawn if chip.name not in held_back]
    assert (len(asked), len(held_back)) == (480, 120)
    assert min(asked[:12].count(kind) for kind in ("ocean", "coast", "land")) >= 2
    assert asked.count("ocean") == 360


def test_truth_comes_from_the_mask_and_every_kind_is_there() -> None:
    cut = list(chips())
    kinds = {kind: sum(chip.kind == kind for chip in cut) for kind in ("ocean", "coast", "land")}
    assert all(kinds[kind] >= count for mix in sample.MIXES.values() for kind, count in mix.per_kind.items())
    assert kind_of(np.ones((4, 4), bool)) == "ocean" and kind_of(np.zeros((4, 4), bool)) == "land"
    congo = next(
        chip for chip in cut if chip.transform[2] <= 22 < chip.transform[2] + 6.4 and chip.transform[5] - 6.4 < -1 <= chip.transform[5]
    )
    assert congo.kind == "land"
