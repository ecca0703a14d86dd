"""Truth and answers of a slice as files: a table, COCO results, or both with the images."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, Final

import orjson

from active_learning.services.answers import label_columns
from active_learning.services.detections import shapes_of
from active_learning.services.statistics import Reading, effective_thresholds, read_slice
from active_learning.services.truth import Annotations, truth_of
from active_learning.training.coco_objects import coco_object
from campaigns.errors import InvalidInput
from campaigns.formats.csv_table import guarded
from campaigns.models import Campaign, Image, Label, User
from campaigns.storage import image_path
from inference.models import Prediction
from models_registry.models import RegisteredModel

KINDS: Final = ("csv", "coco", "zip")
COLUMNS: Final = ("image", "name", "correct", "true", "said", "loss", "confidences")
A_QUERY: Final = 500
PARTS: Final = {"objects": "masks", "points": "points"}


def statistics_file(*, user: User, campaign: Campaign, model_id: int, name: str, kind: str, overlap: float) -> tuple[IO[bytes], str, str]:
    """Return a file of a slice with its name and content type: ``csv`` (a row an image), ``coco`` (results), ``zip`` (all, with images)."""
    reading = read_slice(user=user, campaign=campaign, model_id=model_id, name=name, overlap=overlap)
    if kind not in KINDS:
        raise InvalidInput(f"kind is {', '.join(KINDS)}.", code="invalid_kind")
    stem = f"statistics-{campaign.pk}-{reading.model.pk}"
    if kind == "csv":
        return io.BytesIO(table_of(reading).encode()), f"{stem}.csv", "text/csv; charset=utf-8"
    if kind == "coco":
        return io.BytesIO(orjson.dumps(list(results_of(reading)))), f"{stem}.json", "application/json"
    target = tempfile.TemporaryFile()  # noqa: SIM115, closed by the answer that sends it
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("answers.csv", table_of(reading), zipfile.ZIP_DEFLATED)
        archive.writestr("results.json", orjson.dumps(list(results_of(reading))), zipfile.ZIP_DEFLATED)
        archive.writestr("truth.json", orjson.dumps(_truth_document(reading)), zipfile.ZIP_DEFLATED)
        for image in _images(reading):
            archive.write(image_path(image), f"images/{image.pk}-{image.path.rsplit('/', 1)[-1]}")
    target.seek(0)
    return target, f"{stem}.zip", "application/zip"


def _images(reading: Reading) -> list[Image]:
    ids, found = reading.measures.evidence.image_ids.tolist(), []
    for start in range(0, len(ids), A_QUERY):
        found += list(Image.objects.filter(pk__in=ids[start : start + A_QUERY]).order_by("pk"))
    return found


def table_of(reading: Reading) -> str:
    """Return a CSV with a row an image: what is true, what was said, and how sure the model is."""
    at, _ = effective_thresholds(reading)
    names = dict(Label.objects.filter(campaign=reading.campaign).values_list("pk", "name"))
    right, losses, labels = reading.measures.right(at)[1], reading.measures.losses, reading.label_ids
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row, image in enumerate(_images(reading)):
        told = reading.measures.told(row, at)
        true, said = (";".join(names[labels[k]] for k in each) for each in (told.true, told.said))
        sure = ";".join(f"{names[labels[k]]}={value:.6g}" for k, value in told.confidences)
        writer.writerow(
            [image.pk, *map(guarded, (image.name,)), bool(right[row]), guarded(true), guarded(said), f"{losses[row]:.6g}", guarded(sure)]
        )
    return text.getvalue()


def results_of(reading: Reading) -> Iterator[Mapping[str, Any]]:
    """Yield COCO results of what was found; of answers about whole images the confidence of each label."""
    columns, part = label_columns(reading.campaign, reading.model), PARTS.get(reading.known.kind)
    if part is None:
        yield from _label_results(reading)
        return
    by_id = {image.pk: image for image in _images(reading)}
    names = _point_names(reading.campaign)
    for image, document in _documents(reading.model, sorted(by_id)):
        for column, confidence, shape in shapes_of(document["items"], columns.columns):
            size = {"width": by_id[image].width, "height": by_id[image].height}
            kind = "boxes" if shape["type"] == "box" else part
            made = coco_object(shape, part=kind, place=columns.label_ids[column], names=names, **size)  # type: ignore[arg-type]
            if made is not None:
                yield {"image_id": image, "score": confidence, **made}


def _label_results(reading: Reading) -> Iterator[Mapping[str, Any]]:
    at, labels = effective_thresholds(reading)[0], reading.label_ids
    for row, image in enumerate(reading.measures.evidence.image_ids.tolist()):
        for k, value in reading.measures.told(row, at).confidences:
            yield {"image_id": image, "category_id": labels[k], "score": value}


def _documents(model: RegisteredModel, ids: Sequence[int]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for start in range(0, len(ids), A_QUERY):
        rows = Prediction.objects.filter(model=model, model_version=model.version, image__in=ids[start : start + A_QUERY])
        yield from rows.order_by("image_id").values_list("image_id", "document")


def _point_names(campaign: Campaign) -> tuple[str, ...]:
    skeletons = campaign.labels.values_list("skeleton", flat=True)
    return tuple(dict.fromkeys(point["name"] for each in skeletons for point in (each or {}).get("points", ())))


def _truth_document(reading: Reading) -> dict[str, Any]:
    images = _images(reading)
    truth: dict[int, Annotations] = truth_of(Image.objects.filter(campaign=reading.campaign))
    return {
        "images": [{"id": each.pk, "file_name": each.name, "width": each.width, "height": each.height} for each in images],
        "categories": list(Label.objects.filter(campaign=reading.campaign).values("id", "name")),
        "annotations": [{"image_id": each.pk, "annotations": truth.get(each.pk, [])} for each in images],
    }
