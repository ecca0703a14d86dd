"""GrabCut: cut a thing out of its surroundings by colour, with strokes that must hold (Rother, Kolmogorov, Blake, SIGGRAPH 2004).

Two passes keep it quick at any size. The colours of thing and surroundings are learned on a copy of at most 400 pixels a
side; then only the band along that copy's outline is cut again at the size that was read, in small tiles, with the colours
as they were learned.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from campaigns.imagery.refusal import Refused
from inference.interactive.masks import cleaned
from inference.interactive.prompts import BoxPx, Prompts, Stroke
from inference.interactive.windows import Pixels

COARSE_SIDE_PX: Final = 400
FIRST_ROUNDS: Final = 3
MORE_ROUNDS: Final = 2
TILE_PX: Final = 256
HALO_PX: Final = 8
COLORS_OF_STROKES: Final = 5
SAMPLED: Final = 4096
NO_BOX: Final = (0, 0, 1, 1)  # where a mask is given, OpenCV does not look at it

Mask = NDArray[np.bool_]
Seeds = NDArray[np.uint8]
BACK, FORE, MAYBE_BACK, MAYBE_FORE = (np.uint8(each) for each in (cv2.GC_BGD, cv2.GC_FGD, cv2.GC_PR_BGD, cv2.GC_PR_FGD))


@dataclass(frozen=True, slots=True)
class Cut:
    """What came out. mask: (h, w) like the pixels that were cut; confidence: 0 to 1."""

    mask: Mask
    confidence: float


def cut_out(pixels: Pixels, roi: BoxPx, prompts: Prompts, before: Mask | None) -> Cut:
    """Cut the thing out that ``prompts`` mark inside ``roi``.

    ``before``: what came out last time, (h, w) like the pixels; the cut goes on from there. Raises Refused when nothing is left.
    """
    cv2.setRNGSeed(0)  # the clusters start from drawn pixels: the same strokes give the same outline
    height, width = pixels.rgb.shape[:2]
    shrink = min(1.0, COARSE_SIDE_PX / max(height, width))
    size = (max(2, round(width * shrink)), max(2, round(height * shrink)))
    rgb = pixels.rgb if shrink == 1.0 else np.asarray(cv2.resize(pixels.rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    fixed = _fixed(pixels, roi, prompts, (size[1], size[0]))
    start = _start(rgb, fixed, None if before is None else _shrunk(before, size))
    models = (np.zeros((1, 65)), np.zeros((1, 65)))
    if not ((start & 1) == 1).any() or not ((start & 1) == 0).any():
        raise Refused("nothing_found", "The marks leave nothing to decide. Draw a larger work area, or fewer strokes.")
    cv2.grabCut(rgb, start, NO_BOX, models[0], models[1], FIRST_ROUNDS if before is None else MORE_ROUNDS, cv2.GC_INIT_WITH_MASK)
    coarse = cleaned((start & 1) == 1, keep=fixed == FORE, spare=fixed == BACK)
    if not coarse.any():
        raise Refused("nothing_found", "Nothing stands out here. Mark the thing with a foreground stroke, then extract again.")
    confidence = _confidence(rgb, coarse, fixed, models)
    if shrink == 1.0:
        return Cut(coarse, confidence)
    whole = _fixed(pixels, roi, prompts, (height, width))
    return Cut(cleaned(_refined(pixels.rgb, coarse, whole, models, shrink), keep=whole == FORE, spare=whole == BACK), confidence)


def _fixed(pixels: Pixels, roi: BoxPx, prompts: Prompts, shape: tuple[int, int]) -> Seeds:
    """Return (h, w) of what is decided: outside the work area and without data is background, strokes are what they say."""
    left, top, right, bottom = pixels.window
    across, down = shape[1] / (right - left), shape[0] / (bottom - top)
    seeds = np.full(shape, BACK, np.uint8)
    inner = prompts.box or roi
    x0, y0, x1, y1 = max(inner[0], roi[0]), max(inner[1], roi[1]), min(inner[2], roi[2]), min(inner[3], roi[3])
    rows = slice(math.floor((y0 - top) * down), math.ceil((y1 - top) * down))
    columns = slice(math.floor((x0 - left) * across), math.ceil((x1 - left) * across))
    seeds[rows, columns] = MAYBE_FORE
    if pixels.opaque is not None:
        there = cv2.resize(pixels.opaque.astype(np.uint8), (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
        seeds[there == 0] = BACK
    brush = max(1, round(prompts.brush_px * min(across, down)))
    dots = [((point.x, point.y),) for point in prompts.points if point.positive]
    not_dots = [((point.x, point.y),) for point in prompts.points if not point.positive]
    for strokes, value in ((*prompts.foreground, *dots), FORE), ((*prompts.background, *not_dots), BACK):
        for stroke in strokes:
            _draw(seeds, stroke, (left, top, across, down), brush, int(value))
    return seeds


def _draw(seeds: Seeds, stroke: Stroke, place: tuple[int, int, float, float], brush: int, value: int) -> None:
    left, top, across, down = place
    # Eight bits after the point, as OpenCV's drawing wants it: a stroke between two pixels is drawn between them.
    points = np.array([[(x - left) * across - 0.5, (y - top) * down - 0.5] for x, y in stroke])
    fine = np.clip(np.rint(points * 16), -(2**20), 2**20).astype(np.int32)
    if len(fine) == 1:
        cv2.circle(seeds, (int(fine[0, 0]), int(fine[0, 1])), max(8, brush * 8), value, cv2.FILLED, cv2.LINE_8, 4)
    else:
        cv2.polylines(seeds, [fine.reshape(-1, 1, 2)], False, value, brush, cv2.LINE_8, 4)


def _shrunk(mask: Mask, size: tuple[int, int]) -> Mask:
    return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)) >= 0.5


def _start(rgb: NDArray[np.uint8], fixed: Seeds, before: Mask | None) -> Seeds:
    """Guess what is not decided: from the last mask, else from the strokes' colours, else all of it is the thing."""
    start = fixed.copy()
    open_ = fixed == MAYBE_FORE
    if before is not None and (before & open_).any():
        start[open_] = np.where(before[open_], MAYBE_FORE, MAYBE_BACK)
        return start
    if not (fixed == BACK).any():
        # Nothing around it: the rim of the work area is more likely background than not.
        rim = max(1, round(0.03 * min(fixed.shape)))
        edge = np.ones(fixed.shape, bool)
        edge[rim:-rim, rim:-rim] = False
        start[edge & open_] = MAYBE_BACK
    if (fixed == FORE).any():
        unsure = start == MAYBE_FORE
        start[unsure] = np.where(_nearer(rgb[unsure], rgb[fixed == FORE], rgb[(start & 1) == 0]), MAYBE_FORE, MAYBE_BACK)
    return start


def _nearer(colors: NDArray[np.uint8], fore: NDArray[np.uint8], back: NDArray[np.uint8]) -> Mask:
    """Say of each colour (N, 3) whether the strokes on the thing have one that is nearer than any of the background's."""
    return _distance(colors, _palette(fore)) <= _distance(colors, _palette(back))


def _palette(colors: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a few colours (K, 3) that stand for many."""
    sample = colors[:: max(1, len(colors) // SAMPLED)].astype(np.float32)
    count = min(COLORS_OF_STROKES, len(np.unique(sample, axis=0)))
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    unused = np.empty((0, 1), np.int32)
    centers = cv2.kmeans(sample, count, unused, criteria, 1, cv2.KMEANS_PP_CENTERS)[2]
    return np.asarray(centers, np.float32)


def _distance(colors: NDArray[np.uint8], palette: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (N,): how far each colour is from the nearest of the palette, squared."""
    nearest = np.full(len(colors), np.inf, np.float32)
    floats = colors.astype(np.float32)
    for color in palette:
        np.minimum(nearest, np.square(floats - color).sum(axis=1), out=nearest)
    return nearest


def _refined(
    rgb: NDArray[np.uint8], coarse: Mask, fixed: Seeds, models: tuple[NDArray[np.float64], NDArray[np.float64]], shrink: float
) -> Mask:
    """Cut the band along the coarse outline again, pixel by pixel."""
    height, width = rgb.shape[:2]
    grown = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    mask: Mask = np.asarray(grown) >= 0.5
    reach = math.ceil(1.5 / shrink) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * reach + 1, 2 * reach + 1))
    inside = mask.astype(np.uint8)
    band = (cv2.dilate(inside, kernel) != cv2.erode(inside, kernel, borderValue=1)) & (fixed == MAYBE_FORE)
    mask[fixed == FORE] = True
    mask[fixed == BACK] = False
    decided = np.where(mask, FORE, BACK).astype(np.uint8)
    decided[band] = np.where(mask[band], MAYBE_FORE, MAYBE_BACK)
    for inner, outer in _tiles(band):
        piece = np.ascontiguousarray(decided[outer])
        cv2.grabCut(np.ascontiguousarray(rgb[outer]), piece, NO_BOX, models[0].copy(), models[1].copy(), 1, cv2.GC_EVAL_FREEZE_MODEL)
        rows, columns = inner[0].start - outer[0].start, inner[1].start - outer[1].start
        found = piece[rows : rows + inner[0].stop - inner[0].start, columns : columns + inner[1].stop - inner[1].start]
        mask[inner] = (found & 1) == 1
    return mask


def _tiles(band: Mask) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """List the tiles that hold a part of the band: what is written, and what is read, a little more on each side."""
    height, width = band.shape
    for top in range(0, height, TILE_PX):
        for left in range(0, width, TILE_PX):
            bottom, right = min(top + TILE_PX, height), min(left + TILE_PX, width)
            if band[top:bottom, left:right].any():
                outer = (
                    slice(max(0, top - HALO_PX), min(height, bottom + HALO_PX)),
                    slice(max(0, left - HALO_PX), min(width, right + HALO_PX)),
                )
                yield (slice(top, bottom), slice(left, right)), outer


def _confidence(rgb: NDArray[np.uint8], mask: Mask, fixed: Seeds, models: tuple[NDArray[np.float64], NDArray[np.float64]]) -> float:
    """Return how plainly the colours tell the two sides apart: the mean probability of the side that each pixel is on."""
    colors, sides = rgb[fixed != BACK], mask[fixed != BACK]
    step = max(1, len(colors) // SAMPLED)
    colors, sides = colors[::step].astype(np.float64), sides[::step]
    back, fore = (_log_likelihood(colors, model) for model in models)
    odds = np.where(sides, fore - back, back - fore)
    return float(np.mean(1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0)))))


def _log_likelihood(colors: NDArray[np.float64], model: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N,) under OpenCV's mixture of five: weights, then means, then covariances, in one row of 65 numbers."""
    weights, means, covariances = model[0, :5], model[0, 5:20].reshape(5, 3), model[0, 20:].reshape(5, 3, 3)
    density = np.full(len(colors), 1e-300)
    for weight, mean, covariance in zip(weights, means, covariances, strict=True):
        if weight <= 0:
            continue
        spread = covariance + 0.01 * np.eye(3)
        away = colors - mean
        squared = np.einsum("ni,ij,nj->n", away, np.linalg.inv(spread), away)
        density += weight * np.exp(-0.5 * squared) / math.sqrt((2 * math.pi) ** 3 * max(np.linalg.det(spread), 1e-12))
    logarithm: NDArray[np.float64] = np.log(density)
    return logarithm
