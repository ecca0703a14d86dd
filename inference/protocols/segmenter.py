"""Segmenters of our own, asked in this process: a class and a probability for every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from torch import nn

from inference.predictors import Picture
from inference.protocols.local import damaged, require_backbone
from inference.rasters import raster_of_probabilities
from inference.schema import Prediction
from inference.wire import ModelCard, ModelClass
from models_registry.networks.bands import BandScale
from models_registry.networks.devices import put_arrays
from models_registry.networks.library_segmenter_checkpoint import LibrarySegmenterCheckpoint
from models_registry.networks.pyramid import padded
from models_registry.networks.segmenter import WIDTHS, Decoder, Segmenter, pixel_backbone
from models_registry.networks.segmenter_checkpoint import SegmenterCheckpoint
from models_registry.networks.tensors import TensorFileError

AT_ONCE: Final = 8


def load_segmenter(*, path: Path, card: ModelCard, embeddings: Path | None = None) -> SegmenterPredictor:
    """Load a segmenter; see ``load_predictor``."""
    try:
        checkpoint = SegmenterCheckpoint.load(path)
        if checkpoint.is_frozen:
            require_backbone(card, checkpoint.weights_sha256)
        return SegmenterPredictor(checkpoint, card, network_of(checkpoint), checkpoint.head.temperature)
    except (OSError, TensorFileError, ValueError) as error:
        raise damaged(card, error) from error


def load_library_segmenter(*, path: Path, card: ModelCard, embeddings: Path | None = None) -> SegmenterPredictor:
    """Load a segmenter of a library; see ``load_predictor``."""
    from models_registry.networks.library_segmenters import segmenter_with

    try:
        checkpoint = LibrarySegmenterCheckpoint.load(path)
        network = segmenter_with(checkpoint.network, len(checkpoint.classes), checkpoint.scale, checkpoint.arrays)
        return SegmenterPredictor(checkpoint, card, network, checkpoint.temperature)
    except (OSError, TensorFileError, ValueError) as error:
        raise damaged(card, error) from error


def network_of(checkpoint: SegmenterCheckpoint) -> Segmenter:
    """Return the network of a checkpoint, ready to answer; raises ValueError when its weights do not fit."""
    backbone = pixel_backbone(checkpoint.scale, checkpoint.backbone)
    decoder = None
    if not checkpoint.is_frozen:
        decoder = Decoder(len(checkpoint.classes), WIDTHS[checkpoint.size])
        put_arrays(decoder, checkpoint.decoder)
    return Segmenter(backbone, checkpoint.head, checkpoint.scale, decoder).eval().requires_grad_(False)


class SegmenterPredictor:
    """Answers with the class of every pixel, with its probability and its doubt."""

    def __init__(
        self, checkpoint: SegmenterCheckpoint | LibrarySegmenterCheckpoint, card: ModelCard, network: nn.Module, temperature: float
    ) -> None:
        self.batch_size = AT_ONCE
        self.max_side: int | None = None
        self.reading = None
        self._checkpoint, self._card = checkpoint, card
        known = [card.class_at(index) or ModelClass(index, name) for index, name in enumerate(checkpoint.classes)]
        self._classes = [(each.index, each.name) for each in known]
        self._network, self._temperature = network, temperature

    @property
    def scale(self) -> BandScale | None:
        """The bands that it sees."""
        return self._checkpoint.scale

    def needs_pixels(self, sha256: str) -> bool:
        """Say that every picture has to be looked at."""
        return True

    def predict(self, pictures: Sequence[Picture]) -> list[Prediction]:
        """Return one prediction per picture, in order; pictures of one size are looked at together."""
        found: dict[int, Prediction] = {}
        order = sorted(range(len(pictures)), key=lambda place: pictures[place].pixels.shape)
        for _, group in groupby(order, key=lambda place: pictures[place].pixels.shape):
            places = list(group)
            answers = self.probabilities([pictures[place].pixels for place in places])
            found |= {place: self._prediction(pictures[place], answer) for place, answer in zip(places, answers, strict=True)}
        return [found[place] for place in range(len(pictures))]

    def probabilities(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Return (N, K, H, W) of pictures (H, W, B) of one size; they sum to 1 over K."""
        import torch

        from models_registry.networks.backbones import as_tensor, use_few_threads
        from models_registry.networks.devices import fetched

        use_few_threads()
        height, width = pictures[0].shape[:2]
        with torch.inference_mode():
            logits = self._network(as_tensor(np.stack([padded(pixels) for pixels in pictures])))[:, :, :height, :width]
            return fetched((logits / self._temperature).softmax(dim=1))

    def _prediction(self, picture: Picture, probabilities: npt.NDArray[np.float32]) -> Prediction:
        silent = None if picture.there is None else ~picture.there
        raster = raster_of_probabilities(probabilities, self._classes, silent=silent, keep_shares=self._card.options.window_px is not None)
        return Prediction((raster,), picture.width, picture.height, self._card.version)
