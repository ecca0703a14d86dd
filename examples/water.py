"""A model of three numbers: how likely a pixel of a satellite image is water, by its colour.

A logistic regression on red, green and blue, fitted on 745,000 pixels of NASA's Blue Marble against its land and
water mask: 98.6 % of pixels right, 99 % of 96-pixel chips. Snow, ice and shallow water are what it gets wrong.
"""

import numpy as np

RED, GREEN, BLUE, BIAS = -4.3, -42.6, 39.2, 1.6
# Ocean, coast, land: a softmax over the driest and the wettest fiftieth of the pixels.
KINDS = ("ocean", "coast", "land")
DRIEST, WETTEST, KIND_BIAS = np.array((6.2, -5.8, -0.4)), np.array((1.8, 5.0, -6.8)), np.array((-3.4, -0.1, 3.5))
SMALLEST_ISLAND_PX = 12


def water_probability(rgb: np.ndarray) -> np.ndarray:
    """Return (H, W) probabilities of water for (H, W, 3) colours from 0 to 255."""
    red, green, blue = np.moveaxis(rgb.astype(np.float32) / 255, -1, 0)
    return 1 / (1 + np.exp(-(RED * red + GREEN * green + BLUE * blue + BIAS)))


def classify(water: np.ndarray) -> dict[str, float]:
    """Return the probabilities of ocean, coast and land; they sum to 1."""
    driest, wettest = np.quantile(water, (0.02, 0.98))
    raised = np.exp(driest * DRIEST + wettest * WETTEST + KIND_BIAS)
    return dict(zip(KINDS, (raised / raised.sum()).tolist(), strict=True))


def islands(water: np.ndarray) -> list[tuple[list[int], float]]:
    """Return ([x0, y0, x1, y1], confidence) of each piece of land that does not touch the border."""
    height, width = water.shape
    found = []
    for runs in pieces(water < 0.5):
        y, x0, x1 = np.array(runs).T
        box = [int(x0.min()), int(y.min()), int(x1.max()), int(y.max()) + 1]
        inside = box[0] > 0 and box[1] > 0 and box[2] < width and box[3] < height
        if inside and (box[2] - box[0]) * (box[3] - box[1]) >= SMALLEST_ISLAND_PX:
            land = np.concatenate([1 - water[row, left:right] for row, left, right in runs])
            found.append((box, float(land.mean())))
    return found


def marked(water: np.ndarray, on: list, off: list, box: list | None = None) -> np.ndarray:
    """Return (H, W): the pieces of land or water under the points ``on``, without those under ``off``, inside a box.

    A box alone means the land in it. Points and corners are columns and rows: [x, y], [x0, y0, x1, y1].
    """
    found = np.zeros(water.shape, dtype=bool)
    if not on:
        found |= water < 0.5
    for places, keep in (on, True), (off, False):
        for x, y in places:
            row, column = min(int(y), water.shape[0] - 1), min(int(x), water.shape[1] - 1)
            for runs in pieces((water < 0.5) == (water[row, column] < 0.5)):
                if any(line == row and start <= column < end for line, start, end in runs):
                    for line, start, end in runs:
                        found[line, start:end] = keep
    if box is not None:
        x0, y0, x1, y1 = (round(edge) for edge in box)
        inside = np.zeros_like(found)
        inside[y0:y1, x0:x1] = True
        found &= inside
    return found


def outlines(mask: np.ndarray) -> list[list[list[tuple[int, int]]]]:
    """Return each 4-connected piece of a mask as rings along the edges of its pixels, closed: the outer one first, then its holes."""
    found = []
    for runs in pieces(mask):
        y0, x0 = min(y for y, _, _ in runs), min(start for _, start, _ in runs)
        height, width = max(y for y, _, _ in runs) - y0 + 1, max(end for _, _, end in runs) - x0
        piece = np.zeros((height + 2, width + 2), dtype=bool)
        for y, start, end in runs:
            piece[y - y0 + 1, start - x0 + 1 : end - x0 + 1] = True
        rings = [[(x + x0 - 1, y + y0 - 1) for x, y in ring] for ring in borders(piece)]
        found.append(sorted(rings, key=min))  # the outermost has the leftmost corner
    return found


def borders(piece: np.ndarray) -> list[list[tuple[int, int]]]:
    """Return the closed rings of pixel edges around one piece, which stands on their right; no pixel of it lies on the rim."""
    ahead: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for (dy, dx), (start, end) in {
        (-1, 0): ((0, 0), (1, 0)), (0, 1): ((1, 0), (1, 1)), (1, 0): ((1, 1), (0, 1)), (0, -1): ((0, 1), (0, 0)),
    }.items():  # fmt: skip
        for y, x in np.argwhere(piece & ~np.roll(piece, (-dy, -dx), (0, 1))).tolist():
            ahead.setdefault((x + start[0], y + start[1]), []).append((x + end[0], y + end[1]))
    rings = []
    while ahead:
        first = next(iter(ahead))
        ring, here, came = [first], first, (0, 0)
        while True:
            ways = ahead[here]
            # Where two corners of the piece touch, turn right: so a ring does not cross itself.
            turned = [way for way in ways if (way[0] - here[0], way[1] - here[1]) == (-came[1], came[0])]
            there = turned[0] if turned else ways[0]
            ways.remove(there)
            if not ways:
                del ahead[here]
            way = (there[0] - here[0], there[1] - here[1])
            if way == came:
                ring[-1] = there
            else:
                ring.append(there)
            here, came = there, way
            if here == first:
                break
        rings.append(ring)
    return rings


def pieces(mask: np.ndarray) -> list[list[tuple[int, int, int]]]:
    """Return the 4-connected pieces of a mask as runs (y, x0, x1), by joining runs of neighbouring rows."""
    runs, parent, above = [], [], []
    for y, row in enumerate(np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8))):
        here = []
        for x0, x1 in zip(np.flatnonzero(row == 1).tolist(), np.flatnonzero(row == -1).tolist(), strict=True):
            number = len(runs)
            runs.append((y, x0, x1))
            parent.append(number)
            here.append(number)
            for other in above:
                if runs[other][1] < x1 and x0 < runs[other][2]:
                    parent[root(parent, other)] = root(parent, number)
        above = here
    joined: dict[int, list[tuple[int, int, int]]] = {}
    for number, run in enumerate(runs):
        joined.setdefault(root(parent, number), []).append(run)
    return list(joined.values())


def root(parent: list[int], number: int) -> int:
    """Return the run that stands for all runs joined with this one."""
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number
