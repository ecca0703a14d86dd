"""COCO instances and keypoints (https://cocodataset.org/#format-data), streamed: memory does not grow with the campaign.

A polygon without holes is written as rings, whose union it is; holes survive as run lengths, and the outline itself stands
beside them under "winnow", as does the angle of a turned box, so that reading gives back what was written. What has an
outline but no place in COCO (an ellipse) is written as that outline, at most a tenth of a pixel away from it, with the
shape itself under "winnow". Keypoints stand in the order of the label's skeleton, one that is missing as 0, 0, 0.
Categories are numbered from 1 in the order of the labels.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import IO, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from campaigns.formats.records import BadFormat, Contents, ImageRecord, LabelRecord, Outcome, Source, annotation
from campaigns.geometry import (
    InvalidShape,
    Skeleton,
    box_corners,
    circle_of,
    encode_counts,
    mask_area,
    mask_bounds,
    polygons_to_counts,
    shape_area,
    shape_bounds,
    shape_polygons,
)
from campaigns.geometry.masks import decode_counts

_CHUNK = 2000  # annotations that are measured and written together
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def write(target: IO[bytes], source: Source, images: Iterable[ImageRecord]) -> Outcome:
    """Write all images; a temporary file holds the annotations until the list of images is complete."""
    writer = _Writer(source)
    target.write(b'{"info":' + orjson.dumps({"description": source.name, "version": "1.0", "contributor": "Winnow"}))
    target.write(b',"licenses":[],"categories":' + orjson.dumps([_category(n, label) for n, label in enumerate(source.labels, 1)]))
    target.write(b',"images":[')
    with tempfile.TemporaryFile() as annotations:
        for image in images:
            target.write(b"," * (writer.outcome.images > 0) + _image(image))
            writer.add(image)
            if writer.pending() >= _CHUNK:
                annotations.write(writer.flushed())
        annotations.write(writer.flushed())
        target.write(b'],"annotations":[')
        annotations.seek(0)
        shutil.copyfileobj(annotations, target, 1 << 20)
    target.write(b"]}\n")
    return writer.finished()


def _category(number: int, label: LabelRecord) -> dict[str, Any]:
    category: dict[str, Any] = {"id": number, "name": label.name, "supercategory": "", "color": label.color}
    skeleton = Skeleton.from_document(label.skeleton)
    if skeleton:
        place = {name: n for n, name in enumerate(skeleton.names, 1)}  # COCO counts from 1
        category["keypoints"] = skeleton.names
        category["skeleton"] = [[place[a], place[b]] for a, b in skeleton.edges]
        category["winnow"] = {"skeleton": skeleton.as_document()}
    return category


def _image(image: ImageRecord) -> bytes:
    row = {"id": image.id, "file_name": image.name, "width": image.width, "height": image.height}
    return orjson.dumps({**row, "split": image.split} if image.split else row)


class _Writer:
    """Collects annotations and measures their polygons many at a time: one by one would cost more than everything else."""

    def __init__(self, source: Source) -> None:
        self.outcome = Outcome()
        self._categories = {label.id: number for number, label in enumerate(source.labels, 1)}
        self._names = {label.id: _point_names(label) for label in source.labels}
        self._rows: list[dict[str, Any]] = []
        self._rings: list[list[float]] = []  # flat x, y, x, y… of the polygons among the rows
        self._owners: list[int] = []  # for each ring, the row that it belongs to
        self._whole = 0
        self._lines = 0
        self._strangers = 0  # points whose names the skeleton does not have

    def pending(self) -> int:
        """Count rows that wait to be written."""
        return len(self._rows)

    def add(self, image: ImageRecord) -> None:
        """Take an image's annotations."""
        self.outcome.images += 1
        for document in image.annotations:
            category = self._categories.get(document["label"])
            if category is None:
                continue
            shape = document["shape"]
            kind = shape["type"]
            if kind == "whole":
                self._whole += 1
            elif kind == "polyline":
                self._lines += 1
            else:
                self._add_row(image, document, shape, kind, category)

    def _add_row(self, image: ImageRecord, document: dict[str, Any], shape: dict[str, Any], kind: str, category: int) -> None:
        number = self.outcome.annotations = self.outcome.annotations + 1
        row = {"id": number, "image_id": image.id, "category_id": category, "iscrowd": 0, "origin": document["origin"]}
        if document["confidence"] is not None:
            row["score"] = document["confidence"]
        if document["attributes"]:
            row["attributes"] = document["attributes"]
        if kind == "polygon" and max(map(len, shape["polygons"])) == 1:
            flat = [list(chain.from_iterable(rings[0]))[:-2] for rings in shape["polygons"]]  # COCO does not close its rings
            self._rings += flat
            self._owners += [len(self._rows)] * len(flat)
            row["segmentation"] = flat
        else:
            row.update(self._other(shape, kind, image, document["label"]))
        self._rows.append(row)

    def _other(self, shape: dict[str, Any], kind: str, image: ImageRecord, label: int) -> dict[str, Any]:
        if kind == "polygon":
            counts = polygons_to_counts(shape["polygons"], height=image.height, width=image.width)
            return {**_run_lengths(counts, image.height, image.width), "winnow": {"polygons": shape["polygons"]}}
        if kind == "mask":
            return _run_lengths(shape["counts"], *shape["size"])
        if kind == "points":
            names = self._names[label]
            self._strangers += sum(point["name"] not in names for point in shape["points"]) if names else 0
            return _keypoints(shape, names)
        return _box(shape) if kind == "box" else _outlined(shape)

    def flushed(self) -> bytes:
        """Return the rows that waited, as JSON without the brackets."""
        if not self._rows:
            return b""
        if self._rings:
            self._measure()
        first = self.outcome.annotations == len(self._rows)
        content = orjson.dumps(self._rows, option=_OPTIONS)[1:-1]
        self._rows, self._rings, self._owners = [], [], []
        return content if first else b"," + content

    def _measure(self) -> None:
        owners = np.array(self._owners)
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        areas, lows, highs = _measured(self._rings)
        areas = np.add.reduceat(areas, starts)
        lows, highs = np.minimum.reduceat(lows, starts), np.maximum.reduceat(highs, starts)
        boxes = np.hstack((lows, highs - lows)).tolist()
        for owner, area, box in zip(owners[starts].tolist(), areas.tolist(), boxes, strict=True):
            self._rows[owner]["area"] = area
            self._rows[owner]["bbox"] = box

    def finished(self) -> Outcome:
        """Return what was written, with what was left out."""
        lost = "were left out, since COCO has no place for them; export them as"
        if self._whole:
            self.outcome.notes.append(f"{self._whole} labels of whole images {lost} CSV.")
        if self._lines:
            self.outcome.notes.append(f"{self._lines} lines {lost} GeoJSON.")
        if self._strangers:
            self.outcome.notes.append(f"{self._strangers} points were left out, since the skeleton of their label does not name them.")
        return self.outcome


def _measured(rings: Sequence[list[float]]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the areas (N,) and the corners (N, 2) of the bounds of open rings given as flat lists."""
    lengths = np.fromiter(map(len, rings), dtype=np.int64, count=len(rings))
    points = np.fromiter(chain.from_iterable(rings), dtype=np.float64, count=int(lengths.sum())).reshape(-1, 2)
    ends = np.cumsum(lengths // 2)
    starts = ends - lengths // 2
    following = np.arange(1, len(points) + 1)
    following[ends - 1] = starts
    x, y = points[:, 0], points[:, 1]
    areas = np.abs(np.add.reduceat(x * y[following] - x[following] * y, starts)) / 2
    return areas, np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)


def _run_lengths(counts: str, height: int, width: int) -> dict[str, Any]:
    x0, y0, x1, y1 = mask_bounds(counts, (height, width)) or (0.0, 0.0, 0.0, 0.0)
    segmentation = {"size": [height, width], "counts": counts}
    return {"segmentation": segmentation, "area": mask_area(counts), "bbox": [x0, y0, x1 - x0, y1 - y0]}


def _box(shape: dict[str, Any]) -> dict[str, Any]:
    x0, y0, x1, y1 = shape_bounds(shape) or (0.0, 0.0, 0.0, 0.0)
    row: dict[str, Any] = {"bbox": [x0, y0, x1 - x0, y1 - y0], "area": shape["width"] * shape["height"]}
    if not shape.get("rotation"):
        return {**row, "segmentation": []}
    turned = {"box": [shape["x"], shape["y"], shape["width"], shape["height"]], "rotation": shape["rotation"]}
    return {**row, "segmentation": [list(chain.from_iterable(box_corners(shape)[:-1]))], "winnow": turned}


def _outlined(shape: dict[str, Any]) -> dict[str, Any]:
    x0, y0, x1, y1 = shape_bounds(shape) or (0.0, 0.0, 0.0, 0.0)
    rings = [list(chain.from_iterable(rings[0][:-1])) for rings in shape_polygons(shape)]
    return {"bbox": [x0, y0, x1 - x0, y1 - y0], "area": shape_area(shape), "segmentation": rings, "winnow": {"shape": shape}}


def _point_names(label: LabelRecord) -> list[str]:
    skeleton = Skeleton.from_document(label.skeleton)
    return skeleton.names if skeleton else []


def _keypoints(shape: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    named = {point["name"]: point for point in shape["points"]}
    points = [named.get(name) for name in names] if names else shape["points"]
    flat = list(chain.from_iterable((p["x"], p["y"], p["v"]) if p and p["v"] else (0, 0, 0) for p in points))
    x0, y0, x1, y1 = shape_bounds(shape) or (0.0, 0.0, 0.0, 0.0)
    box = [x0, y0, x1 - x0, y1 - y0]
    there = sum(1 for p in points if p and p["v"])
    row = {"keypoints": flat, "num_keypoints": there, "bbox": box, "area": box[2] * box[3], "segmentation": []}
    return row if names else {**row, "winnow": {"shape": shape}}  # without a skeleton nothing else keeps the names


def read(source: IO[bytes]) -> Contents:
    """Read a COCO file of any origin; annotations that cannot be understood are named in the notes."""
    try:
        document = orjson.loads(source.read())
        categories, images, annotations = document["categories"], document["images"], document.get("annotations", [])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise BadFormat('This is no COCO file: it is JSON with "images", "categories" and "annotations".') from None
    contents = Contents(labels=[_label(category) for category in categories])
    names = {category["id"]: category.get("keypoints") or [] for category in categories}
    by_image: dict[int, list[dict[str, Any]]] = {}
    for row in annotations:
        try:
            shape = _shape(row, names.get(row["category_id"], []))
            found = annotation(str(row.get("id", "")), row["category_id"], shape, row.get("score"), row.get("origin", "human"))
            by_image.setdefault(row["image_id"], []).append({**found, "attributes": row.get("attributes") or {}})
        except (KeyError, TypeError, ValueError, IndexError, InvalidShape) as error:
            contents.notes.append(f"Annotation {row.get('id') if isinstance(row, dict) else row!r} was left out: {error}.")
    for image in images:
        documents = by_image.get(image["id"], [])
        split = image.get("split", "")
        contents.images.append(ImageRecord(image["id"], image["file_name"], image["width"], image["height"], documents, split=split))
    return contents


def _label(category: dict[str, Any]) -> LabelRecord:
    skeleton = _skeleton(category) if category.get("keypoints") else None
    return LabelRecord(category["id"], category["name"], category.get("color") or "#0072b2", skeleton.as_document() if skeleton else {})


def _skeleton(category: dict[str, Any]) -> Skeleton | None:
    """Read the points of a category; files of others have no template, so theirs is a circle. None where it makes no sense."""
    names = category["keypoints"]
    try:
        edges = [[names[a - 1], names[b - 1]] for a, b in category.get("skeleton") or [] if min(a, b) > 0]
        ours = (category.get("winnow") or {}).get("skeleton") or {"points": circle_of(names), "edges": edges}
        return Skeleton.from_document(ours)
    except (InvalidShape, IndexError, TypeError, ValueError):
        return None


def _shape(row: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    ours = row.get("winnow") or {}
    if "shape" in ours:
        return dict(ours["shape"])
    if "polygons" in ours:
        return {"type": "polygon", "polygons": ours["polygons"]}
    if "rotation" in ours:
        x, y, width, height = ours["box"]
        return {"type": "box", "x": x, "y": y, "width": width, "height": height, "rotation": ours["rotation"]}
    if row.get("keypoints"):
        return {"type": "points", "points": _read_keypoints(row["keypoints"], names)}
    segmentation = row.get("segmentation")
    if isinstance(segmentation, dict):
        return _read_mask(segmentation)
    if segmentation:
        return {"type": "polygon", "polygons": [[_ring(flat)] for flat in segmentation]}
    x, y, width, height = row["bbox"]
    return {"type": "box", "x": x, "y": y, "width": width, "height": height, "rotation": 0.0}


def _ring(flat: list[float]) -> list[list[float]]:
    ring = [[float(x), float(y)] for x, y in zip(flat[::2], flat[1::2], strict=True)]
    return ring if ring[0] == ring[-1] else [*ring, list(ring[0])]


def _read_mask(segmentation: dict[str, Any]) -> dict[str, Any]:
    counts, size = segmentation["counts"], segmentation["size"]
    text = encode_counts(counts) if isinstance(counts, list) else encode_counts(decode_counts(counts))
    x0, y0, x1, y1 = mask_bounds(text, size) or (0.0, 0.0, 0.0, 0.0)
    return {"type": "mask", "size": list(size), "counts": text, "bbox": [x0, y0, x1 - x0, y1 - y0]}


def _read_keypoints(flat: list[float], names: Sequence[str]) -> list[dict[str, Any]]:
    points = []
    for n, (x, y, v) in enumerate(zip(flat[::3], flat[1::3], flat[2::3], strict=True)):
        points.append({"name": names[n] if n < len(names) else str(n + 1), "x": float(x), "y": float(y), "v": int(v)})
    return points
