"""What models tell of objects: which part of them, their shapes by label, and how far their points scatter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from active_learning.services.kinds import kind_of
from active_learning.training.coco_objects import DEFAULT_SIGMA
from campaigns.geometry import Skeleton
from campaigns.models import Campaign
from inference.prefill import object_shape
from inference.schema import READERS, Box, Keypoints, Mask, Polygon
from models_registry.networks.object_checkpoint import Part

PARTS: Final[dict[str, Part]] = {"detection": "boxes", "instance": "masks", "keypoints": "points"}


def part_of(campaign: Campaign) -> Part | None:
    """Return what models of a campaign tell of objects; None where they tell of no objects."""
    return PARTS.get(kind_of(campaign))


def shapes_of(items: Sequence[Mapping[str, Any]], column_of: Mapping[int, int]) -> list[tuple[int, float, Mapping[str, Any]]]:
    """Return column of the label, confidence and shape of each object of an answer that has a label."""
    found: list[tuple[int, float, Mapping[str, Any]]] = []
    for document in items:
        column, item = column_of.get(document.get("index", -1)), READERS[document["kind"]](document)
        if column is None or not isinstance(item, Box | Polygon | Mask | Keypoints):
            continue
        shape = object_shape(item)
        if shape is not None:
            found.append((column, 1.0 if item.confidence is None else item.confidence, shape))
    return found


def sigmas_of(campaign: Campaign, known: Sequence[Sequence[tuple[int, Mapping[str, Any]]]]) -> dict[str, float]:
    """Return how far annotators scatter about each point: those of the labels' skeletons, and any others that were drawn."""
    names = {point["name"] for row in known for _, shape in row if shape["type"] == "points" for point in shape["points"]}
    sigmas = dict.fromkeys(sorted(names), DEFAULT_SIGMA)
    for document in campaign.labels.values_list("skeleton", flat=True):
        skeleton = Skeleton.from_document(document) if document else None
        if skeleton is not None:
            sigmas |= {name: skeleton.sigmas.get(name, DEFAULT_SIGMA) for name in skeleton.names}
    return sigmas
