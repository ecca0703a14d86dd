"""A campaign of satellite chips whose truth is known: some labeled, some held back, the rest a pool."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from active_learning.training.check_start import complaint_about
from campaigns.models import Campaign, Image, Label, Reference, Split, User
from models_registry.models import CampaignModel, LabelMapping, RegisteredModel
from tests.active_learning.answers import box, store
from tests.active_learning.chips import KINDS, add_chip, chips, label_image

LABELED, HELD_BACK, POOL = 18, 15, 21


@pytest.fixture(scope="session")
def shared_embeddings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Embeddings that all tests share: they are found by the content of the pictures."""
    return tmp_path_factory.mktemp("round-embeddings")


def whole(label: int) -> dict[str, object]:
    """The truth of an image as a whole."""
    return {"id": "truth", "label": label, "shape": {"type": "whole"}, "origin": "human", "review": "accepted", "confidence": None}


@pytest.fixture
def labels(make_campaign: Callable[..., Campaign], data_dir: Path, shared_embeddings: Path) -> dict[str, Label]:
    """The labels of a campaign of chips that has no image yet."""
    (data_dir / "embeddings").symlink_to(shared_embeddings)
    made = make_campaign("Chips", labels=KINDS)
    return {label.name: label for label in made.labels.all()}


@pytest.fixture
def coast(labels: dict[str, Label], annotator: User) -> Campaign:
    """54 chips: 18 labeled, 15 held back, 21 in the pool; the truth of all is known, and hidden."""
    campaign = labels["coast"].campaign
    for place, chip in enumerate(chips()[: LABELED + HELD_BACK + POOL]):
        image = add_chip(campaign, chip, split=Split.TEST if LABELED <= place < LABELED + HELD_BACK else Split.ANY)
        Reference.objects.create(image=image, annotations=[whole(labels[chip.kind].pk)])
        if place < LABELED:
            label_image(image, annotator, labels[chip.kind].pk)
    return campaign


@pytest.fixture
def pool(coast: Campaign) -> list[Image]:
    """The images that may be asked, in the order of their ids."""
    return list(coast.images.filter(state="unlabeled").exclude(split="test").order_by("pk"))


@pytest.fixture
def make_external() -> Callable[..., RegisteredModel]:
    """Attach a model from outside, its classes mapped to the labels in order; None leaves a class without a label."""

    def make(campaign: Campaign, *labels: Label | None, **fields: object) -> RegisteredModel:
        classes = [{"index": n, "name": f"class {n}"} for n in range(len(labels))]
        made = RegisteredModel.objects.create(name="Outside", task=campaign.task, protocol="winnow", classes=classes, **fields)
        joined = CampaignModel.objects.create(campaign=campaign, model=made)
        LabelMapping.objects.bulk_create(
            LabelMapping(campaign_model=joined, class_index=n, label=label) for n, label in enumerate(labels) if label is not None
        )
        return made

    return make


@pytest.fixture
def client(manager: User) -> APIClient:
    """The API for the manager."""
    made = APIClient()
    made.force_authenticate(manager)
    return made


@pytest.fixture
def harbour(make_campaign: Callable[..., Campaign], manager: User) -> tuple[Campaign, list[Image], Label, Label]:
    """Two images: in the first a ship is found, a buoy is taken for a ship, and one ship is missed; the second is empty but for a ghost."""
    campaign = make_campaign("Harbour", task="detection", labels=("ship", "buoy"))
    ship, buoy = campaign.labels.all()
    images = [add_chip(campaign, chip, split=Split.TEST) for chip in chips()[:2]]
    boxes = [(ship.pk, 0), (buoy.pk, 40), (ship.pk, 80)]
    shape = {"type": "box", "y": 0, "width": 20, "height": 20, "rotation": 0}
    truth = [{**whole(label), "id": f"t{x}", "shape": {**shape, "x": x}} for label, x in boxes]
    Reference.objects.create(image=images[0], annotations=truth)
    Reference.objects.create(image=images[1], annotations=[])
    return campaign, images, ship, buoy


@pytest.fixture
def finder(harbour: tuple[Campaign, list[Image], Label, Label], make_external: Callable[..., RegisteredModel]) -> RegisteredModel:
    """What was found in the harbour."""
    campaign, images, ship, buoy = harbour
    model = make_external(campaign, ship, buoy)
    store(model, {images[0]: [box(0, 0.9, 1, 0), box(0, 0.8, 40, 1)], images[1]: [box(1, 0.7, 10, 10)]})
    return model


@pytest.fixture
def checked_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let starts be looked at in this process, which has torch already, instead of in one of its own."""
    monkeypatch.setattr("active_learning.services.starts._answered", complaint_about)
    monkeypatch.setattr("active_learning.services.starts._sound", set())


@pytest.fixture(scope="module")
def published(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Weights of the module's ``QUICK`` network as torchvision's makers would publish them, made by lot."""
    import torch
    from torchvision.models import get_model

    torch.manual_seed(7)
    weights: dict[str, Any] = get_model(request.module.QUICK, weights=None, weights_backbone=None).state_dict()
    return weights


@pytest.fixture
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, published: dict[str, Any]) -> Path:
    """The folder of the library, with a file of weights in it; nothing can be fetched."""
    import torch
    from torchvision.models import get_model_weights

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("WINNOW_HUBS", "no")
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    file = folder / get_model_weights(request.module.QUICK).DEFAULT.url.rpartition("/")[2]
    torch.save(published, file)
    return file
