"""What models drafted: one authorless annotation set per image, replaced model by model."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction
from orjson import Fragment

from campaigns.encoding import DraftText
from campaigns.models import AnnotationSet, Label

Drafts = list[dict[str, Any]] | DraftText


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
        existing = {s.image_id: s for s in AnnotationSet.objects.select_for_update().filter(image__in=list(drafts), author=None)}
        fresh = [
            AnnotationSet(image_id=image, author=None, annotations=_as_written(drafts[image])) for image in drafts if image not in existing
        ]
        # ignore_conflicts: two models may draft on one image for the first time at once.
        AnnotationSet.objects.bulk_create(fresh, batch_size=200, ignore_conflicts=True)
        rivals = _first_by_another([s.image_id for s in fresh], drafts)
        changed = [s for s in [*existing.values(), *rivals] if _replace(s, model_id, _as_read(drafts[s.image_id]))]
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


def _replace(drafted: AnnotationSet, model_id: int, annotations: list[dict[str, Any]]) -> bool:
    others = [a for a in drafted.annotations if (a.get("model") or {}).get("id") != model_id]
    merged = [*others, *annotations]
    if merged == drafted.annotations:
        return False
    drafted.annotations = merged
    drafted.version += 1
    return True
