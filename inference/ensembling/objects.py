"""Weighted box fusion, and the same for outlines, masks and keypoints.

R. Solovyov, W. Wang, T. Gabruseva, "Weighted boxes fusion: Ensembling boxes from different object detection models", 2021
(arXiv:1910.13302): objects are taken the surest first; each joins the cluster that it overlaps most, or founds one. A cluster's
confidence is the weighted mean over all members that provide the label: who did not find the object counts as 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from campaigns.geometry.masks import encode_mask, mask_to_polygons, polygons_to_mask
from inference.ensembling.voices import Ballot, Voice, say_of
from inference.extents import Bounds, Extent, Thing, extent_of
from inference.schema import Box, Keypoint, Keypoints, Mask, Polygon

SMOOTH_PX = 0.75
"""Outlines that were voted for run along pixels; within this distance they are straightened."""
Size = tuple[int, int]


@dataclass(frozen=True)
class _Found:
    """An object that a member found."""

    thing: Thing
    extent: Extent
    member: int
    weight: float

    @property
    def confidence(self) -> float:
        return 1.0 if self.thing.confidence is None else self.thing.confidence

    @property
    def voice(self) -> float:
        """How much it counts among those that mean the same."""
        return self.weight * self.confidence


@dataclass
class _Cluster:
    """Objects that mean the same thing; ``extent``: of what they mean so far."""

    found: list[_Found]
    extent: Extent = field(init=False)

    def __post_init__(self) -> None:
        self.extent = self.found[0].extent

    def take(self, one: _Found) -> None:
        self.found.append(one)
        if all(isinstance(each.thing, Box) and not each.thing.rotation for each in self.found):
            self.extent = Extent(_mean_bounds(self.found))


def fuse_objects(voices: Sequence[Voice], ballot: Ballot, size: Size) -> list[Thing]:
    """Return the objects that the members found together, label by label, the surest first."""
    say = say_of(voices, ballot)
    fused: list[Thing] = []
    for place, (label, name) in enumerate(ballot.labels):
        found = _found_of(label, voices, ballot, size)
        if found:
            of_label = [_fused(cluster, say[label], size) for cluster in _clusters(found, ballot.overlap)]
            fused += [replace(thing, index=place, name=name) for thing in of_label]
    return sorted(fused, key=lambda thing: -(thing.confidence or 0.0))


def _found_of(label: int, voices: Sequence[Voice], ballot: Ballot, size: Size) -> list[_Found]:
    found = []
    for member, voice in enumerate(voices):
        for item in voice.prediction.items:
            if not isinstance(item, Thing) or voice.label(item.index) != label:
                continue
            thing = _comparable(item, ballot, size)
            extent = None if thing is None else extent_of(thing)
            if thing is not None and extent is not None:
                found.append(_Found(thing, extent, member, voice.weight))
    if any(isinstance(one.thing, Mask) for one in found):  # an outline and a mask are alike by their pixels
        found = [replace(one, extent=_in_pixels(one, size)) for one in found]
    return sorted(found, key=lambda one: -one.voice)


def _in_pixels(one: _Found, size: Size) -> Extent:
    if not isinstance(one.thing, Polygon):
        return one.extent
    window = _window([one], size)
    return Extent(tuple(float(side) for side in window), pixels=pixels_of(one.thing, one.extent, window))  # type: ignore[arg-type]


def _window(found: Sequence[_Found], size: Size) -> tuple[int, int, int, int]:
    """Return the pixels (left, top, right, bottom) that hold all of them."""
    left, top = (max(0, math.floor(min(one.extent.bounds[axis] for one in found))) for axis in (0, 1))
    right, bottom = (math.ceil(max(one.extent.bounds[axis] for one in found)) for axis in (2, 3))
    return left, top, min(size[1], right), min(size[0], bottom)


def _comparable(thing: Thing, ballot: Ballot, size: Size) -> Thing | None:
    """Return the box around a thing where boxes are wanted; None where it has none."""
    if ballot.boxes and not isinstance(thing, Box):
        extent = extent_of(thing)
        if extent is None or extent.bounds[0] >= extent.bounds[2] or extent.bounds[1] >= extent.bounds[3]:
            return None
        left, top, right, bottom = extent.bounds
        return Box(thing.index, thing.name, thing.confidence, left, top, right - left, bottom - top)
    return thing


def _clusters(found: Sequence[_Found], overlap: float) -> list[_Cluster]:
    clusters: list[_Cluster] = []
    for one in found:
        likeness = [_overlap(one, cluster) for cluster in clusters]
        best = max(range(len(clusters)), key=likeness.__getitem__, default=None)
        if best is not None and likeness[best] >= overlap:
            clusters[best].take(one)
        else:
            clusters.append(_Cluster([one]))
    return clusters


def _overlap(one: _Found, cluster: _Cluster) -> float:
    first = cluster.found[0].thing
    if isinstance(first, Keypoints) != isinstance(one.thing, Keypoints):
        return 0.0
    return one.extent.overlap(cluster.extent)


def _fused(cluster: _Cluster, say: float, size: Size) -> Thing:
    found = cluster.found
    best: dict[int, float] = {}  # a member that found the same thing twice has one voice
    for one in found:
        best[one.member] = max(best.get(one.member, 0.0), one.voice)
    confidence = min(1.0, sum(best.values()) / say)
    surest = found[0].thing
    if len(found) == 1:
        return _with_confidence(surest, confidence)
    things = [one.thing for one in found]
    if all(isinstance(thing, Box) for thing in things):
        return _fused_box(found, confidence)
    if isinstance(surest, Keypoints):
        return replace(surest, confidence=confidence, points=_mean_points(found))
    return _voted(found, confidence, size) or _with_confidence(surest, confidence)


def _with_confidence(thing: Thing, confidence: float) -> Thing:
    return replace(thing, confidence=confidence, scores=()) if isinstance(thing, Box) else replace(thing, confidence=confidence)


def _fused_box(found: Sequence[_Found], confidence: float) -> Box:
    """Return the mean box; of turned ones the surest, since half a turn apart they would cancel each other out."""
    surest = found[0].thing
    assert isinstance(surest, Box)
    if any(isinstance(one.thing, Box) and one.thing.rotation for one in found):
        return replace(surest, confidence=confidence, scores=())
    left, top, right, bottom = _mean_bounds(found)
    return Box(surest.index, surest.name, confidence, left, top, right - left, bottom - top)


def _mean_bounds(found: Sequence[_Found]) -> Bounds:
    voices = _voices(found)
    left, top, right, bottom = (voices @ np.array([one.extent.bounds for one in found]) / voices.sum()).tolist()
    return left, top, right, bottom


def _voices(found: Sequence[_Found]) -> NDArray[np.float64]:
    """Return how much each counts; all the same where nobody is sure at all."""
    voices = np.array([one.voice for one in found])
    return voices if voices.sum() > 0 else np.ones(len(found))


def _mean_points(found: Sequence[_Found]) -> tuple[Keypoint, ...]:
    """Return each named point at the mean of where it was seen; as visible as most of the voices say."""
    names = dict.fromkeys(point.name for one in found if isinstance(one.thing, Keypoints) for point in one.thing.points)
    points = []
    for name in names:
        told = [
            (point, one.voice or 1e-9)
            for one in found
            if isinstance(one.thing, Keypoints)
            for point in one.thing.points
            if point.name == name
        ]
        seen = [(point, voice) for point, voice in told if point.v]
        if not seen or sum(voice for _, voice in seen) * 2 < sum(voice for _, voice in told):
            points.append(Keypoint(name, 0.0, 0.0, 0))
            continue
        total = sum(voice for _, voice in seen)
        visible = sum(voice for point, voice in seen if point.v == 2) * 2 >= total
        sure = [(point.confidence, voice) for point, voice in seen if point.confidence is not None]
        points.append(
            Keypoint(
                name,
                sum(point.x * voice for point, voice in seen) / total,
                sum(point.y * voice for point, voice in seen) / total,
                2 if visible else 1,
                sum(value * voice for value, voice in sure) / sum(voice for _, voice in sure) if sure else None,
            )
        )
    return tuple(points)


def _voted(found: Sequence[_Found], confidence: float, size: Size) -> Thing | None:
    """Return the pixels that at least half of the voices cover: a mask where one of them is, an outline otherwise."""
    left, top, right, bottom = _window(found, size)
    votes = np.zeros((bottom - top, right - left))
    voices = _voices(found)
    for one, voice in zip(found, voices, strict=True):
        votes += voice * pixels_of(one.thing, one.extent, (left, top, right, bottom))
    chosen = votes * 2 >= voices.sum()
    if not chosen.any():
        return None
    surest = found[0].thing
    if any(isinstance(one.thing, Mask) for one in found):
        return Mask(surest.index, surest.name, confidence, size, encode_mask(chosen, offset=(top, left), size=size))
    outline = shapely.MultiPolygon([(rings[0], rings[1:]) for rings in mask_to_polygons(chosen)]).simplify(SMOOTH_PX)
    moved = shapely.affinity.translate(outline, left, top)
    parts = [part for part in shapely.get_parts(moved) if not part.is_empty]
    rings = tuple(tuple(tuple((x, y) for x, y in ring.coords) for ring in (part.exterior, *part.interiors)) for part in parts)
    return Polygon(surest.index, surest.name, confidence, rings) if rings else None


def pixels_of(thing: Thing, extent: Extent, window: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """Return the pixels (h, w) of a window (left, top, right, bottom) that a thing covers; the window holds the thing's bounds."""
    left, top, right, bottom = window
    height, width = bottom - top, right - left
    if extent.pixels is not None:
        result = np.zeros((height, width), dtype=bool)
        column, row = int(extent.bounds[0]) - left, int(extent.bounds[1]) - top
        result[row : row + extent.pixels.shape[0], column : column + extent.pixels.shape[1]] = extent.pixels
        return result
    if isinstance(thing, Polygon):
        polygons = [[[[x - left, y - top] for x, y in ring] for ring in rings] for rings in thing.polygons]
    else:
        area = shapely.box(*extent.bounds) if extent.outline is None else extent.outline
        polygons = [[[[x - left, y - top] for x, y in area.exterior.coords]]]
    return polygons_to_mask(polygons, height=height, width=width)
