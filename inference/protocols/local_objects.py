"""Finders of objects of our own, asked in this process. Imports torch when one is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from campaigns.geometry import encode_mask
from inference.predictors import Picture
from inference.protocols.local import damaged, require_backbone
from inference.schema import Box, Keypoint, Keypoints, Mask, Prediction
from inference.wire import ModelCard, ModelClass
from models_registry.networks.devices import put_arrays
from models_registry.networks.object_checkpoint import ObjectCheckpoint
from models_registry.networks.pictures import ROOM, stacked
from models_registry.networks.tensors import TensorFileError
from models_registry.networks.weights import find_weights

if TYPE_CHECKING:
    from torch import Tensor

    from models_registry.networks.objects import Found, Maps

BATCH: Final = 8
HALF: Final = 0.5
Item = Box | Mask | Keypoints


def load_objects(*, path: Path, card: ModelCard, embeddings: Path | None = None) -> ObjectPredictor:
    """Load a finder of objects; see ``inference.protocols.local.load_predictor``."""
    try:
        checkpoint = ObjectCheckpoint.load(path)
        if checkpoint.is_frozen:
            require_backbone(card, checkpoint.weights_sha256)
        return ObjectPredictor(checkpoint, card)
    except (OSError, TensorFileError) as error:
        raise damaged(card, error) from error
    except ValueError as error:
        raise damaged(card, f"{error}.") from error


class ObjectPredictor:
    """Answers with the objects of a picture: boxes, masks or named points, the surest first."""

    def __init__(self, checkpoint: ObjectCheckpoint, card: ModelCard) -> None:
        """Build the network; raises ``ValueError`` when the weights do not fit it."""
        self.batch_size = BATCH
        self._side_px = checkpoint.side_px
        self.max_side: int | None = ROOM * self._side_px
        self.reading = None
        self.scale = checkpoint.scale
        self._anatomy, self._card = checkpoint.anatomy, card
        self._classes = [card.class_at(index) or ModelClass(index, name) for index, name in enumerate(checkpoint.anatomy.classes)]
        self._maps, self._network = _built(checkpoint)

    def needs_pixels(self, sha256: str) -> bool:
        """Say that every picture has to be looked at."""
        return True

    def predict(self, pictures: Sequence[Picture]) -> list[Prediction]:
        """Return one prediction per picture, in order."""
        import torch

        from models_registry.networks.backbones import as_tensor, use_few_threads

        use_few_threads()
        answers: list[Prediction] = []
        with torch.inference_mode():
            for start in range(0, len(pictures), BATCH):
                part = pictures[start : start + BATCH]
                batch = as_tensor(stacked([picture.pixels for picture in part], self._side_px))
                found = self._network.find(self._network.look(self._maps(batch), self._side_px))
                answers += [self._prediction(picture, each) for picture, each in zip(part, found, strict=True)]
        return answers

    def _prediction(self, picture: Picture, found: Found) -> Prediction:
        scale = np.array([picture.width, picture.height] * 2, np.float64) / self._side_px
        boxes = found.boxes.numpy().astype(np.float64) * scale
        items: list[Item] = []
        for place, (box, label, score) in enumerate(zip(boxes, found.labels.tolist(), found.scores.tolist(), strict=True)):
            item = self._item(picture, found, place, box, self._classes[label], min(1.0, max(0.0, score)), label)
            items += [item] if item is not None else []
        return Prediction(tuple(items), picture.width, picture.height, self._card.version)

    def _item(
        self, picture: Picture, found: Found, place: int, box: npt.NDArray[np.float64], named: ModelClass, score: float, label: int
    ) -> Item | None:
        """Return one object; None for one that has no extent, or no pixel, in the image as stored."""
        if found.points is not None:
            return Keypoints(named.index, named.name, score, self._points(picture, found, place, label))
        left, top, right, bottom = (float(value) for value in box)
        if not (left < right and top < bottom):
            return None
        if found.masks is not None:
            return _mask(picture, found.masks[place, 0].numpy(), (left, top, right, bottom), named, score)
        return Box(named.index, named.name, score, left, top, right - left, bottom - top)

    def _points(self, picture: Picture, found: Found, place: int, label: int) -> tuple[Keypoint, ...]:
        assert found.points is not None and found.point_scores is not None and found.visibility is not None
        slots = self._anatomy.slots_of(label)
        scale = np.array([picture.width, picture.height], np.float64) / self._side_px
        places = np.clip(found.points[place, slots].numpy() * scale, 0, [picture.width, picture.height]).tolist()
        rows = zip(
            self._anatomy.points[label], places, found.visibility[place, slots].tolist(), found.point_scores[place, slots].tolist(),
            strict=True,
        )  # fmt: skip
        return tuple(Keypoint(name, float(x), float(y), int(v), float(sure)) for name, (x, y), v, sure in rows)


def _built(checkpoint: ObjectCheckpoint) -> tuple[Callable[[Tensor], Maps], Any]:
    """Return what makes maps of pixels, and the network that stands on them; raises ``ValueError`` when the weights do not fit."""
    from models_registry.networks.objects import installed_maps, maps_of, seeded_network, tuned_maps

    anatomy, scale = checkpoint.anatomy, checkpoint.scale
    if checkpoint.network is not None:
        from models_registry.networks.library_finders import finder_with

        return lambda pixels: [pixels], finder_with(checkpoint.network, anatomy, scale, checkpoint.heads)
    features = installed_maps(find_weights(), scale) if checkpoint.is_frozen else tuned_maps(checkpoint.backbone, scale)
    network = seeded_network(anatomy, 0)
    put_arrays(network, checkpoint.heads)
    return lambda pixels: maps_of(features, pixels, anatomy.finest, scale), network.eval()


def _mask(
    picture: Picture, probabilities: npt.NDArray[np.float32], box: tuple[float, float, float, float], named: ModelClass, score: float
) -> Mask | None:
    """Return the pixels of the image whose centres lie where the network is at least half sure; it is sampled inside the box alone."""
    left, top, right, bottom = box
    columns, rows = _centres(left, right, picture.width), _centres(top, bottom, picture.height)
    if not len(columns) or not len(rows):
        return None
    side = probabilities.shape[0]
    across = (columns + 0.5 - left) / (right - left) * side - 0.5
    down = (rows + 0.5 - top) / (bottom - top) * side - 0.5
    inside = _sampled(probabilities, down, across) >= HALF
    if not inside.any():
        return None
    counts = encode_mask(inside, offset=(int(rows[0]), int(columns[0])), size=(picture.height, picture.width))
    return Mask(named.index, named.name, score, (picture.height, picture.width), counts)


def _centres(start: float, end: float, most: int) -> npt.NDArray[np.int64]:
    """Return the pixels whose centres lie from ``start`` to ``end``."""
    return np.arange(max(0, int(np.ceil(start - 0.5))), min(most, int(np.floor(end - 0.5)) + 1))


def _sampled(values: npt.NDArray[np.float32], down: npt.NDArray[np.float64], across: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return values (h, w) between grid points, linear along both axes; beyond the edge the edge goes on."""
    for axis, wanted in ((0, down), (1, across)):
        places = np.clip(wanted, 0, values.shape[axis] - 1)
        low = np.floor(places).astype(np.int64)
        high = np.minimum(low + 1, values.shape[axis] - 1)
        share = (places - low).reshape((-1, 1) if axis == 0 else (1, -1))
        values = np.take(values, low, axis) * (1 - share) + np.take(values, high, axis) * share
    return np.asarray(values, np.float64)
