"""Things that several windows see: doubles go, and pieces that a window's border cut are joined.

Two windows that overlap both see a strip of the image. What they say of the same thing agrees within that strip, whatever
lies outside it; so things are compared there. A thing that touches a border behind which the image goes on is a piece.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

import numpy as np
import shapely

from campaigns.geometry.masks import decode_crop, encode_mask
from inference.extents import Bounds, Extent, Thing, close_pairs, extent_of, meet, sound_outline
from inference.schema import Box, Item, Keypoint, Keypoints, Mask, Polygon
from inference.steps.things import polygons_of
from inference.tiling.windows import WindowPx

SAME: Final = 0.5
"""From this overlap within the common strip on, two windows speak of one thing."""
SWALLOWED: Final = 0.8
"""A piece of a box of which so much lies in another window's box is a part of that."""
EDGE_PX: Final = 2.0
POINTS_APART: Final = 0.1
"""How far named points of one thing may lie apart, as a share of its size."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A thing in pixels of the image, and who saw it. ``cut``: it touches a border of its window behind which the image goes on."""

    thing: Thing
    extent: Extent
    number: int
    window: Bounds
    cut: bool

    @property
    def sureness(self) -> float:
        """What things are ranked by; without a confidence nothing speaks against it."""
        return 1.0 if self.thing.confidence is None else self.thing.confidence


def seen_in(item: Item, number: int, window: WindowPx, *, width: int, height: int) -> Seen | None:
    """Return what window ``number`` saw, moved into the image; None for what is no thing, or an empty one."""
    if not isinstance(item, Box | Polygon | Mask | Keypoints):
        return None
    column, row, across, down = window
    thing = _moved(item, column, row, width, height)
    extent = None if thing is None else extent_of(thing)
    if thing is None or extent is None:
        return None
    bounds = (float(column), float(row), float(column + across), float(row + down))
    near = 0.0 if isinstance(thing, Mask) else max(1.0, 0.005 * max(across, down))
    return Seen(thing, extent, number, bounds, _is_cut(extent.bounds, bounds, near, width, height))


def _is_cut(thing: Bounds, window: Bounds, near: float, width: int, height: int) -> bool:
    return (
        (window[0] > 0 and thing[0] <= window[0] + near)
        or (window[1] > 0 and thing[1] <= window[1] + near)
        or (window[2] < width and thing[2] >= window[2] - near)
        or (window[3] < height and thing[3] >= window[3] - near)
    )


def _moved(item: Thing, x: int, y: int, width: int, height: int) -> Thing | None:
    if isinstance(item, Box):
        return replace(item, x=item.x + x, y=item.y + y)
    if isinstance(item, Polygon):
        moved = tuple(tuple(tuple((px + x, py + y) for px, py in ring) for ring in rings) for rings in item.polygons)
        return replace(item, polygons=moved)
    if isinstance(item, Keypoints):
        return replace(item, points=tuple(replace(point, x=point.x + x, y=point.y + y) for point in item.points))
    crop = decode_crop(item.counts, item.size)
    if crop is None:
        return None
    row, column, pixels = crop
    return replace(item, size=(height, width), counts=encode_mask(pixels, offset=(row + y, column + x), size=(height, width)))


def join(seen: Sequence[Seen]) -> list[Thing]:
    """Return each thing once, in the order in which it was first seen."""
    groups = list(range(len(seen)))
    members: dict[int, set[int]] = {place: {place} for place in groups}
    for one, other in _matches(seen):
        first, second = groups[one], groups[other]
        if first == second or (isinstance(seen[one].thing, Box | Keypoints) and _share_a_window(seen, members[first], members[second])):
            continue
        for place in members[second]:
            groups[place] = first
        members[first] |= members.pop(second)
    return [_joined([seen[place] for place in sorted(group)]) for _, group in sorted((min(group), group) for group in members.values())]


def _share_a_window(seen: Sequence[Seen], first: set[int], second: set[int]) -> bool:
    """Tell whether a window sees a thing in both groups: it has counted them itself."""
    return not {seen[place].number for place in first}.isdisjoint(seen[place].number for place in second)


def _matches(seen: Sequence[Seen]) -> list[tuple[int, int]]:
    """Return pairs that are the same thing, the best matches first."""
    found: list[tuple[float, int, int]] = []
    for one, other in close_pairs([each.extent for each in seen]).tolist():
        quality = _sameness(seen[one], seen[other])
        if quality > 0.0:
            found.append((-quality, one, other))
    return [(one, other) for _, one, other in sorted(found)]


def _sameness(one: Seen, other: Seen) -> float:
    """Return how much speaks for two windows' things being one, 0 for nothing."""
    strip = meet(one.window, other.window)
    if one.number == other.number or strip is None or type(one.thing) is not type(other.thing) or _class_of(one) != _class_of(other):
        return 0.0
    if isinstance(one.thing, Keypoints):
        return _points_agree(one, other, strip)
    inside = one.extent.area(strip), other.extent.area(strip)
    both = one.extent.shared(other.extent, strip)
    if both <= 0.0:
        return 0.0
    agreement = both / (sum(inside) - both)
    if agreement >= SAME:
        return agreement
    if isinstance(one.thing, Box):
        return SAME * 0.5 if _is_swallowed(one, other) or _is_swallowed(other, one) else 0.0
    smaller = one if inside[0] <= inside[1] else other
    # One thing may enter a window in several arms, each of them a piece for itself.
    return SAME * 0.5 if smaller.cut and both >= SAME * min(inside) else 0.0


def _is_swallowed(piece: Seen, other: Seen) -> bool:
    """Tell whether it is a piece of which nearly all lies in another box, whose edges are known to a pixel or two."""
    left, top, right, bottom = other.extent.bounds
    grown = Extent((left - EDGE_PX, top - EDGE_PX, right + EDGE_PX, bottom + EDGE_PX))
    return piece.cut and piece.extent.shared(grown) >= SWALLOWED * piece.extent.area()


def _class_of(seen: Seen) -> tuple[int | None, str]:
    return seen.thing.index, "" if seen.thing.index is not None else seen.thing.name


def _points_agree(one: Seen, other: Seen, strip: Bounds) -> float:
    here, there = (_named_points(each, strip) for each in (one, other))
    common = here.keys() & there.keys()
    if not common:
        return 0.0
    apart = np.mean([np.hypot(here[name].x - there[name].x, here[name].y - there[name].y) for name in common])
    sizes = [np.hypot(bounds[2] - bounds[0], bounds[3] - bounds[1]) for bounds in (one.extent.bounds, other.extent.bounds)]
    allowed = max(3.0, POINTS_APART * float(max(sizes)))
    return float(1.0 - apart / (2 * allowed)) if apart <= allowed else 0.0


def _named_points(seen: Seen, strip: Bounds) -> dict[object, Keypoint]:
    points = cast(Keypoints, seen.thing).points
    left, top, right, bottom = strip
    return {
        point.name or place: point
        for place, point in enumerate(points)
        if point.v and left <= point.x <= right and top <= point.y <= bottom
    }  # fmt: skip


def _joined(group: Sequence[Seen]) -> Thing:
    """Return one thing of all that was seen of it: the surest that is whole, else the pieces together."""
    if len(group) == 1:
        return group[0].thing
    ranked = sorted(group, key=lambda each: (each.cut, -each.sureness, -each.extent.area()))
    best = ranked[0]
    if isinstance(best.thing, Keypoints):
        return _joined_points([cast(Keypoints, each.thing) for each in ranked])
    if isinstance(best.thing, Box):
        return best.thing if not best.cut or _is_turned(group) else _hull(group)
    sure = (
        best.thing.confidence
        if not best.cut
        else max((each.thing.confidence for each in group if each.thing.confidence is not None), default=None)
    )
    if isinstance(best.thing, Mask):
        return replace(_joined_masks(best, group), confidence=sure)
    return replace(_joined_outlines(best, group), confidence=sure)


def _is_turned(group: Sequence[Seen]) -> bool:
    return any(each.extent.outline is not None for each in group)


def _hull(group: Sequence[Seen]) -> Box:
    left, top, right, bottom = np.array([each.extent.bounds for each in group]).T
    surest = cast(Box, max(group, key=lambda each: each.sureness).thing)
    x, y = float(left.min()), float(top.min())
    return replace(surest, x=x, y=y, width=float(right.max()) - x, height=float(bottom.max()) - y, rotation=0.0)


def _joined_masks(best: Seen, group: Sequence[Seen]) -> Mask:
    left, top, right, bottom = (int(value) for value in _bounds_of(group))
    whole = np.zeros((bottom - top, right - left), bool)
    for each in [*(each for each in group if each is not best), best]:
        assert each.extent.pixels is not None
        x, y = int(each.extent.bounds[0]) - left, int(each.extent.bounds[1]) - top
        if each is best and not best.cut:  # within its own window a whole thing is known best
            x0, y0, x1, y1 = (int(value) for value in best.window)
            whole[max(0, y0 - top) : max(0, y1 - top), max(0, x0 - left) : max(0, x1 - left)] = False
        height, width = each.extent.pixels.shape
        whole[y : y + height, x : x + width] |= each.extent.pixels
    mask = cast(Mask, best.thing)
    return replace(mask, counts=encode_mask(whole, offset=(top, left), size=mask.size))


def _bounds_of(group: Sequence[Seen]) -> Bounds:
    left, top, right, bottom = np.array([each.extent.bounds for each in group]).T
    return float(left.min()), float(top.min()), float(right.max()), float(bottom.max())


def _joined_outlines(best: Seen, group: Sequence[Seen]) -> Polygon:
    outline = cast(Polygon, best.thing)
    outlines = [sound_outline(cast(Polygon, each.thing)) for each in group if each is not best]
    if not best.cut:
        window = shapely.box(*best.window)
        outlines = [rest for each in outlines if (rest := each.difference(window)).area > 0.0]
        if not outlines:
            return outline
    # Points that a border alone made lie on straight lines now: they go.
    polygons = polygons_of(shapely.union_all([sound_outline(outline), *outlines]).simplify(0.0))
    return replace(outline, polygons=polygons) if polygons else outline


def _joined_points(ranked: Sequence[Keypoints]) -> Keypoints:
    """Fill in what the best view does not show from the others."""
    known: defaultdict[object, list[Keypoint]] = defaultdict(list)
    for each in ranked:
        for place, point in enumerate(each.points):
            known[point.name or place].append(point)
    points = tuple(max(same, key=lambda point: (point.v > 0, point.v)) for same in known.values())
    return replace(ranked[0], points=points)
