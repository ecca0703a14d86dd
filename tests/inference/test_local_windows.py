"""A network in this process, asked about large images in windows."""

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from campaigns.models import Campaign, Image
from inference.predictors import Picture
from inference.prefill import DraftRules
from inference.schema import Box, Prediction, PredictionRejected
from inference.services import local
from inference.services.failures import Unanswered
from inference.services.planning import Plan, stored_image
from inference.store import Answered
from models_registry.models import ModelKind, RegisteredModel
from tests.campaigns.samples import tiff_bytes

pytestmark = pytest.mark.django_db
SHIPS = [(40, 40, 60, 50), (200, 100, 90, 40), (300, 300, 380, 50)]


class Bright:
    """Finds bright patches in what it is shown."""

    batch_size = 4
    max_side = None
    reading = None

    def __init__(self) -> None:
        self.shown: list[tuple[int, int]] = []
        self.most_at_once = 0
        self.refuses = False

    def needs_pixels(self, sha256: str) -> bool:
        return True

    def predict(self, pictures: Sequence[Picture]) -> list[Prediction]:
        self.most_at_once = max(self.most_at_once, len(pictures))
        if self.refuses:
            raise PredictionRejected("", "the network gave NaN")
        return [self._one(picture) for picture in pictures]

    def _one(self, picture: Picture) -> Prediction:
        from rasterio.features import shapes

        self.shown.append(picture.pixels.shape[:2])
        bright = (picture.pixels[..., 0] > 128).astype(np.uint8)
        rings = [np.array(geometry["coordinates"][0]) for geometry, _ in shapes(bright, mask=bright.astype(bool))]
        boxes = [(*ring.min(axis=0).tolist(), *(ring.max(axis=0) - ring.min(axis=0)).tolist()) for ring in rings]
        return Prediction(tuple(Box(0, "ship", 0.9, *box) for box in boxes), picture.width, picture.height)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Bright:
    bright = Bright()
    monkeypatch.setattr(local, "load_predictor", lambda model: bright)
    return bright


def settled(plan: Plan, images: list[Image]) -> list[Answered | Unanswered]:
    outcomes = []
    with local.LocalAsker(plan) as asker:
        asker.submit([stored_image(image) for image in images])
        assert asker.in_flight == len(images)
        while asker.in_flight:
            outcomes += asker.collect(most=64, within_s=1)
    return outcomes


@pytest.fixture
def plan(campaign: Campaign) -> Plan:
    options = {"window_px": 256, "overlap_px": 32, "post": [{"name": "top_k", "params": {"k": 2}}]}
    classes = [{"index": 0, "name": "ship"}]
    model = RegisteredModel.objects.create(
        name="Net", kind=ModelKind.INTERNAL, task="detection", protocol="local", classes=classes, options=options
    )
    rules: DraftRules | None = None
    return Plan(model, rules)


@pytest.fixture
def sea(campaign: Campaign, make_image: Callable[..., Image], settings: Any) -> Image:
    pixels = np.zeros((3, 500, 700), np.uint8)
    for x, y, width, height in SHIPS:
        pixels[:, y : y + height, x : x + width] = 255
    image = make_image(campaign, width=700, height=500)
    image.format, image.path = "TIFF", f"sea-{uuid.uuid4().hex}.tif"  # readers keep files open by their path
    (Path(settings.DATA_DIR) / "images" / image.path).write_bytes(tiff_bytes(pixels, tiled=True))
    return image


def test_windows_are_answered_in_batches_and_joined_before_the_steps_on_things(
    network: Bright, plan: Plan, sea: Image, campaign: Campaign, make_image: Callable[..., Image]
) -> None:
    small = make_image(campaign)
    outcomes = {each.image_id: each for each in settled(plan, [sea, small])}
    answered = outcomes[sea.pk]
    assert isinstance(answered, Answered)
    document: Any = answered.answer.document
    assert len(document["items"]) == 2
    assert document["dropped"] == [{"reason": "not among the best", "class": "", "count": 1}]
    assert {(box["x"], box["y"], box["width"], box["height"]) for box in document["items"]} < set(SHIPS)
    assert sorted(network.shown) == sorted([(256, 256)] * 9 + [(48, 64)])
    assert network.most_at_once == 4
    assert isinstance(outcomes[small.pk], Answered)


def test_a_window_that_fails_fails_its_image_once(network: Bright, plan: Plan, sea: Image) -> None:
    network.refuses = True
    (outcome,) = settled(plan, [sea])
    assert isinstance(outcome, Unanswered)
    assert outcome.reason == "In the window at x 0, y 0: the network gave NaN"


def test_a_file_that_is_gone_fails_its_image_once(network: Bright, plan: Plan, sea: Image, settings: Any) -> None:
    (Path(settings.DATA_DIR) / "images" / sea.path).unlink()
    (outcome,) = settled(plan, [sea])
    assert isinstance(outcome, Unanswered)
    assert outcome.code == "unreadable_image"


@pytest.mark.usefixtures("network")
def test_it_says_how_far_a_large_image_is(plan: Plan, sea: Image) -> None:
    said = []
    with local.LocalAsker(plan) as asker:
        assert asker.waits_for == ""
        asker.submit([stored_image(sea)])
        while asker.in_flight:
            asker.collect(most=64, within_s=1)
            said.append(asker.waits_for)
    assert said == [f"{sea.name}: 4 of 9 windows", f"{sea.name}: 8 of 9 windows", ""]
