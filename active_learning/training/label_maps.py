"""Annotations as the class of every pixel.

What lies on top counts: higher z, then drawn later, as in the exports. Pixels that nobody labeled are no class of their own:
they teach nothing, unless the training says that they are the background, or there is a single label, which has to be told
from something.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from rasterio.features import rasterize

from active_learning.training.config import TrainingConfig
from active_learning.training.targets import FEW, Annotations, LabeledPicture, Targets, TrainedClass
from campaigns.errors import InvalidInput
from campaigns.geometry import decode_crop, shape_bounds, shape_polygons
from campaigns.imagery import WindowPx

UNLABELED: Final = -1
"""The number of a pixel that teaches nothing."""
BACKGROUND: Final = TrainedClass(0, "background")
"""What pixels without a label are where they are something; 0 is the id of no label."""
CACHED_MASKS: Final = 32

LabelMap = npt.NDArray[np.int16]
Crop = tuple[int, int, npt.NDArray[np.bool_]]
Bounds = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Area:
    """One drawn thing: its class, whole pixels around it (x0, y0, x1, y1), and its shape."""

    place: int
    bounds: tuple[int, int, int, int]
    shape: Mapping[str, Any]

    def meets(self, window: WindowPx) -> bool:
        """Say whether its bounds reach into a window."""
        column, row, width, height = window
        x0, y0, x1, y1 = self.bounds
        return x0 < column + width and x1 > column and y0 < row + height and y1 > row

    def shows_in(self, window: WindowPx) -> bool:
        """Say whether it has a pixel in a window."""
        return self.meets(window) and bool(self._inside(*self._common(window)).any())

    def paint(self, target: LabelMap, window: WindowPx) -> None:
        """Give its pixels in a window its class; a pixel is inside when its centre is."""
        column, row = window[:2]
        x0, y0, x1, y1 = self._common(window)
        target[y0 - row : y1 - row, x0 - column : x1 - column][self._inside(x0, y0, x1, y1)] = self.place

    def _common(self, window: WindowPx) -> tuple[int, int, int, int]:
        column, row, width, height = window
        x0, y0, x1, y1 = self.bounds
        return max(x0, column), max(y0, row), min(x1, column + width), min(y1, row + height)

    def _inside(self, x0: int, y0: int, x1: int, y1: int) -> npt.NDArray[np.bool_]:
        if self.shape["type"] == "mask":
            crop = _crop(self.shape["counts"], tuple(self.shape["size"]))
            inside = np.zeros((y1 - y0, x1 - x0), bool)
            if crop is not None:
                top, left, pixels = crop
                inside[:] = pixels[y0 - top : y1 - top, x0 - left : x1 - left]
            return inside
        polygons = [[[(x - x0, y - y0) for x, y in ring] for ring in rings] for rings in shape_polygons(self.shape)]
        shapes = [({"type": "Polygon", "coordinates": rings}, 1) for rings in polygons]
        return np.asarray(rasterize(shapes, out_shape=(y1 - y0, x1 - x0), dtype="uint8"), bool)


@lru_cache(maxsize=CACHED_MASKS)
def _crop(counts: str, size: tuple[int, int]) -> Crop | None:
    return decode_crop(counts, size)


@dataclass(frozen=True, eq=False)
class Drawing:
    """All that is drawn on one image, what lies below first. ``rest``: what the other pixels are.

    ``within``: (left, top, right, bottom) of all that was labeled; what lies outside teaches nothing. None: the whole image.
    """

    areas: tuple[Area, ...]
    rest: int = UNLABELED
    within: tuple[Bounds, ...] | None = None

    def label_map(self, window: WindowPx) -> LabelMap:
        """Return the class of each pixel (h, w) of a window."""
        found = np.full((window[3], window[2]), self.rest if self.within is None else UNLABELED, np.int16)
        for x0, y0, x1, y1 in self.within or ():
            found[max(0, y0 - window[1]) : max(0, y1 - window[1]), max(0, x0 - window[0]) : max(0, x1 - window[0])] = self.rest
        for area in self.areas:
            if area.meets(window):
                area.paint(found, window)
        return found

    def teaches(self, window: WindowPx) -> bool:
        """Say whether a window holds a labeled pixel."""
        column, row, width, height = window
        has_rest = self.rest != UNLABELED and (
            self.within is None
            or any(x0 < column + width and x1 > column and y0 < row + height and y1 > row for x0, y0, x1, y1 in self.within)
        )
        return has_rest or any(area.shows_in(window) for area in self.areas)

    @property
    def classes(self) -> frozenset[int]:
        """The classes that are drawn."""
        return frozenset(area.place for area in self.areas)


@dataclass(frozen=True, eq=False)
class PixelTargets(Targets):
    """What the pixels of each usable image are; ``drawings`` go with ``rows``, and so does ``trust``, as in ``ObjectTargets``."""

    drawings: tuple[Drawing, ...]
    trust: npt.NDArray[np.float32] | None = None

    @property
    def contents(self) -> npt.NDArray[np.float32]:
        """Which classes are drawn on which image: (N, K) of 0 and 1."""
        bits = np.zeros((len(self.drawings), len(self.classes)), np.float32)
        for row, drawing in enumerate(self.drawings):
            bits[row, sorted(drawing.classes)] = 1.0
        return bits

    @property
    def support(self) -> npt.NDArray[np.int64]:
        """Images on which each class is drawn, (K,)."""
        return np.asarray(self.contents.sum(axis=0), np.int64)


def read_pixel_targets(pictures: Sequence[LabeledPicture], labels: Sequence[TrainedClass], config: TrainingConfig) -> PixelTargets:
    """Read areas as the config wants them; see ``pixel_targets``."""
    documents, within = [each.annotations for each in pictures], [each.areas for each in pictures]
    return pixel_targets(documents, labels, unlabeled=config.unlabeled, within=within)


def pixel_targets(
    documents: Sequence[Annotations],
    labels: Sequence[TrainedClass],
    *,
    unlabeled: str = "auto",
    within: Sequence[tuple[Bounds, ...] | None] = (),
) -> PixelTargets:
    """Read annotation documents; labels without an area are left out with a warning, lines, points and whole-image labels have none.

    ``unlabeled``: what pixels without a label are: "ignore" (they teach nothing), "background" (a class of their own), or "auto":
    background where a single label is drawn. ``within``: of each document, the areas that were labeled, None the whole image. Raises
    ``InvalidInput`` (code ``too_few_labels``) when nothing can be told apart.
    """
    wanted = {each.label for each in labels}
    drawn = Counter(label for document in documents for label in {each["label"] for each in _with_area(document)})
    kept = [each for each in labels if drawn[each.label]]
    is_background = unlabeled == "background" or (unlabeled == "auto" and len(kept) == 1)
    if not kept or (len(kept) == 1 and not is_background):
        lacking = ", ".join(each.name for each in labels if not drawn[each.label]) or "none, so add a second label"
        raise InvalidInput(
            f"A training needs submitted images with areas of at least two labels, or of one label and unlabeled: background. "
            f"Without areas: {lacking}.",
            code="too_few_labels",
        )
    place = {each.label: k for k, each in enumerate(kept)}
    rest = len(kept) if is_background else UNLABELED
    drawings = [
        drawing_of([each for each in document if each["label"] in wanted], place, rest=rest, within=areas)
        for document, areas in zip(documents, within or [None] * len(documents), strict=True)
    ]
    rows = [row for row, drawing in enumerate(drawings) if drawing.areas or is_background]
    classes = (*kept, BACKGROUND) if is_background else tuple(kept)
    warnings = tuple(_warnings(labels, drawn, is_background=is_background and unlabeled == "auto"))
    return PixelTargets(classes, np.array(rows, np.int64), warnings, tuple(drawings[row] for row in rows))


def drawing_of(
    document: Annotations, place: Mapping[int, int], *, rest: int = UNLABELED, within: tuple[Bounds, ...] | None = None
) -> Drawing:
    """Return what is drawn in the labels of ``place``, which says the class of each; ``rest``: what the other pixels are."""
    return Drawing(tuple(_areas(document, place)), rest, within)


def _with_area(document: Annotations) -> Iterator[Mapping[str, Any]]:
    for annotation in document:
        shape = annotation["shape"]
        if annotation.get("review", "accepted") != "accepted" or shape["type"] == "whole":
            continue
        if shape["type"] == "mask" or shape_polygons(shape):
            yield annotation


def _areas(document: Annotations, place: Mapping[int, int]) -> Iterator[Area]:
    for annotation in sorted(_with_area(document), key=lambda each: each.get("z", 0)):  # stable: drawn later lies above
        bounds = shape_bounds(annotation["shape"])
        if bounds is not None and annotation["label"] in place:
            x0, y0, x1, y1 = math.floor(bounds[0]), math.floor(bounds[1]), math.ceil(bounds[2]), math.ceil(bounds[3])
            left, top, right, bottom = annotation.get("within") or (x0, y0, x1, y1)
            common = (max(x0, left), max(y0, top), min(x1, right), min(y1, bottom))
            if common[0] < common[2] and common[1] < common[3]:
                yield Area(place[annotation["label"]], common, annotation["shape"])


def _warnings(labels: Sequence[TrainedClass], drawn: Mapping[int, int], *, is_background: bool) -> Iterator[str]:
    for each in labels:
        count = drawn[each.label]
        if not count:
            yield f"{each.name} has no areas yet; the model will not know it."
        elif count < FEW:
            yield f"{each.name} is on {count} image{'s' if count > 1 else ''}; label at least {FEW} for a model to rely on."
    if is_background:
        yield "A single label is drawn, so the pixels without a label are learned as background."
