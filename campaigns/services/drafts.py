"""What models drafted: one authorless annotation set per image, replaced model by model."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from orjson import Fragment

from campaigns.encoding import DraftText
from campaigns.models import AnnotationSet, Label

Drafts = list[dict[str, Any]] | DraftText
_A_MODEL = re.compile(r'"model":\s*')
_NAMED_MODEL = re.compile(r'"model":\s*\{\s*"id":\s*(\d+)\s*[,}]')


def write_drafts(*, image_id: int, model_id: int, annotations: list[dict[str, Any]]) -> int:
    """Replace one model's drafts on one image; return the drafted set's id."""
    return write_drafts_bulk(model_id=model_id, drafts={image_id: annotations})[image_id]


def write_drafts_bulk(*, model_id: int, drafts: Mapping[int, Drafts]) -> dict[int, int]:
    """Replace one model's drafts on many images; return the drafted set's id for each image.

    What other models drafted stays. Writing the same drafts again changes nothing, not even a version. The
    annotations were checked by whoever drafted them; only labels that were removed meanwhile are left out.
    """
    with transaction.atomic():
        drafts = _without_removed_labels(drafts)
        # As text: a set that another model drafted gets a second model's drafts without being read.
        there = AnnotationSet.objects.select_for_update().filter(image__in=list(drafts), author=None).defer("annotations")
        existing = {s.image_id: s for s in there.annotate(stored=Cast("annotations", TextField()))}
        fresh = [
            AnnotationSet(image_id=image, author=None, annotations=_as_written(drafts[image])) for image in drafts if image not in existing
        ]
        # ignore_conflicts: two models may draft on one image for the first time at once.
        AnnotationSet.objects.bulk_create(fresh, batch_size=200, ignore_conflicts=True)
        rivals = _first_by_another([s.image_id for s in fresh], drafts)
        changed = [s for s in existing.values() if _replace(s, s.stored, model_id, drafts[s.image_id])]
        changed += [s for s in rivals if _merge(s, s.annotations, model_id, _as_read(drafts[s.image_id]))]
        # An insert that meets the row it came from: bulk_update would write one CASE per row and field, ten times as slow.
        AnnotationSet.objects.bulk_create(
            changed, batch_size=200, update_conflicts=True, unique_fields=["id"], update_fields=["annotations", "version", "updated_at"]
        )
        return dict(AnnotationSet.objects.filter(image__in=list(drafts), author=None).values_list("image_id", "pk"))


def _as_written(drafts: Drafts) -> list[dict[str, Any]] | Fragment:
    return Fragment(drafts.text) if isinstance(drafts, DraftText) else drafts


def _as_read(drafts: Drafts) -> list[dict[str, Any]]:
    return drafts.annotations() if isinstance(drafts, DraftText) else drafts


def _first_by_another(fresh: list[int], drafts: Mapping[int, Drafts]) -> list[AnnotationSet]:
    """Return the sets of fresh images that another model made between our look and our insert, which the insert passed over.

    SQLite lets one transaction write at a time, so there is no between.
    """
    if not fresh or not connection.features.has_select_for_update:
        return []
    there = AnnotationSet.objects.select_for_update().filter(image__in=fresh, author=None)
    return [s for s in there if s.annotations != _as_read(drafts[s.image_id])]


def _without_removed_labels(drafts: Mapping[int, Drafts]) -> Mapping[int, Drafts]:
    used = {label for each in drafts.values() for label in _labels_of(each)}
    gone = used.difference(Label.objects.filter(pk__in=used).values_list("pk", flat=True)) if used else used
    if not gone:
        return drafts
    return {image: [a for a in _as_read(each) if a["label"] not in gone] for image, each in drafts.items()}


def _labels_of(drafts: Drafts) -> Iterable[int]:
    return drafts.labels if isinstance(drafts, DraftText) else {a["label"] for a in drafts}


def _replace(drafted: AnnotationSet, stored: str, model_id: int, drafts: Drafts) -> bool:
    """Put one model's drafts into a set that is stored as the text ``stored``; return whether that changes it."""
    if isinstance(drafts, DraftText):
        if stored.encode() == drafts.text:
            return False
        longer = appended(stored, model_id, drafts.text)
        if longer is not None:
            if longer == stored.encode():
                return False
            drafted.annotations = Fragment(longer)
            drafted.version += 1
            return True
    return _merge(drafted, orjson.loads(stored), model_id, _as_read(drafts))


def appended(stored: str, model_id: int, drafts: bytes) -> bytes | None:
    """Return the JSON text of a list with a model's drafts behind what is there; None when it may have drafts of that model already.

    That is seen in the text: all annotations that name a model begin with its id, and none has this one.
    """
    named = _NAMED_MODEL.findall(stored)
    if str(model_id) in named or len(named) != len(_A_MODEL.findall(stored)):
        return None
    inner = [each for each in (stored.strip()[1:-1].encode(), drafts.strip()[1:-1]) if each.strip()]
    return b"[" + b",".join(inner) + b"]"


def _merge(drafted: AnnotationSet, there: list[dict[str, Any]], model_id: int, annotations: list[dict[str, Any]]) -> bool:
    others = [a for a in there if (a.get("model") or {}).get("id") != model_id]
    merged = [*others, *annotations]
    if merged == there:
        return False
    drafted.annotations = merged
    drafted.version += 1
    return True
