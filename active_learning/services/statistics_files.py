"""Truth and answers of a slice as files: a table, COCO results, or both with the images."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from pathlib import PurePosixPath
from typing import IO, Final

import numpy as np
import numpy.typing as npt
import orjson
import PIL.Image

from active_learning.services.abstention import unsure_labels
from active_learning.services.statistics import Reading, effective_thresholds, read_slice
from active_learning.services.statistics_coco import images_measured, label_maps, results_of, truth_document
from campaigns.errors import InvalidInput
from campaigns.formats.csv_table import guarded
from campaigns.imagery import Refused, thumbnail
from campaigns.models import Campaign, Image, Label, User
from campaigns.storage import image_path

KINDS: Final = ("csv", "coco", "zip")
PICTURES: Final = ("original", "small", "none")
COLUMNS: Final = ("image", "name", "correct", "true", "said", "loss", "confidences", "unsure")
SMALL_PX: Final = 1024
MOST_COLOURS: Final = 255


def statistics_file(
    *, user: User, campaign: Campaign, model_id: int, name: str, kind: str, overlap: float, pictures: str = "original"
) -> tuple[IO[bytes], str, str]:
    """Return a file of a slice with its name and content type: ``csv`` (a row an image), ``coco`` (results), ``zip`` (all, with images).

    ``pictures`` of a ZIP: as they are, as JPEGs of at most 1024 pixels a side, or none.
    """
    reading = read_slice(user=user, campaign=campaign, model_id=model_id, name=name, overlap=overlap)
    if kind not in KINDS:
        raise InvalidInput(f"kind is {', '.join(KINDS)}.", code="invalid_kind")
    if pictures not in PICTURES:
        raise InvalidInput(f"images is {', '.join(PICTURES)}.", code="invalid_kind")
    stem = f"statistics-{campaign.pk}-{reading.model.pk}"
    if kind == "csv":
        return io.BytesIO(table_of(reading).encode()), f"{stem}.csv", "text/csv; charset=utf-8"
    if kind == "coco":
        return io.BytesIO(orjson.dumps(list(results_of(reading)))), f"{stem}.json", "application/json"
    target = tempfile.TemporaryFile()  # noqa: SIM115, closed by the answer that sends it
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        _fill(archive, reading, pictures)
    target.seek(0)
    return target, f"{stem}.zip", "application/zip"


def _fill(archive: zipfile.ZipFile, reading: Reading, pictures: str) -> None:
    truth = truth_document(reading)
    for row, image in zip(truth["images"], images_measured(reading), strict=True):
        row["file_name"] = _add_picture(archive, image, pictures)
    archive.writestr("answers.csv", table_of(reading), zipfile.ZIP_DEFLATED)
    archive.writestr("results.json", orjson.dumps(list(results_of(reading))), zipfile.ZIP_DEFLATED)
    archive.writestr("truth.json", orjson.dumps(truth), zipfile.ZIP_DEFLATED)
    if reading.known.kind == "areas":
        _add_maps(archive, reading)


def _add_picture(archive: zipfile.ZipFile, image: Image, pictures: str) -> str:
    """Add the picture of an image, and return what it is called there."""
    path = image_path(image)
    if pictures == "small":
        try:
            content, name = thumbnail(path, SMALL_PX), _called(image, ".jpg")
        except (Refused, FileNotFoundError):
            return image.name
        archive.writestr(f"images/{name}", content)
        return name
    if pictures == "none":
        return image.name
    name = _called(image, path.suffix)
    archive.write(path, f"images/{name}")
    return name


def _called(image: Image, suffix: str) -> str:
    """Return a name that people recognize and that no other image of the campaign has."""
    return f"{image.pk}-{PurePosixPath(image.name.replace(chr(92), '/')).stem}{suffix}"


def _add_maps(archive: zipfile.ZipFile, reading: Reading) -> None:
    """Add a picture of what is true and one of what was said of the pixels of each image, in the labels' colours; 0 is no label."""
    labels = {label.pk: label for label in Label.objects.filter(campaign=reading.campaign)}
    rows = ["value,label", "0,", *(f"{n},{guarded(labels[label].name)}" for n, label in enumerate(reading.label_ids, start=1))]
    archive.writestr("labels.csv", "\n".join(rows) + "\n")
    colours = [0, 0, 0, *(part for label in reading.label_ids for part in bytes.fromhex(labels[label].color.removeprefix("#")))]
    for image, *maps in label_maps(reading):
        for name, places in zip(("truth", "said"), maps, strict=True):
            archive.writestr(f"{name}/{image.pk}.png", _png(places + 1, colours))


def _png(values: npt.NDArray[np.int16], colours: list[int]) -> bytes:
    buffer = io.BytesIO()
    if len(colours) // 3 > MOST_COLOURS + 1:
        PIL.Image.fromarray(values.astype(np.uint16)).save(buffer, "PNG")
        return buffer.getvalue()
    picture = PIL.Image.fromarray(values.astype(np.uint8), "P")
    picture.putpalette(colours)
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def table_of(reading: Reading) -> str:
    """Return a CSV with a row an image: what is true, what was said, how sure the model is, and which labels it leaves to people."""
    at, _ = effective_thresholds(reading)
    names = dict(Label.objects.filter(campaign=reading.campaign).values_list("pk", "name"))
    right, losses, labels = reading.measures.right(at)[1], reading.measures.losses, reading.label_ids
    unsure = unsure_labels(reading, at)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row, image in enumerate(images_measured(reading)):
        told = reading.measures.told(row, at)
        true, said = (";".join(names[labels[k]] for k in each) for each in (told.true, told.said))
        sure = ";".join(f"{names[labels[k]]}={value:.6g}" for k, value in told.confidences)
        doubted = ";".join(names[labels[k]] for k in np.flatnonzero(unsure[row]))
        writer.writerow(
            [
                image.pk,
                guarded(image.name),
                bool(right[row]),
                *map(guarded, (true, said)),
                f"{losses[row]:.6g}",
                *map(guarded, (sure, doubted)),
            ]
        )
    return text.getvalue()
