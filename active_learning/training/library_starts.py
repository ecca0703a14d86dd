"""What fine-tunings set out from besides the installed backbone: networks of torchvision with weights that know COCO, or an earlier one.

Imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torchvision import models

from models_registry.networks.bands import BandScale
from models_registry.networks.devices import device
from models_registry.networks.hubs import published_weights
from models_registry.networks.library_finders import LibraryFinder, seeded_finder
from models_registry.networks.library_names import architecture_of
from models_registry.networks.library_segmenter_checkpoint import LibrarySegmenterCheckpoint
from models_registry.networks.library_segmenters import LibrarySegmenter, seeded_segmenter
from models_registry.networks.library_weights import BACKGROUND, fill_but_last
from models_registry.networks.object_checkpoint import Anatomy, ObjectCheckpoint
from models_registry.networks.own_backbones import TORCHVISION, state_of


def started_finder(name: str, anatomy: Anatomy, *, seed: int, scale: BandScale | None = None, weights: Path | None = None) -> LibraryFinder:
    """Return a network with the weights of a file, or with those that its makers published; raises Conflict where they cannot be had."""
    architecture = architecture_of(name)
    finder = seeded_finder(architecture, anatomy, seed, None)
    meta = models.get_model_weights(architecture).DEFAULT.meta
    fill_but_last(
        finder.detector, state_of(weights or published_weights(TORCHVISION, architecture)),
        classes=(meta["categories"] if anatomy.part != "points" else (BACKGROUND, "person"), (BACKGROUND, *anatomy.classes)),
        points=(meta.get("keypoint_names", ()), _slot_names(anatomy)), named=f"{architecture} of torchvision",
    )  # fmt: skip
    if scale is not None:
        finder.see_bands(scale)
    return finder.to(device())


def continued_finder(start: ObjectCheckpoint, anatomy: Anatomy, *, seed: int) -> LibraryFinder:
    """Return the network of an earlier training; where the classes changed, those it does not know begin anew.

    Raises Conflict where its weights do not fit.
    """
    assert start.network is not None
    architecture = architecture_of(start.network)
    finder = seeded_finder(architecture, anatomy, seed, start.scale)
    state = {name.removeprefix("detector."): torch.from_numpy(array.copy()) for name, array in start.heads.items()}
    fill_but_last(
        finder.detector, state, classes=((BACKGROUND, *start.anatomy.classes), (BACKGROUND, *anatomy.classes)),
        points=(_slot_names(start.anatomy), _slot_names(anatomy)), named=f"{architecture} of torchvision",
    )  # fmt: skip
    return finder.to(device())


def _slot_names(anatomy: Anatomy) -> list[str]:
    return [name for names in anatomy.points for name in names]


def started_segmenter(
    name: str, classes: Sequence[str], *, seed: int, scale: BandScale | None = None, weights: Path | None = None
) -> LibrarySegmenter:
    """Return a network with the weights of a file, or with those that its makers published; raises Conflict where they cannot be had.

    ``classes``: their names in order, the background as ``BACKGROUND``.
    """
    architecture = architecture_of(name)
    segmenter = seeded_segmenter(architecture, len(classes), seed, None)
    state = state_of(weights or published_weights(TORCHVISION, architecture))
    state = {name: value for name, value in state.items() if not name.startswith("aux_classifier.")}  # it only helps to learn
    known = models.get_model_weights(architecture).DEFAULT.meta["categories"]
    fill_but_last(segmenter.network, state, classes=(known, classes), points=((), ()), named=f"{architecture} of torchvision")
    if scale is not None:
        segmenter.see_bands(scale)
    return segmenter.to(device())


def continued_segmenter(start: LibrarySegmenterCheckpoint, classes: Sequence[str], *, seed: int) -> LibrarySegmenter:
    """Return the network of an earlier training; classes that it does not know begin anew. Raises Conflict where weights do not fit."""
    architecture = architecture_of(start.network)
    segmenter = seeded_segmenter(architecture, len(classes), seed, start.scale)
    state = {name.removeprefix("network."): torch.from_numpy(array.copy()) for name, array in start.arrays.items()}
    fill_but_last(segmenter.network, state, classes=(start.classes, classes), points=((), ()), named=f"{architecture} of torchvision")
    return segmenter.to(device())
