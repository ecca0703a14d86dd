"""Masks on their way out: crumbs taken off, run lengths of the whole image, outlines."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from campaigns.geometry.masks import decode_counts
from campaigns.geometry.validity import InvalidShape
from campaigns.imagery.refusal import Refused
from inference.interactive.prompts import BoxPx

CRUMB_PART: Final = 0.01
"""A piece smaller than this part of the largest is a crumb, and so is such a hole."""

Mask = NDArray[np.bool_]


def cleaned(mask: Mask, *, keep: Mask | None = None, spare: Mask | None = None) -> Mask:
    """Return a mask without crumbs and pinholes; a piece that touches ``keep`` stays, and so does a hole that touches ``spare``."""
    if not mask.any():
        return mask
    count, pieces, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    areas = facts[:, cv2.CC_STAT_AREA]
    largest = areas[1:].max()
    stays = areas >= CRUMB_PART * largest
    if keep is not None:
        stays[np.unique(pieces[keep & mask])] = True
    stays[0] = False
    whole: Mask = stays[pieces]
    count, gaps, facts, _ = cv2.connectedComponentsWithStats((~whole).astype(np.uint8), connectivity=8)
    pinhole = (facts[:, cv2.CC_STAT_AREA] < CRUMB_PART * largest) & _inside(facts, whole.shape)
    if spare is not None:
        pinhole[np.unique(gaps[spare & ~whole])] = False
    pinhole[0] = False
    return whole | pinhole[gaps] if count > 1 else whole


def _inside(facts: Any, shape: tuple[int, ...]) -> Mask:
    """Say of each piece whether it keeps off the border: what touches that is outside, not a hole."""
    left, top = facts[:, cv2.CC_STAT_LEFT], facts[:, cv2.CC_STAT_TOP]
    right, bottom = left + facts[:, cv2.CC_STAT_WIDTH], top + facts[:, cv2.CC_STAT_HEIGHT]
    inside: Mask = (left > 0) & (top > 0) & (right < shape[1]) & (bottom < shape[0])
    return inside


def window_of_mask(shape: object, window: BoxPx, *, width: int, height: int) -> Mask:
    """Return the part (h, w) of a mask document inside a window, without making the whole; raise Refused when it does not fit."""
    if not isinstance(shape, dict) or shape.get("type", "mask") != "mask" or not isinstance(shape.get("counts"), str):
        raise Refused("invalid_mask", 'mask is the last answer\'s shape: {"type": "mask", "size", "counts"}.')
    if list(shape.get("size") or ()) != [height, width]:
        raise Refused("invalid_mask", f"mask.size is [{height}, {width}], as the image.")
    try:
        counts = decode_counts(shape["counts"])
    except InvalidShape as error:
        raise Refused("invalid_mask", f"mask: {error}") from None
    if int(counts.sum()) != height * width:
        raise Refused("invalid_mask", "The run lengths of mask do not add up to the image.")
    left, top, right, bottom = window
    # Runs go down column after column: those of the window's columns are one stretch of them.
    ends = np.cumsum(counts) - left * height
    reached = np.clip(ends, 0, (right - left) * height)
    lengths = reached - np.concatenate(([0], reached[:-1]))
    values = np.zeros(len(lengths), dtype=bool)
    values[1::2] = True
    columns: Mask = np.repeat(values, lengths).reshape(right - left, height)
    return columns[:, top:bottom].T


def resized(mask: Mask, shape: tuple[int, int]) -> Mask:
    """Return a mask at another size (h, w), its outline smooth."""
    if mask.shape == shape:
        return mask
    large = cv2.resize(mask.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large) >= 0.5
