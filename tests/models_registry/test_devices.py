"""Where networks compute. What a GPU does is followed on torch's fake tensors, which know their device and refuse to mix two."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from campaigns.errors import Conflict
from models_registry.networks import devices
from models_registry.networks.backbones import as_tensor, bare_network, pooled
from models_registry.networks.object_checkpoint import Anatomy, Part
from models_registry.networks.objects import ObjectNetwork, maps_of

SIDE = 64


@contextmanager
def pretended_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    gpu = torch.device("cuda")
    with FakeTensorMode(allow_non_fake_inputs=True), monkeypatch.context() as patched:
        patched.setattr(devices, "device", lambda: gpu)
        yield gpu


def test_the_processor_is_where_networks_compute_unless_somebody_says_otherwise(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(devices.VARIABLE, raising=False)
    assert devices.device().type == "cpu"
    monkeypatch.setenv(devices.VARIABLE, "auto")
    assert devices.device().type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("wanted", ["gpu", "cuda:77"])
def test_a_device_that_is_not_there_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch, wanted: str):
    monkeypatch.setenv(devices.VARIABLE, wanted)
    with pytest.raises(Conflict, match="auto"):
        devices.device()


def test_pixels_features_and_losses_stay_on_the_gpu(monkeypatch: pytest.MonkeyPatch):
    with pretended_gpu(monkeypatch) as gpu:
        with gpu:
            network = bare_network().features
        features = pooled(network, as_tensor(np.zeros((2, SIDE, SIDE, 3), np.uint8)))
        assert (features.device.type, features.shape) == ("cuda", (2, 1280))


@pytest.mark.parametrize("part", ["boxes", "masks"])
def test_a_finder_of_objects_looks_on_the_gpu(monkeypatch: pytest.MonkeyPatch, part: Part):
    with pretended_gpu(monkeypatch) as gpu:
        with gpu:
            features, network = bare_network().features, ObjectNetwork(Anatomy(part, ("Island", "Ship")))
        looked = network.look(maps_of(features, as_tensor(np.zeros((2, SIDE, SIDE, 3), np.uint8)), network.first), SIDE)
        assert {value.device.type for value in looked.answers.values()} == {each.device.type for each in looked.anchors} == {"cuda"}
