"""A first campaign from real satellite images with known truth, to see the loop close before bringing own data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.db import transaction
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from campaigns.geometry import mask_document, mask_to_polygons
from campaigns.imagery.blue_marble import Chip, draw
from campaigns.models import Campaign, Image, Reference, Run, Split, User
from campaigns.runs import RunContext, enqueue_run
from campaigns.services.campaigns import create_campaign
from campaigns.services.importing import import_files

# With this seed the first dozen images show every kind, so that a first training on a few labels knows them all. The first
# point of the accuracy curve owes its lead over random picks to that draw; what comes after it owes it to the rounds too.
SEED: Final = 8
BATCH: Final = 40
TASKS: Final = ["classification", "segmentation", "detection"]


@dataclass(frozen=True)
class Mix:
    """How many chips of each kind, and how many of them are held back to measure on."""

    per_kind: dict[str, int]
    held_back: dict[str, int]

    @property
    def total(self) -> int:
        """All chips."""
        return sum(self.per_kind.values())


# To classify: most of it is open ocean, as on the Earth, so that picking at random wastes labels on it; the held-back
# part has as many of each kind, so that the rare ones count. To outline and to find: mostly coasts, where there is work.
_RARE_LAND: Final = Mix({"ocean": 400, "coast": 130, "land": 70}, {"ocean": 40, "coast": 40, "land": 40})
_MOSTLY_COAST: Final = Mix({"ocean": 40, "coast": 240, "land": 40}, {"ocean": 10, "coast": 60, "land": 10})
MIXES: Final = {"classification": _RARE_LAND, "segmentation": _MOSTLY_COAST, "detection": _MOSTLY_COAST}

_LABELS: Final[dict[str, list[dict[str, Any]]]] = {
    "classification": [{"name": "ocean", "color": "#0072b2"}, {"name": "coast", "color": "#e69f00"}, {"name": "land", "color": "#009e73"}],
    "segmentation": [{"name": "water", "color": "#0072b2"}, {"name": "land", "color": "#009e73"}],
    "detection": [{"name": "island", "color": "#e69f00"}],
}
_INSTRUCTIONS: Final = {
    "classification": "Ocean: no land in sight. Land: no sea or large lake in sight. Coast: both.",
    "segmentation": "Outline the water, lakes included, and the land.",
    "detection": "Draw a box around every piece of land that has water on all sides.",
}


def create_sample_campaign(*, user: User, task: str = "classification") -> tuple[Campaign, Run]:
    """Make the campaign now and fill it in a run."""
    with transaction.atomic():
        campaign = create_campaign(
            user=user,
            name=f"Blue Marble: {task}",
            task=task,
            labels=_LABELS[task],
            instructions=_INSTRUCTIONS[task],
            settings={"segmentation": "semantic"},
        )
        run = enqueue_run(user=user, kind="sample", campaign=campaign, total=MIXES[task].total)
    return campaign, run


def execute_sample(context: RunContext) -> dict[str, object]:
    """Put the chips in with their truth, some of them held back; going on after a crash finds the rest."""
    campaign, user = context.run.campaign, context.run.created_by
    assert campaign is not None and user is not None
    mix = MIXES[campaign.task]
    chips = draw(np.random.default_rng(SEED), per_kind=mix.per_kind)
    held_back = held_back_names(chips, mix)
    labels = {label.name: label.pk for label in campaign.labels.all()}
    for start in range(0, len(chips), BATCH):
        batch = chips[start : start + BATCH]
        import_files(user=user, campaign=campaign, files=[(chip.name, geotiff(chip)) for chip in batch])
        _write_truth(campaign, batch, labels, held_back)
        context.progress(done=start + len(batch), total=len(chips), message="Cutting the Blue Marble into images")
    return {"images": len(chips), "held_back": len(held_back)}


def held_back_names(chips: list[Chip], mix: Mix) -> set[str]:
    """Return the names of the held-back chips: the last of each kind, so that the first ones are a fair draw."""
    by_kind = {kind: [chip.name for chip in chips if chip.kind == kind] for kind in mix.per_kind}
    return {name for kind, names in by_kind.items() for name in names[len(names) - mix.held_back[kind] :]}


def _write_truth(campaign: Campaign, batch: list[Chip], labels: dict[str, int], held_back: set[str]) -> None:
    images = {image.name: image for image in Image.objects.filter(campaign=campaign, name__in=[chip.name for chip in batch])}
    truth = [Reference(image=images[chip.name], annotations=truth_of(chip, campaign.task, labels)) for chip in batch]
    with transaction.atomic():
        Reference.objects.bulk_create(truth, ignore_conflicts=True)
        names = [chip.name for chip in batch if chip.name in held_back]
        Image.objects.filter(campaign=campaign, name__in=names).update(split=Split.TEST)


def geotiff(chip: Chip) -> bytes:
    """Write a chip as a GeoTIFF, three bands uint8, EPSG:4326."""
    size = chip.pixels.shape[0]
    profile = {"driver": "GTiff", "width": size, "height": size, "count": 3, "dtype": "uint8", "crs": "EPSG:4326", "photometric": "rgb"}
    with MemoryFile() as memory:
        with memory.open(**profile, transform=Affine(*chip.transform), compress="deflate") as dataset:
            dataset.write(np.moveaxis(chip.pixels, -1, 0))
        return bytes(memory.read())


def truth_of(chip: Chip, task: str, labels: dict[str, int]) -> list[dict[str, Any]]:
    """Return what is true of a chip, as annotation documents."""
    if task == "classification":
        return [_annotation("truth", labels[chip.kind], {"type": "whole"})]
    if task == "segmentation":
        parts = {"water": chip.water, "land": ~chip.water}
        return [_annotation(f"truth-{name}", labels[name], mask_document(mask)) for name, mask in parts.items() if mask.any()]
    return [_annotation(f"truth-{i}", labels["island"], box) for i, box in enumerate(island_boxes(chip))]


def island_boxes(chip: Chip, smallest_px: int = 12) -> list[dict[str, Any]]:
    """Return a box around each piece of land of at least ``smallest_px`` pixels that does not touch the border."""
    size = chip.water.shape[0]
    boxes = []
    for part in mask_to_polygons(~chip.water):
        corners = np.asarray(part[0])
        (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
        inside = x0 > 0 and y0 > 0 and x1 < size and y1 < size
        if inside and (x1 - x0) * (y1 - y0) >= smallest_px:
            boxes.append(
                {"type": "box", "x": float(x0), "y": float(y0), "width": float(x1 - x0), "height": float(y1 - y0), "rotation": 0.0}
            )
    return boxes


def _annotation(name: str, label: int, shape: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "label": label,
        "shape": shape,
        "origin": "human",
        "review": "accepted",
        "confidence": None,
        "model": None,
        "attributes": {},
    }
