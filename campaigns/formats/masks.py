"""Pixel maps in a zip: by class, by instance, COCO panoptic, and every object by itself.

    labels.json             classes and their numbers: 0 nothing, 1 to n the labels in order, ``ignored`` what is not counted
    semantic/NAME.png       the class of each pixel, indexed, in the colours of the labels
    instances/NAME.png      the object of each pixel, 16-bit: 0 nothing, then the objects in the order of objects/NAME.json
    panoptic/NAME.png       the same as R + 256 G + 65536 B, with panoptic.json beside it (https://cocodataset.org/#format-data)
    objects/NAME.npz        masks (n, H, W) uint8, one channel of 0 and 1 for each object; labels (n,)
    objects/NAME.json       the same as COCO's run lengths

Where objects overlap, the maps of one number a pixel show the one on top: higher z, then drawn later. Objects below the
confidence ``ignore_below`` are ignored: they have the class ``ignored`` and belong to no instance.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO, Any

import numpy as np
import orjson
from numpy.typing import NDArray
from PIL import Image as Picture

from campaigns.formats.records import ImageRecord, LabelRecord, Outcome, Source
from campaigns.geometry import decode_mask, mask_area, mask_bounds, polygons_to_counts, shape_polygons

MAX_PIXELS = 150_000_000  # of one image: its maps lie in memory, four bytes a pixel at the most
MAX_INSTANCES = 65_535
_IGNORED_SMALL, _IGNORED_LARGE = 255, 65_535
_COMPRESSED, _STORED = zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED

Pixels = NDArray[np.bool_]


@dataclass(frozen=True)
class _Object:
    """One object as pixels: its class from 1, where its pixels lie, and what the person and the model said of it."""

    document: dict[str, Any]
    number: int
    counts: str
    bounds: tuple[int, int, int, int]  # x0, y0, x1, y1
    ignored: bool

    def window(self, height: int, width: int) -> tuple[tuple[slice, slice], Pixels]:
        """Return where in the image it lies, and its pixels there."""
        x0, y0, x1, y1 = self.bounds
        place = (slice(y0, y1), slice(x0, x1))
        return place, decode_mask(self.counts, (height, width))[place]


@dataclass
class _Maps:
    """Everything of one image."""

    objects: list[_Object]
    instances: NDArray[np.uint32]  # (H, W), 0 is nothing, n the object n - 1
    areas: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.areas = np.bincount(self.instances.ravel(), minlength=len(self.objects) + 1)


def write(target: IO[bytes], source: Source, images: Iterable[ImageRecord]) -> Outcome:
    """Write all images; of each only one lies in memory."""
    writer = _Writer(source)
    with zipfile.ZipFile(target, "w", _COMPRESSED, compresslevel=4) as archive:
        archive.writestr("labels.json", _json(writer.labels_document()))
        for image in images:
            writer.add(archive, image)
        archive.writestr("panoptic.json", _json(writer.panoptic))
    return writer.finished()


class _Writer:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.outcome = Outcome()
        self.numbers = {label.id: number for number, label in enumerate(source.labels, 1)}
        self.small = len(source.labels) < _IGNORED_SMALL
        self.ignored = _IGNORED_SMALL if self.small else _IGNORED_LARGE
        self.panoptic: dict[str, Any] = {
            "info": {"description": source.name},
            "images": [],
            "annotations": [],
            "categories": [_category(number, label) for number, label in enumerate(source.labels, 1)],
        }
        self._names: set[str] = set()
        self._without_area = 0
        self._too_large: list[str] = []

    def labels_document(self) -> dict[str, Any]:
        """Say which number is which label."""
        classes = [
            {"number": n, "label": label.id, "name": label.name, "color": label.color} for n, label in enumerate(self.source.labels, 1)
        ]
        return {"nothing": 0, "ignored": self.ignored, "ignore_below": self.source.ignore_below, "classes": classes}

    def add(self, archive: zipfile.ZipFile, image: ImageRecord) -> None:
        """Write the maps of an image."""
        if image.width * image.height > MAX_PIXELS:
            self._too_large.append(image.name)
            return
        self.outcome.images += 1
        maps = self._maps(image)
        self.outcome.annotations += len(maps.objects)
        name = self._name(image)
        archive.writestr(f"semantic/{name}.png", self._semantic(maps), _STORED)
        archive.writestr(f"instances/{name}.png", _instances(maps), _STORED)
        archive.writestr(f"panoptic/{name}.png", _panoptic(maps), _STORED)
        archive.writestr(f"objects/{name}.json", _json([_row(n, one, image) for n, one in enumerate(maps.objects, 1)]))
        with tempfile.TemporaryFile() as stack:
            _write_stack(stack, maps, image)
            stack.seek(0)
            with archive.open(zipfile.ZipInfo(f"objects/{name}.npz"), "w", force_zip64=True) as entry:
                while chunk := stack.read(1 << 20):
                    entry.write(chunk)
        self._note_panoptic(maps, image, name)

    def finished(self) -> Outcome:
        """Return the outcome with what was left out."""
        if self._without_area:
            self.outcome.notes.append(f"{self._without_area} labels of whole images, lines and points have no pixels; they are left out.")
        if self._too_large:
            some = ", ".join(self._too_large[:5])
            self.outcome.notes.append(f"{len(self._too_large)} images of more than {MAX_PIXELS:,} pixels are left out: {some}.")
        return self.outcome

    def _maps(self, image: ImageRecord) -> _Maps:
        height, width = image.height, image.width
        ordered = sorted(image.annotations, key=lambda document: document.get("z", 0))  # stable: drawn later lies above
        objects = [one for document in ordered if (one := self._object(document, image)) is not None]
        instances = np.zeros((height, width), dtype=np.uint32)
        for n, one in enumerate(objects, 1):
            place, pixels = one.window(height, width)
            instances[place][pixels] = n
        return _Maps(objects, instances)

    def _object(self, document: dict[str, Any], image: ImageRecord) -> _Object | None:
        number = self.numbers.get(document["label"])
        shape = document["shape"]
        if number is None:
            return None
        counts = _counts(shape, image)
        bounds = mask_bounds(counts, (image.height, image.width)) if counts else None
        if bounds is None:
            self._without_area += 1
            return None
        confidence, threshold = document["confidence"], self.source.ignore_below
        ignored = threshold is not None and confidence is not None and confidence < threshold
        x0, y0, x1, y1 = (int(value) for value in bounds)
        return _Object(document, number, counts, (x0, y0, x1, y1), ignored)

    def _name(self, image: ImageRecord) -> str:
        path = PurePosixPath(image.name.replace("\\", "/"))
        plain = "/".join(part for part in path.with_suffix("").parts if part not in ("..", ".", "/")) or str(image.id)
        name = plain if plain not in self._names else f"{plain}-{image.id}"
        self._names.add(name)
        return name

    def _semantic(self, maps: _Maps) -> bytes:
        classes = np.array([0, *(self.ignored if one.ignored else one.number for one in maps.objects)], dtype=np.uint16)
        found = classes[maps.instances]
        if not self.small:
            return _png(Picture.fromarray(found))
        picture = Picture.fromarray(found.astype(np.uint8)).convert("P")
        picture.putpalette(_palette(self.source.labels))
        return _png(picture)

    def _note_panoptic(self, maps: _Maps, image: ImageRecord, name: str) -> None:
        file = f"{name}.png"
        self.panoptic["images"].append({"id": image.id, "file_name": image.name, "width": image.width, "height": image.height})
        segments = []
        for n, one in enumerate(maps.objects, 1):
            if one.ignored or not maps.areas[n]:
                continue
            x0, y0, x1, y1 = one.bounds
            rows, columns = np.nonzero(maps.instances[y0:y1, x0:x1] == n)
            left, top = int(columns.min()) + x0, int(rows.min()) + y0
            box = [left, top, int(columns.max()) + x0 + 1 - left, int(rows.max()) + y0 + 1 - top]
            segments.append({"id": n, "category_id": one.number, "area": int(maps.areas[n]), "bbox": box, "iscrowd": 0})
        self.panoptic["annotations"].append({"image_id": image.id, "file_name": file, "segments_info": segments})


def _counts(shape: dict[str, Any], image: ImageRecord) -> str:
    if shape["type"] == "mask":
        return str(shape["counts"])
    polygons = [] if shape["type"] == "whole" else shape_polygons(shape)
    return polygons_to_counts(polygons, height=image.height, width=image.width) if polygons else ""


def _category(number: int, label: LabelRecord) -> dict[str, Any]:
    return {"id": number, "name": label.name, "supercategory": "", "isthing": 1, "color": list(_rgb(label.color))}


def _row(n: int, one: _Object, image: ImageRecord) -> dict[str, Any]:
    x0, y0, x1, y1 = one.bounds
    document = one.document
    return {
        "instance": n, "id": document["id"], "class": one.number, "ignored": one.ignored, "confidence": document["confidence"],
        "z": document.get("z", 0), "attributes": document["attributes"], "area": mask_area(one.counts), "bbox": [x0, y0, x1 - x0, y1 - y0],
        "segmentation": {"size": [image.height, image.width], "counts": one.counts},
    }  # fmt: skip


def _rgb(color: str) -> tuple[int, int, int]:
    value = int(color.lstrip("#") or "0", 16)
    return value >> 16 & 255, value >> 8 & 255, value & 255


def _palette(labels: tuple[LabelRecord, ...]) -> list[int]:
    """Black for nothing, the labels' own colours, and the pale gray of Pascal VOC's border for what is ignored."""
    colors = [(0, 0, 0), *(_rgb(label.color) for label in labels)]
    colors += [(0, 0, 0)] * (_IGNORED_SMALL - len(colors)) + [(224, 224, 192)]
    return [channel for color in colors for channel in color]


def _instances(maps: _Maps) -> bytes:
    """Instances beyond what 16 bits hold count as nothing; panoptic and objects have them."""
    shown = _visible(maps)
    shown[shown > MAX_INSTANCES] = 0
    return _png(Picture.fromarray(shown.astype(np.uint16)))


def _panoptic(maps: _Maps) -> bytes:
    shown = _visible(maps)
    return _png(Picture.fromarray(np.stack([shown & 255, shown >> 8 & 255, shown >> 16 & 255], axis=-1).astype(np.uint8)))


def _visible(maps: _Maps) -> NDArray[np.uint32]:
    numbers = np.array([0, *(0 if one.ignored else n for n, one in enumerate(maps.objects, 1))], dtype=np.uint32)
    visible: NDArray[np.uint32] = numbers[maps.instances]
    return visible


def _png(picture: Picture.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _json(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)


def _write_stack(target: IO[bytes], maps: _Maps, image: ImageRecord) -> None:
    """Write what ``numpy.savez_compressed(masks=…, labels=…)`` would, one object after the other."""
    objects = maps.objects
    with zipfile.ZipFile(target, "w", _COMPRESSED, compresslevel=1) as archive:
        with archive.open("masks.npy", "w", force_zip64=True) as entry:
            for part in _npy((len(objects), image.height, image.width), np.uint8):
                entry.write(part)
            for one in objects:
                channel = np.zeros((image.height, image.width), dtype=np.uint8)
                place, pixels = one.window(image.height, image.width)
                channel[place] = pixels
                entry.write(channel.data.cast("B"))
        with archive.open("labels.npy", "w") as entry:
            for part in _npy((len(objects),), np.int64):
                entry.write(part)
            entry.write(np.array([one.number for one in objects], dtype=np.int64).tobytes())


def _npy(shape: tuple[int, ...], dtype: type[np.generic]) -> Iterator[bytes]:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape})
    yield header.getvalue()
