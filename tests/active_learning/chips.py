"""Real satellite images for tests: chips of the Blue Marble, their truth known by its land and water mask."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from numpy.typing import NDArray
from PIL import Image as Picture

from active_learning.training.course import Point
from campaigns.geometry import mask_document
from campaigns.imagery.blue_marble import Chip, draw
from campaigns.models import AnnotationSet, Campaign, Image, ImageState, Revision, SetState, User

KINDS = ("ocean", "coast", "land")


@cache
def chips(per_kind: int = 24) -> tuple[Chip, ...]:
    """Return chips, as many of each kind, in an order that mixes the kinds."""
    return tuple(draw(np.random.default_rng(3), per_kind=dict.fromkeys(KINDS, per_kind)))


def add_chip(campaign: Campaign, chip: Chip, **fields: object) -> Image:
    """Write a chip into the data directory and its row into the campaign."""
    path = Path(settings.DATA_DIR) / "images" / f"{chip.name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Picture.fromarray(chip.pixels).save(path)
    content, side = path.read_bytes(), chip.pixels.shape[0]
    return Image.objects.create(
        campaign=campaign, name=chip.name, path=path.name, sha256=sha256(content).hexdigest(), size_bytes=len(content), format="PNG",
        width=side, height=side, bands=3, dtype="uint8", **fields,
    )  # fmt: skip


def label_image(image: Image, user: User, *labels: int) -> Revision:
    """Submit labels for an image as a whole, as the labeling page does."""
    return submit(image, user, [{"id": f"a{label}", "label": label, "shape": {"type": "whole"}} for label in labels])


def submit(image: Image, user: User, things: Sequence[Mapping[str, Any]]) -> Revision:
    """Submit annotations of an image, of which each tells its label and its shape."""
    common = {"origin": "human", "review": "accepted", "confidence": None, "model": None, "attributes": {}}
    annotations = [{"id": f"a{number}", **common, **each} for number, each in enumerate(things)]
    own, _ = AnnotationSet.objects.update_or_create(
        image=image, author=user, defaults={"annotations": annotations, "state": SetState.SUBMITTED}
    )
    Image.objects.filter(pk=image.pk).update(state=ImageState.SUBMITTED)
    number = own.revisions.count() + 1
    return Revision.objects.create(annotation_set=own, image=image, number=number, annotations=annotations, author=user)


def stop_after(epochs: int, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Do something once so many epochs of a training have ended and been saved."""
    from active_learning.services.watching import RunWatcher

    reported = RunWatcher.epoch_ended

    def ended(self: RunWatcher, point: Point) -> None:
        if point.epoch == epochs:
            act()
        reported(self, point)

    monkeypatch.setattr(RunWatcher, "epoch_ended", ended)


def label_areas(image: Image, user: User, areas: Mapping[int, NDArray[np.bool_]]) -> Revision:
    """Submit areas of labels for an image: (H, W) masks by label."""
    return submit(image, user, [{"label": label, "shape": mask_document(mask)} for label, mask in areas.items() if mask.any()])
