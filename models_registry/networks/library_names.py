"""Networks of torchvision that find objects or name pixels, by what they tell. Imports nothing of it.

They come with weights that were learned on COCO, where a hub or a file has these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

TORCHVISION_PREFIX: Final = "torchvision/"
FINDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "boxes": (
        "ssdlite320_mobilenet_v3_large", "fasterrcnn_mobilenet_v3_large_320_fpn", "fasterrcnn_mobilenet_v3_large_fpn",
        "fasterrcnn_resnet50_fpn", "fasterrcnn_resnet50_fpn_v2", "fcos_resnet50_fpn", "retinanet_resnet50_fpn", "retinanet_resnet50_fpn_v2",
    ),
    "masks": ("maskrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn_v2"),
    "points": ("keypointrcnn_resnet50_fpn",),
}  # fmt: skip
"""By the part of an ``Anatomy``, the quickest first."""
SEGMENTERS: Final = (
    "lraspp_mobilenet_v3_large", "deeplabv3_mobilenet_v3_large", "fcn_resnet50", "deeplabv3_resnet50", "deeplabv3_resnet101",
)  # fmt: skip
OTHERS: Final = frozenset(name for names in (*FINDERS.values(), SEGMENTERS) for name in names)
FINDER_SIDES: Final = {"small": 320, "medium": 512, "large": 800}
"""The side in pixels of the square that these finders see: their anchors and weights know objects by the sizes they have there."""


def full_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names with their library, as a training is asked for them."""
    return tuple(f"{TORCHVISION_PREFIX}{name}" for name in names)


def architecture_of(name: str) -> str:
    """Return the name without its library."""
    return name.removeprefix(TORCHVISION_PREFIX)


def parts_in_document(name: str | None) -> dict[str, str] | None:
    """Return the library and the network as a checkpoint's document tells them."""
    if name is None:
        return None
    library, _, architecture = name.partition("/")
    return {"library": library, "architecture": architecture}


def name_in(document: Mapping[str, Any]) -> str | None:
    """Return the network that a document tells; raises KeyError or TypeError where that is none."""
    found = document.get("network")
    return None if found is None else f"{found['library']}/{found['architecture']}"
