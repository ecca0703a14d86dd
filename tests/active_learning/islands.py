"""Real satellite pictures with objects whose truth is known: islands of the Blue Marble, each whole inside its picture."""

from functools import cache

import cv2
import numpy as np

from campaigns.geometry import encode_mask, mask_bounds
from campaigns.imagery.blue_marble import CHIP_PX, Chip, load

LEAST_PX, MOST_SHARE = 40, 0.4


@cache
def islands(count: int, seed: int = 0) -> tuple[tuple[Chip, tuple[np.ndarray, ...]], ...]:
    """Return pictures of open water with islands, and each island's mask."""
    picture, water = load()
    rng = np.random.default_rng(seed)
    found = []
    while len(found) < count:
        top, left = int(rng.integers(450, 2150 - CHIP_PX)), int(rng.integers(0, 5400 - CHIP_PX))
        window = np.s_[top : top + CHIP_PX, left : left + CHIP_PX]
        land = ~water[window]
        inner = land[1:-1, 1:-1]
        if not inner.any() or inner.sum() != land.sum() or land.mean() > MOST_SHARE:  # none, or one that goes on outside
            continue
        number, parts = cv2.connectedComponents(land.astype(np.uint8), connectivity=4)
        masks = tuple(parts == n for n in range(1, number) if (parts == n).sum() >= LEAST_PX)
        if masks:
            found.append((Chip(f"island-{seed}-{len(found)}.png", picture[window], water[window], (1, 0, 0, 0, 1, 0), "island"), masks))
    return tuple(found)


def box_of(mask: np.ndarray) -> dict[str, object]:
    """The shape "box" around a mask."""
    x0, y0, x1, y1 = mask_bounds(encode_mask(mask), mask.shape)
    return {"type": "box", "x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0, "rotation": 0.0}


def mask_of(mask: np.ndarray) -> dict[str, object]:
    """The shape "mask"."""
    x0, y0, x1, y1 = mask_bounds(encode_mask(mask), mask.shape)
    return {"type": "mask", "size": list(mask.shape), "counts": encode_mask(mask), "bbox": [x0, y0, x1 - x0, y1 - y0]}


def points_of(mask: np.ndarray) -> dict[str, object]:
    """The shape "points": where the island reaches farthest in each direction; its south point is hidden under the others' sight."""
    rows, columns = np.nonzero(mask)
    places = {"north": rows.argmin(), "south": rows.argmax(), "west": columns.argmin(), "east": columns.argmax()}
    return {
        "type": "points",
        "points": [
            {"name": name, "x": float(columns[n]) + 0.5, "y": float(rows[n]) + 0.5, "v": 1 if name == "south" else 2}
            for name, n in places.items()
        ],
    }
