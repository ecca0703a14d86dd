"""How much of what a model says has a label."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.models import Campaign, Image, User
from inference.models import Prediction
from models_registry.models import RegisteredModel

Speak = Callable[[User | None], APIClient]


def said(image: Image, model: RegisteredModel, items: list[dict[str, Any]], version: str = "1") -> None:
    document = {"schema": "prediction/1", "width": image.width, "height": image.height, "items": items, "warnings": [], "dropped": []}
    Prediction.objects.create(image=image, model=model, model_version=version, document=document)


def scores(**found: float) -> list[dict[str, Any]]:
    names = {"land": 0, "water": 1, "cloud": 2}
    listed = [{"class": name, "index": names.get(name), "confidence": value} for name, value in found.items()]
    return [{"kind": "classification", "mode": "single", "activation": "softmax", "complete": True, "scores": listed}]


def test_the_mass_on_classes_without_a_label_is_told(
    make_campaign: Callable[..., Campaign],
    make_image: Callable[..., Image],
    make_model: Callable[..., RegisteredModel],
    viewer: User,
    as_user: Speak,
):
    campaign = make_campaign(labels=("Land", "Water", "Snow"))
    model = make_model(campaign, "http://127.0.0.1:9/", mapping={0: "Land", 1: "Water"})
    said(make_image(campaign), model, scores(land=0.75, cloud=0.25))
    said(make_image(campaign), model, scores(land=0.25, cloud=0.5, comet=0.25))
    said(make_image(campaign), model, scores(cloud=1.0), version="0")
    other = make_campaign(name="Other")
    said(make_image(other), model, scores(cloud=1.0))
    address = f"/api/v1/campaigns/{campaign.pk}/models/{model.pk}/coverage"
    found = as_user(viewer).get(address).json()
    labels = dict(campaign.labels.values_list("name", "pk"))
    assert found["answers"] == 2
    assert found["unmapped"] == pytest.approx(0.5)
    assert [(each["name"], each["label_id"], each["mass"], each["images"]) for each in found["classes"]] == [
        ("land", labels["Land"], pytest.approx(1.0), 2), ("cloud", None, pytest.approx(0.75), 2), ("comet", None, pytest.approx(0.25), 1),
    ]  # fmt: skip
    assert found["unfed"] == [labels["Snow"]]
    assert found["unheard"] == [labels["Water"]]


def test_things_count_by_their_confidence_and_without_answers_nothing_is_said(
    make_campaign: Callable[..., Campaign],
    make_image: Callable[..., Image],
    make_model: Callable[..., RegisteredModel],
    viewer: User,
    as_user: Speak,
):
    campaign = make_campaign(task="detection", labels=("Ship",))
    model = make_model(campaign, "http://127.0.0.1:9/", mapping={0: "Ship"})
    address = f"/api/v1/campaigns/{campaign.pk}/models/{model.pk}/coverage"
    assert as_user(viewer).get(address).json() == {"answers": 0, "classes": [], "unmapped": None, "unfed": [], "unheard": []}
    box = {"kind": "box", "x": 1, "y": 1, "width": 5, "height": 5, "rotation": 0}
    raster = {
        "kind": "raster",
        "size": [8, 8],
        "classes": [{"index": 1, "name": "buoy"}],
        "confidence": None,
        "class_map": "0-class_map.png",
    }
    ship, buoy = {"index": 0, "class": "ship", "confidence": 0.5}, {"index": 1, "class": "buoy", "confidence": None}
    said(make_image(campaign), model, [{**box, **ship}, {**box, **buoy}, raster, {"kind": "embedding", "space": "s", "vector": [1.0]}])
    found = as_user(viewer).get(address).json()
    assert [(each["name"], each["mass"]) for each in found["classes"]] == [("buoy", 2.0), ("ship", 0.5)]
    assert found["unmapped"] == pytest.approx(0.8)
