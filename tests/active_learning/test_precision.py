"""Convolutions in bfloat16 learn what those in 32 bits do: what a GPU computes is computed here on the processor."""

import numpy as np
import pytest
import torch

from active_learning.training import galleries, memory
from active_learning.training.config import TrainingConfig
from active_learning.training.galleries import PixelGallery, truth_of
from active_learning.training.object_learner import Lesson, ObjectLearner
from active_learning.training.pixel_learners import SegmenterLearner, TileRows
from active_learning.training.scenes import Thing, scene_of
from active_learning.training.variation import Variation
from models_registry.networks import devices
from models_registry.networks.heads import LinearHead
from models_registry.networks.library_finders import seeded_finder
from models_registry.networks.library_segmenters import LibrarySegmenter, seeded_segmenter
from models_registry.networks.object_checkpoint import Anatomy
from models_registry.networks.objects import installed_maps, seeded_network
from models_registry.networks.pyramid import dimension
from models_registry.networks.segmenter import Decoder, Segmenter, pixel_backbone
from models_registry.networks.weights import find_weights
from tests.active_learning.islands import box_of, islands

SIDE = 96  # at 64, the last convolution of FCOS sees one cell, where bfloat16 on processors leaves gradients unwritten
ANATOMY = Anatomy("boxes", ("island",))
CONFIG = TrainingConfig.from_document({"method": "fine_tune", "batch": 2, "flips": "none"})


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("WINNOW_TORCH_THREADS", "1")


@pytest.fixture
def halved(monkeypatch):
    """Compute as on a GPU from now on."""

    def halve():
        for module in (galleries, devices):
            monkeypatch.setattr(module, "mixed", lambda: torch.autocast("cpu", torch.bfloat16))

    return halve


def finder_of(kind):
    known = islands(2)
    pixels = np.stack([chip.pixels[:SIDE, :SIDE] for chip, _ in known])
    scenes = [
        scene_of([Thing(0, box_of(mask)) for mask in masks], width=96, height=96, side_px=SIDE, anatomy=ANATOMY) for _, masks in known
    ]
    features = installed_maps(find_weights()) if kind == "own" else None
    network = seeded_network(ANATOMY, 1) if kind == "own" else seeded_finder("fcos_resnet50_fpn", ANATOMY, 1, None)
    gallery = PixelGallery(pixels, scenes, features, ANATOMY.finest, Variation.of(CONFIG), None)
    return gallery, network, features


@pytest.mark.parametrize("kind", ["own", "library"])
def test_finders_have_nearly_the_same_loss_and_gradients_that_point_the_same_way(kind, halved):
    gallery, network, features = finder_of(kind)
    seen = [network] if features is None else [network, features]

    def learned():
        maps, scenes = gallery.batch(np.arange(2), None)
        loss = network.loss(network.look(maps, SIDE), [truth_of(each) for each in scenes], torch.Generator().manual_seed(1))
        weights = [weight for part in seen for weight in part.parameters() if weight.requires_grad]
        return float(loss.detach()), torch.cat([each.flatten() for each in torch.autograd.grad(loss, weights, materialize_grads=True)])

    def levels():
        looked = network.look(gallery.batch(np.arange(2), None)[0], SIDE)
        maps = looked.levels if kind == "own" else looked.features.values()
        return torch.cat([each.detach().flatten() for each in maps])

    (whole, way), before = learned(), levels()
    halved()
    (half, other), after = learned(), levels()
    assert after.dtype == torch.float32 and not torch.equal(after, before), "nothing was halved"
    assert float((after - before).norm() / before.norm()) < 0.2
    assert half == pytest.approx(whole, rel=0.05)
    assert other.dtype == torch.float32 and bool(other.isfinite().all())
    assert float(torch.nn.functional.cosine_similarity(way, other, dim=0)) > 0.85


@pytest.mark.parametrize("kind", ["own", "library"])
def test_segmenters_say_nearly_the_same_of_every_pixel(kind, halved):
    network = segmenter_of(kind).eval()
    pixels = torch.from_numpy(islands(1)[0][0].pixels[:SIDE, :SIDE].copy()).permute(2, 0, 1)[None].float()
    whole = network(pixels).softmax(1).detach()
    halved()
    half = network(pixels).softmax(1).detach()
    assert half.dtype == torch.float32 and not torch.equal(half, whole)
    assert float((half - whole).abs().mean()) < 0.05
    with torch.no_grad():
        assert torch.equal(network(pixels).softmax(1), whole), "answers stay in 32 bits"


def segmenter_of(kind) -> Segmenter | LibrarySegmenter:
    if kind == "library":
        return seeded_segmenter("lraspp_mobilenet_v3_large", 2, 1, None)
    width = dimension(3)
    weight = np.random.default_rng(4).normal(size=(2, width)).astype(np.float32) / 20
    head = LinearHead(np.zeros(width, np.float32), np.ones(width, np.float32), weight, np.zeros(2, np.float32))
    return Segmenter(pixel_backbone(), head, None, Decoder(2, 48))


def test_what_one_picture_takes_is_measured_before_the_first_step_of_finders_and_segmenters(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda: 1)
    gallery, network, features = finder_of("library")
    said = []
    lesson = Lesson(gallery, np.arange(2), np.arange(0), ((96, 96),) * 2)
    assert ObjectLearner(lesson, network, config=CONFIG, features=features, tell=said.append).portions.at_once == 1
    tiles = TileRows(np.zeros((2, SIDE, SIDE, 3), np.uint8), np.zeros((2, SIDE, SIDE), np.int16), np.arange(2))
    assert SegmenterLearner(tiles, tiles, segmenter_of("library"), config=CONFIG, tell=said.append).portions.at_once == 1
    assert len(said) == 2 and all("memory suffices for 1 images at once" in line for line in said)
    monkeypatch.setattr(memory, "free_bytes", lambda: 2**40)
    assert ObjectLearner(lesson, network, config=CONFIG, features=features).portions.at_once == 2
