"""Which images of a training hang together, so that no model is measured on what it has all but seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from shapely import STRtree
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from active_learning.services.outdated import last_look
from active_learning.services.similarity import KIND as LIKENESS
from active_learning.training.config import TrainingConfig
from campaigns.errors import InvalidInput
from campaigns.geometry.transforms import BEYOND_PROJECTION, Georeference
from campaigns.models import Campaign, Image, Run

LAST_NUMBERS: Final = re.compile(r"[-_ .]?(?:[xyrc]?\d+)(?:[-_ .][xyrc]?\d+)?$", re.IGNORECASE)
"""A number at the end of a name, or two, as columns and rows of tiles are written: film_0042, scene-3_7, scene_r1_c2."""


def look_for(campaign: Campaign, config: TrainingConfig) -> int | None:
    """Return the run whose near duplicates a training keeps together; None where it keeps others or none.

    Raises InvalidInput where nobody has looked for them yet.
    """
    if config.groups != "duplicates":
        return None
    look = last_look(campaign, LIKENESS)
    if look is None:
        detail = "Nobody has looked for near duplicates yet. Find them on the tab Explore first, or keep folders together."
        raise InvalidInput(f"groups: {detail}", code="invalid_training", errors=[{"field": "groups", "detail": detail}])
    return look.pk


def groups_of(campaign: Campaign, config: TrainingConfig, images: Sequence[Image]) -> list[int]:
    """Return a number for each image, the same for those that hang together; nothing where a training keeps none together."""
    if config.groups == "folders":
        return _numbered([image.name.rpartition("/")[0] for image in images])
    if config.groups == "names":
        return _numbered([stem_of(image.name) for image in images])
    if config.groups == "places":
        return places_of(images)
    if config.groups == "duplicates":
        look = Run.objects.filter(campaign=campaign, pk=config.looked or 0).first()
        clusters = look.result.get("clusters", []) if look is not None else []
        own = {pk: -1 - n for n, cluster in enumerate(clusters) for pk in cluster}
        return [own.get(image.pk, image.pk) for image in images]
    return []


def _numbered(names: Sequence[str]) -> list[int]:
    numbers = {name: n for n, name in enumerate(dict.fromkeys(names))}
    return [numbers[name] for name in names]


def stem_of(name: str) -> str:
    """Return a name with its folder up to its last number: frames of one film and tiles of one scene share it.

    A name without a number, or that is nothing else, is a stem of its own.
    """
    folder, _, file = name.rpartition("/")
    stem = file.rpartition(".")[0] or file
    shared = LAST_NUMBERS.sub("", stem)
    return f"{folder}/{shared}" if shared != stem and shared else name


def places_of(images: Sequence[Image]) -> list[int]:
    """Return a number for each image, the same for those whose footprints on the ground touch, directly or by others in between.

    An image that lies nowhere is a place of its own, and so is one whose position cannot be read.
    """
    found: dict[int, BaseGeometry] = {}
    for row, image in enumerate(images):
        place = footprint(image)
        if place is not None:
            found[row] = place
    rows, parents = list(found), list(range(len(images)))

    def top(row: int) -> int:
        while parents[row] != row:
            parents[row] = row = parents[parents[row]]
        return row

    if rows:
        tree = STRtree(list(found.values()))
        for one, other in tree.query(list(found.values()), predicate="intersects").T.tolist():
            parents[top(rows[one])] = top(rows[other])
    return [top(row) for row in range(len(images))]


def footprint(image: Image) -> BaseGeometry | None:
    """Return where an image lies, as longitudes and latitudes; None where that is not known."""
    if not image.crs or not image.transform:
        return None
    corners = np.array([(0, 0), (image.width, 0), (image.width, image.height), (0, image.height)], np.float64)
    try:
        outline = Polygon(Georeference(image.crs, tuple(image.transform[:6])).to_lonlat(corners))
    except (*BEYOND_PROJECTION, ValueError):
        return None
    return outline if np.isfinite(outline.bounds).all() and outline.is_valid and outline.area > 0 else None


def leaks(campaign: Campaign, teach: frozenset[int], measure: frozenset[int]) -> list[list[int]]:
    """Return the groups of near duplicates, as last found, of which some teach and some measure."""
    look = last_look(campaign, LIKENESS)
    clusters = look.result.get("clusters", []) if look is not None else []
    return [list(cluster) for cluster in clusters if not teach.isdisjoint(cluster) and not measure.isdisjoint(cluster)]
