"""What is in one picture, in pixels of the square that a network sees. numpy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from active_learning.training.variation import Move
from campaigns.geometry import Polygons, decode_mask, polygons_to_mask, shape_bounds, shape_polygons
from models_registry.networks.object_checkpoint import Anatomy

ELSEWHERE: Final = -1
"""Visibility in the slots of points that other labels have."""
MARGIN: Final = 0.15
"""Points lie inside of things: their box reaches so much of its longer side farther."""
LEAST_PX: Final = 1.0
LEAST_SHARE: Final = 0.3


@dataclass(frozen=True)
class Thing:
    """One object: its class and its shape as annotated, in pixels of the image as stored."""

    place: int
    shape: Mapping[str, Any]


@dataclass(frozen=True)
class Scene:
    """The objects of one picture.

    ``boxes`` (n, 4) float32; ``labels`` (n,) int64; ``packed``: masks (n, side, side), eight pixels a byte along the last axis;
    ``points`` (n, P, 3) float32 of x, y and visibility.
    """

    side_px: int
    boxes: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    packed: npt.NDArray[np.uint8] | None = None
    points: npt.NDArray[np.float32] | None = None

    @property
    def masks(self) -> npt.NDArray[np.bool_] | None:
        """The masks, (n, side, side)."""
        return None if self.packed is None else np.unpackbits(self.packed, axis=2, count=self.side_px).astype(bool)


def scene_of(things: Sequence[Thing], *, width: int, height: int, side_px: int, anatomy: Anatomy) -> Scene:
    """Return the scene of an image of ``width`` x ``height`` pixels that is seen as a square."""
    scale = np.array([side_px / width, side_px / height], np.float32)
    boxes = np.array([bounds_of(each.shape, width, height) for each in things], np.float32).reshape(-1, 4) * np.tile(scale, 2)
    boxes[:, :2] = np.minimum(boxes[:, :2], side_px - LEAST_PX)
    boxes[:, 2:] = np.clip(boxes[:, 2:], boxes[:, :2] + LEAST_PX, side_px)
    labels = np.array([each.place for each in things], np.int64)
    packed = points = None
    if anatomy.part == "masks":
        masks = [_mask(each.shape, (width, height), side_px) for each in things]
        packed = np.packbits(np.array(masks, bool).reshape(-1, side_px, side_px), axis=2)
    elif anatomy.part == "points":
        points = np.array([_points(each, scale, anatomy) for each in things], np.float32).reshape(-1, anatomy.slots, 3)
    return Scene(side_px, boxes, labels, packed, points)


def bounds_of(shape: Mapping[str, Any], width: int, height: int) -> tuple[float, float, float, float] | None:
    """Return the box of an object inside its image, None where it has no extent; around points there is a margin."""
    found = shape_bounds(shape)
    if found is None:
        return None
    left, top, right, bottom = found
    if shape["type"] == "points":
        margin = max(2.0, MARGIN * max(right - left, bottom - top))
        left, top, right, bottom = left - margin, top - margin, right + margin, bottom + margin
    left, top, right, bottom = max(0.0, left), max(0.0, top), min(float(width), right), min(float(height), bottom)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _mask(shape: Mapping[str, Any], size: tuple[int, int], side_px: int) -> npt.NDArray[np.bool_]:
    if shape["type"] == "mask":
        picture = Image.fromarray(decode_mask(shape["counts"], shape["size"]).astype(np.uint8) * 255)
        return np.asarray(picture.resize((side_px, side_px), Image.Resampling.BILINEAR)) >= 128
    across, down = side_px / size[0], side_px / size[1]
    scaled: Polygons = [
        [[[x * across, y * down] for x, y in ring] for ring in rings] for rings in shape_polygons(shape, width=size[0], height=size[1])
    ]
    return polygons_to_mask(scaled, height=side_px, width=side_px)


def _points(thing: Thing, scale: npt.NDArray[np.float32], anatomy: Anatomy) -> npt.NDArray[np.float32]:
    rows = np.zeros((anatomy.slots, 3), np.float32)
    rows[:, 2] = ELSEWHERE
    slots = anatomy.slots_of(thing.place)
    rows[slots, 2] = 0
    place = {name: slots.start + number for number, name in enumerate(anatomy.points[thing.place])}
    for point in thing.shape["points"]:
        slot = place.get(point["name"])
        if slot is not None:
            rows[slot] = (point["x"] * scale[0], point["y"] * scale[1], point.get("v", 2))
    return rows


def moved_scene(scene: Scene, move: Move, swaps: npt.NDArray[np.int64] | None = None) -> Scene:
    """Return the scene of a picture that was moved; ``swaps``: see ``mirrored``."""
    scene = scene if move.part is None else cropped(scene, move.part)
    scene = transposed(scene, swaps) if move.transposed else scene
    scene = mirrored(scene, down=False, swaps=swaps) if move.across else scene
    return mirrored(scene, down=True, swaps=swaps) if move.down else scene


def cropped(scene: Scene, part: tuple[int, int, int]) -> Scene:
    """Return what is in a square of the picture (left, top, side) that is shown as large as the whole was.

    Objects of which less than ``LEAST_SHARE`` is inside are left out; points outside are no longer there.
    """
    left, top, side = part
    factor, corner = scene.side_px / side, np.array([left, top] * 2, np.float32)
    boxes = np.clip((scene.boxes - corner) * factor, 0, scene.side_px).astype(np.float32)
    before = np.prod(scene.boxes[:, 2:] - scene.boxes[:, :2], axis=1) * factor**2
    kept = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1) >= np.maximum(LEAST_SHARE * before, LEAST_PX)
    packed, points = scene.packed, scene.points
    if scene.masks is not None:
        places = (np.arange(scene.side_px) * side) // scene.side_px
        masks = scene.masks[kept][:, top + places][:, :, left + places]
        packed = np.packbits(masks, axis=2)
    if points is not None:
        points = points[kept].copy()
        there = points[..., 2] > 0
        xy = (points[..., :2] - corner[:2]) * factor
        inside = there & ((xy >= 0) & (xy < scene.side_px)).all(axis=-1)
        points[..., :2] = np.where(inside[..., None], xy, 0)
        points[..., 2] = np.where(there & ~inside, 0, points[..., 2])
    return Scene(scene.side_px, boxes[kept], scene.labels[kept], packed, points)


def transposed(scene: Scene, swaps: npt.NDArray[np.int64] | None = None) -> Scene:
    """Return the scene with its axes exchanged: that is a mirroring too, see ``mirrored``."""
    packed, points = scene.packed, scene.points
    if scene.masks is not None:
        packed = np.packbits(np.swapaxes(scene.masks, 1, 2), axis=2)
    if points is not None:
        points = points[..., [1, 0, 2]]
        points = points if swaps is None else points[:, swaps]
    return Scene(scene.side_px, scene.boxes[:, [1, 0, 3, 2]], scene.labels, packed, points)


def mirrored(scene: Scene, *, down: bool, swaps: npt.NDArray[np.int64] | None = None) -> Scene:
    """Return the scene mirrored left to right, or top to bottom where ``down``; ``swaps`` (P,): the slot that each slot's point becomes.

    Either mirroring makes a left hand a right hand, so the points of a pair change places.
    """
    first, last = (1, 3) if down else (0, 2)
    boxes = scene.boxes.copy()
    boxes[:, first], boxes[:, last] = scene.side_px - scene.boxes[:, last], scene.side_px - scene.boxes[:, first]
    packed, points = scene.packed, scene.points
    if scene.masks is not None:
        packed = np.packbits(np.flip(scene.masks, 1 if down else 2), axis=2)
    if points is not None:
        points = points.copy()
        there = points[..., 2] > 0
        points[..., int(down)] = np.where(there, scene.side_px - points[..., int(down)], 0)
        points = points if swaps is None else points[:, swaps]
    return Scene(scene.side_px, boxes, scene.labels, packed, points)
