"""Objects that models found, as arrays: to compare answers, to tell how hard each label is, and to see which objects look alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import numpy as np

from active_learning.acquisition.consistency import Found
from active_learning.acquisition.detection import hardness, label_weights
from active_learning.acquisition.diversity import unit_rows
from active_learning.acquisition.values import Floats, Instances, Rows
from active_learning.embeddings import EmbeddingStore, content_key
from active_learning.services.answers import label_columns
from active_learning.services.truth import truth_of
from campaigns.geometry import shape_bounds
from campaigns.imagery import Refused, read_rgb
from campaigns.models import Campaign, Image
from campaigns.querysets import ImageQuerySet
from campaigns.runs import RunContext
from campaigns.storage import folder, image_path
from inference.models import Prediction
from inference.prefill import object_shape
from inference.schema import READERS, Box, Keypoints, Mask, Polygon
from inference.uncertainty import object_entropy
from models_registry.models import RegisteredModel
from models_registry.networks.backbones import DIMENSION, BackboneSpec, loaded_backbone

OBJECTS_AN_IMAGE: Final = 8
READ_SIDE_PX: Final = 1024
LEAST_CROP_PX: Final = 8
AROUND: Final = 0.1
LEAST_CONFIDENCE: Final = 0.05
KNOWN_IMAGES: Final = 300


def found_in(items: Iterable[Mapping[str, Any]], columns: Mapping[int, int]) -> Found:
    """Return the objects of an answer's items that stand for a column; those without a confidence count as sure."""
    labels, bounds, confidences = [], [], []
    for document in items:
        column = columns.get(document.get("index", -1))
        if column is None:  # a raster has no index, and its maps lie in files
            continue
        item = READERS[document["kind"]](document)
        if not isinstance(item, Box | Polygon | Mask | Keypoints):
            continue
        shape = object_shape(item)
        around = None if shape is None else shape_bounds(shape)
        if around is not None:
            labels.append(column)
            bounds.append(around)
            confidences.append(1.0 if item.confidence is None else item.confidence)
    return Found(np.array(labels, dtype=np.int64), np.array(bounds, dtype=float).reshape(-1, 4), np.array(confidences, dtype=float))


def found_by(campaign: Campaign, model: RegisteredModel, image_ids: Sequence[int]) -> dict[int, Found]:
    """Return what the model version found in images, over the campaign's labels, by image id."""
    columns = label_columns(campaign, model).columns
    rows = Prediction.objects.filter(model=model, model_version=model.version, image__campaign=campaign).values_list("image_id", "document")
    wanted = set(image_ids)
    return {image: found_in(document["items"], columns) for image, document in rows.iterator() if image in wanted}


def weights_of_labels(
    campaign: Campaign, model: RegisteredModel, version: str, labeled: ImageQuerySet, label_ids: Sequence[int], columns: Mapping[int, int]
) -> Floats:
    """Return how much objects of each label weigh, 1…1.2, by what the model makes of images whose truth is known; 1 where none is."""
    newest = Prediction.objects.filter(model=model, model_version=version, image__in=labeled.order_by()).order_by("-image_id")
    rows = dict(newest.values_list("image_id", "document")[:KNOWN_IMAGES])
    place = {label: column for column, label in enumerate(label_ids)}
    hard: dict[int, list[float]] = defaultdict(list)
    for image, true in truth_of(Image.objects.filter(pk__in=rows)).items():
        found = found_in(rows[image]["items"], columns)
        for annotation in true:
            column, around = place.get(annotation["label"]), shape_bounds(annotation["shape"])
            if column is not None and around is not None and annotation.get("review", "accepted") == "accepted":
                hard[column].append(hardness(found, column, around))
    return label_weights([float(np.mean(hard[column])) if hard[column] else 0.0 for column in range(len(label_ids))])


class ObjectLooks:
    """What the objects of images look like: their crops, embedded by the installed backbone and kept by content and place."""

    def __init__(self, context: RunContext, found: Mapping[int, Found], image_ids: Sequence[int]) -> None:
        self._context = context
        self._found = found
        self._image_ids = image_ids
        spec = BackboneSpec.of_size()
        self._spec = spec
        self._store = EmbeddingStore(folder("embeddings") / f"{spec.space}-objects", DIMENSION)

    def __call__(self, rows: Rows) -> Instances:
        """Describe the objects of the images in these rows, of each at most the eight least sure ones."""
        images = Image.objects.in_bulk([self._image_ids[row] for row in rows.tolist()])
        place, label, weight, keys = [], [], [], list[int]()
        for done, row in enumerate(rows.tolist()):
            image = images.get(self._image_ids[row])
            found = self._found.get(self._image_ids[row])
            if image is None or found is None:
                continue
            self._context.progress(done=done, total=len(rows), message="Looking at what the model found")
            known = self._keys(image, found, some := _least_sure(found))
            keys += known
            place += [done] * len(known)
            label += found.label[some][: len(known)].tolist()
            weight += [0.01 + object_entropy(float(value)) for value in found.confidence[some][: len(known)]]
        features = unit_rows(self._store.load(keys)) if keys else np.zeros((0, DIMENSION), np.float32)
        return Instances(np.array(place, dtype=np.int64), np.array(label, dtype=np.int64), features, np.array(weight, dtype=float))

    def _keys(self, image: Image, found: Found, some: Rows) -> list[int]:
        """Return the keys of an image's objects, embedded where they were not; none where the image cannot be read."""
        keys = [content_key(sha256(f"{image.sha256}:{np.round(found.bounds[n], 1).tolist()}".encode()).hexdigest()) for n in some.tolist()]
        missing = set(self._store.missing(keys).tolist())
        if missing:
            try:
                pixels = read_rgb(image_path(image), READ_SIDE_PX)
            except (Refused, OSError, ValueError):
                return []
            crops = {key: _crop(pixels, found.bounds[n], image) for key, n in zip(keys, some.tolist(), strict=True) if key in missing}
            backbone = loaded_backbone("small", self._spec.weights_sha256)
            self._store.append(list(crops), backbone.embed(list(crops.values())))
        return keys


def _least_sure(found: Found) -> Rows:
    likely = np.flatnonzero(found.confidence >= LEAST_CONFIDENCE)
    return likely[np.argsort(np.abs(found.confidence[likely] - 0.5), kind="stable")[:OBJECTS_AN_IMAGE]]


def _crop(pixels: Any, bounds: Floats, image: Image) -> Any:
    """Cut an object out, with a tenth around it, from an image that was perhaps made smaller."""
    high, wide = pixels.shape[:2]
    left, top, right, bottom = bounds * np.array([wide / image.width, high / image.height] * 2)
    across, down = AROUND * (right - left), AROUND * (bottom - top)
    x = int(np.clip(left - across, 0, wide - 1))
    y = int(np.clip(top - down, 0, high - 1))
    return np.ascontiguousarray(
        pixels[y : max(y + LEAST_CROP_PX, int(bottom + down) + 1), x : max(x + LEAST_CROP_PX, int(right + across) + 1)]
    )
