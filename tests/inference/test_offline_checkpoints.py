"""Checkpoints of every kind to take along: the unpacked server answers as the product does."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from campaigns.models import Campaign, Label, User
from inference.offline.engine import OfflineModel
from models_registry.checkpoints import CheckpointFile, checkpoint_folder, register_internal_model
from models_registry.models import CampaignModel, RegisteredModel
from models_registry.networks.backbones import DIMENSION
from models_registry.networks.bands import BandScale
from models_registry.networks.checkpoint import ClassifierCheckpoint
from models_registry.networks.heads import LinearHead
from models_registry.networks.library_segmenter_checkpoint import LibrarySegmenterCheckpoint
from models_registry.networks.object_checkpoint import Anatomy, ObjectCheckpoint
from models_registry.networks.pyramid import dimension
from models_registry.networks.segmenter_checkpoint import SegmenterCheckpoint
from models_registry.networks.weights import VARIABLE, find_weights
from tests.inference.test_offline import PICTURE, Speak, compare, download, here, raster, served

NAMES = ("Land", "Water")
POINTS = ("bow", "stern")


def head(width: int, *, seed: int = 4) -> LinearHead:
    generator = np.random.default_rng(seed)
    weight = generator.normal(size=(2, width)).astype(np.float32) / 20
    return LinearHead(np.zeros(width, np.float32), np.ones(width, np.float32), weight, np.zeros(2, np.float32))


def finder(part: str) -> ObjectCheckpoint:
    """A finder that has learned nothing, and that is sure of whatever it sees."""
    from models_registry.networks.devices import arrays_of
    from models_registry.networks.objects import seeded_network

    anatomy = Anatomy(part, NAMES, (POINTS, POINTS) if part == "points" else ())  # type: ignore[arg-type]
    heads = arrays_of(seeded_network(anatomy, 5))
    heads["detector.head.classification_head.cls_logits.bias"][:] = 1.5
    heads["detector.head.regression_head.bbox_reg.bias"][:] = 3.0
    return ObjectCheckpoint(anatomy, heads, "small", find_weights().sha256)


def segmenter() -> SegmenterCheckpoint:
    return SegmenterCheckpoint(head(dimension(3)), NAMES, "small", find_weights().sha256)


def of_bands() -> ClassifierCheckpoint:
    scale = BandScale((4, 2), (0.0, 0.0), (4000.0, 4000.0), (120.0, 110.0), (50.0, 60.0))
    return ClassifierCheckpoint(head(DIMENSION), NAMES, "small", find_weights().sha256, scale=scale)


def library_finder() -> ObjectCheckpoint:
    """A finder of torchvision that has learned nothing, and that is sure of whatever it sees."""
    from models_registry.networks.devices import arrays_of
    from models_registry.networks.library_finders import seeded_finder
    from models_registry.networks.library_weights import says

    anatomy = Anatomy("boxes", NAMES)
    heads = arrays_of(seeded_finder("ssdlite320_mobilenet_v3_large", anatomy, 5, None))
    for name in [each for each in heads if each.endswith(".bias") and says(each.removeprefix("detector."))]:
        heads[name].reshape(-1, 3)[:, 1] = 2.0
    return ObjectCheckpoint(anatomy, heads, "small", "", network="torchvision/ssdlite320_mobilenet_v3_large")


def library_segmenter() -> LibrarySegmenterCheckpoint:
    from models_registry.networks.devices import arrays_of
    from models_registry.networks.library_segmenters import seeded_segmenter

    arrays = arrays_of(seeded_segmenter("lraspp_mobilenet_v3_large", 2, 5, None))
    return LibrarySegmenterCheckpoint("torchvision/lraspp_mobilenet_v3_large", arrays, NAMES, "small", 1.5)


KINDS: dict[str, tuple[str, Callable[[], Any]]] = {
    "boxes": ("detection", lambda: finder("boxes")),
    "masks": ("segmentation", lambda: finder("masks")),
    "points": ("keypoints", lambda: finder("points")),
    "pixels": ("segmentation", segmenter),
    "boxes of a library": ("detection", library_finder),
    "pixels of a library": ("segmentation", library_segmenter),
    "chosen bands": ("classification", of_bands),
}


def registered(campaign: Campaign, checkpoint: Any) -> RegisteredModel:
    path = checkpoint_folder() / "best.winnow"
    checkpoint.save(path)
    files = {"best": CheckpointFile(path.name, hashlib.sha256(path.read_bytes()).hexdigest())}
    labels = list(campaign.labels.order_by("pk").values_list("pk", "name"))
    model = register_internal_model(
        campaign=campaign, name="Own", task=campaign.task, classes=labels, training_run_id=1, files=files, window_px=None
    )
    CampaignModel.objects.filter(model=model).update(thresholds={})
    return model


def campaign_for(make_campaign: Callable[..., Campaign], task: str) -> Campaign:
    campaign = make_campaign("Own", task=task, labels=NAMES)
    if task == "keypoints":
        skeleton = {"points": [{"name": name, "x": 0.5, "y": 0.5} for name in POINTS], "edges": []}
        Label.objects.filter(campaign=campaign).update(skeleton=skeleton)
    return campaign


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_answers_the_same_from_its_archive(
    kind: str,
    make_campaign: Callable[..., Campaign],
    manager: User,
    as_user: Speak,
    data_dir: Path,
    tmp_path: Path,
    own_answers: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "")  # loading an archive names the weights that came with it
    task, checkpoint = KINDS[kind]
    campaign, client, kept = campaign_for(make_campaign, task), as_user(manager), checkpoint()
    model = registered(campaign, kept)
    folder = download(client, campaign, model, tmp_path / "own")
    backbone = folder / "backbone.pth"
    assert backbone.read_bytes() == find_weights().path.read_bytes() if kept.is_frozen else not backbone.exists()
    needs = (folder / "requirements.txt").read_text().split()
    assert {line.partition("==")[0] for line in needs} > {"torch", "torchvision"}
    assert not [line for line in needs if "django" in line or "nvidia" in line or "+" in line]
    content, form = (raster(), "image/tiff") if kind == "chosen bands" else (PICTURE, "image/png")
    with here(OfflineModel.load(folder)) as base:
        said = compare(client, base, campaign, model, content, form)
    assert said["labels"] if task == "classification" else said["objects"]


@pytest.mark.slow
@pytest.mark.django_db
def test_an_archive_of_a_checkpoint_holds_every_module_that_its_server_needs(
    make_campaign: Callable[..., Campaign], manager: User, as_user: Speak, data_dir: Path, tmp_path: Path, own_answers: None
) -> None:
    campaign, client = campaign_for(make_campaign, "keypoints"), as_user(manager)
    model = registered(campaign, finder("points"))
    folder = download(client, campaign, model, tmp_path / "own")
    with served(folder, "--threads", "1") as base:
        said = compare(client, base, campaign, model, PICTURE, "image/png")
    assert {point["name"] for each in said["objects"] for point in each["shape"]["points"]} == set(POINTS)


@pytest.mark.django_db
def test_a_model_on_other_weights_than_those_installed_is_not_packed(
    make_campaign: Callable[..., Campaign], manager: User, as_user: Speak, data_dir: Path
) -> None:
    campaign, client = campaign_for(make_campaign, "segmentation"), as_user(manager)
    other = SegmenterCheckpoint(head(dimension(3)), NAMES, "small", "0" * 64)
    model = registered(campaign, other)
    answer = client.get(f"/api/v1/campaigns/{campaign.pk}/models/{model.pk}/download")
    assert (answer.status_code, answer.json()["code"]) == (409, "backbone_changed")
