"""Keep answers: one row per image and model version, the maps as files, the drafts in the images' sets."""

from __future__ import annotations

import base64
import os
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction

from campaigns.models import ItemState, Run, RunItem
from campaigns.services import write_drafts_bulk
from campaigns.services.drafts import Drafts
from inference.answers import MAP_FIELDS, Answer, Document
from inference.models import Prediction, Prefill
from inference.schema import Prediction as PredictionValue

MAX_REASON = 500
IDS_A_QUERY = 5000


@dataclass(frozen=True, slots=True)
class Answered:
    """An image's answer and how long the model took."""

    image_id: int
    answer: Answer
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """An image that no answer was got for: a word to group by, and a sentence."""

    image_id: int
    code: str
    reason: str
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The model version that answers."""

    model_id: int
    version: str

    @property
    def folder(self) -> str:
        """Where its files lie, under the folders of the data directory."""
        return f"{self.model_id}-{zlib.crc32(self.version.encode()):08x}"


def write_batch(*, run: Run, source: Source, answered: list[Answered], failures: list[Failure], keep_items: bool) -> None:
    """Write one batch of outcomes in one transaction; writing it again changes nothing.

    ``keep_items``: the run has an item per image, whose state is part of the batch.
    """
    with transaction.atomic():
        keep_answers(source=source, answered=answered)
        if keep_items:
            _settle_items(run, answered, failures)


def keep_answers(*, source: Source, answered: list[Answered]) -> None:
    """Write answers and what they draft; writing them again changes nothing."""
    heat_maps = {each.image_id: _write_files(source, each) for each in answered}
    with transaction.atomic():
        _write_drafts(source, answered, _write_predictions(source, answered, heat_maps))


def _write_predictions(source: Source, answered: list[Answered], heat_maps: Mapping[int, str]) -> dict[int, int]:
    rows = [
        Prediction(
            image_id=each.image_id,
            model_id=source.model_id,
            model_version=source.version,
            document=_as_json(each.answer.document),
            confidence=each.answer.confidence,
            uncertainty=each.answer.uncertainty,
            heat_map=heat_maps[each.image_id],
            latency_ms=each.latency_ms,
        )
        for each in answered
    ]
    Prediction.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["image", "model", "model_version"],
        update_fields=["document", "confidence", "uncertainty", "heat_map", "latency_ms", "created_at"],
    )
    return {row.image_id: row.pk for row in rows}  # set by the insert, whether a row was new or not


def _as_json(document: Document) -> dict[str, object] | orjson.Fragment:
    return orjson.Fragment(document) if isinstance(document, bytes) else document


def _write_drafts(source: Source, answered: list[Answered], predictions: Mapping[int, int]) -> None:
    drafts: dict[int, Drafts] = {each.image_id: each.answer.drafts for each in answered if each.answer.drafts is not None}
    if not drafts:
        return
    sets = write_drafts_bulk(model_id=source.model_id, drafts=drafts)
    rows = [Prefill(prediction_id=predictions[image], annotation_set_id=sets[image]) for image in drafts]
    Prefill.objects.bulk_create(rows, update_conflicts=True, unique_fields=["prediction"], update_fields=["annotation_set"])


def _settle_items(run: Run, answered: list[Answered], failures: list[Failure]) -> None:
    done = [RunItem(run=run, image_id=each.image_id, state=ItemState.DONE, latency_ms=each.latency_ms) for each in answered]
    failed = [
        RunItem(
            run=run,
            image_id=each.image_id,
            state=ItemState.FAILED,
            code=each.code,
            reason=each.reason[:MAX_REASON],
            latency_ms=each.latency_ms,
        )
        for each in failures
    ]
    RunItem.objects.bulk_create(
        [*done, *failed], update_conflicts=True, unique_fields=["run", "image"], update_fields=["state", "code", "reason", "latency_ms"]
    )


def _write_files(source: Source, each: Answered) -> str:
    """Write the maps of an answer; return the heat map's path under the data directory, empty without one."""
    for name, data in each.answer.files.items():
        write_file(_map_path(source, each.image_id, name), data)
    if each.answer.heat_map is None:
        return ""
    path = f"heatmaps/{source.folder}/{each.image_id}.png"
    write_file(settings.DATA_DIR / path, each.answer.heat_map)
    return path


def _map_path(source: Source, image_id: int, name: str) -> Path:
    path: Path = settings.DATA_DIR / "predictions" / source.folder / f"{image_id}-{name}"
    return path


def write_file(path: Path, data: bytes) -> None:
    """Write a file at once: a reader sees the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(data)
    beside.replace(path)


def load_prediction(row: Prediction) -> PredictionValue:
    """Return the whole answer, with the maps that lie in files."""
    source = Source(row.model_id, row.model_version)
    return whole_prediction(row.document, lambda name: _map_path(source, row.image_id, name).read_bytes())


def whole_prediction(document: Mapping[str, Any], read: Callable[[str], bytes]) -> PredictionValue:
    """Return the whole answer from its document; ``read`` gives the maps that it names instead of holding."""
    return PredictionValue.from_document({**document, "items": [_with_maps(item, read) for item in document["items"]]})


def _with_maps(item: dict[str, object], read: Callable[[str], bytes]) -> dict[str, object]:
    if item.get("kind") != "raster":
        return item
    filled = dict(item)
    for name in MAP_FIELDS:
        if isinstance(filled.get(name), str):
            filled[name] = base64.b64encode(read(str(filled[name]))).decode("ascii")
    return filled


def missing(image_ids: Iterable[int], source: Source) -> list[int]:
    """Return those images, in order, that the model version has not answered about."""
    wanted = list(image_ids)
    kept = Prediction.objects.filter(model=source.model_id, model_version=source.version).order_by()
    there: set[int] = set()
    for start in range(0, len(wanted), IDS_A_QUERY):
        there.update(kept.filter(image__in=wanted[start : start + IDS_A_QUERY]).values_list("image_id", flat=True))
    return [image for image in wanted if image not in there]
