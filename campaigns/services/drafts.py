"""What models drafted: one authorless annotation set per image, replaced model by model."""

from typing import Any

from django.db import connection, transaction

from campaigns.models import AnnotationSet, Label


def write_drafts(*, image_id: int, model_id: int, annotations: list[dict[str, Any]]) -> int:
    """Replace one model's drafts on one image; return the drafted set's id."""
    return write_drafts_bulk(model_id=model_id, drafts={image_id: annotations})[image_id]


def write_drafts_bulk(*, model_id: int, drafts: dict[int, list[dict[str, Any]]]) -> dict[int, int]:
    """Replace one model's drafts on many images; return the drafted set's id for each image.

    What other models drafted stays. Writing the same drafts again changes nothing, not even a version. The
    annotations were checked by whoever drafted them; only labels that were removed meanwhile are left out.
    """
    with transaction.atomic():
        drafts = _without_removed_labels(drafts)
        existing = {s.image_id: s for s in AnnotationSet.objects.select_for_update().filter(image__in=list(drafts), author=None)}
        fresh = [AnnotationSet(image_id=image, author=None, annotations=drafts[image]) for image in drafts if image not in existing]
        # ignore_conflicts: two models may draft on one image for the first time at once.
        AnnotationSet.objects.bulk_create(fresh, batch_size=200, ignore_conflicts=True)
        rivals = _first_by_another(fresh)
        changed = [s for s in [*existing.values(), *rivals] if _replace(s, model_id, drafts[s.image_id])]
        # An insert that meets the row it came from: bulk_update would write one CASE per row and field, ten times as slow.
        AnnotationSet.objects.bulk_create(
            changed, batch_size=200, update_conflicts=True, unique_fields=["id"], update_fields=["annotations", "version", "updated_at"]
        )
        return dict(AnnotationSet.objects.filter(image__in=list(drafts), author=None).values_list("image_id", "pk"))


def _first_by_another(fresh: list[AnnotationSet]) -> list[AnnotationSet]:
    """Return the sets that another model made between our look and our insert, which the insert passed over.

    SQLite lets one transaction write at a time, so there is no between.
    """
    if not fresh or not connection.features.has_select_for_update:
        return []
    ours = {s.image_id: s.annotations for s in fresh}
    there = AnnotationSet.objects.select_for_update().filter(image__in=list(ours), author=None)
    return [s for s in there if s.annotations != ours[s.image_id]]


def _without_removed_labels(drafts: dict[int, list[dict[str, Any]]]) -> dict[int, list[dict[str, Any]]]:
    used = {a["label"] for annotations in drafts.values() for a in annotations}
    gone = used.difference(Label.objects.filter(pk__in=used).values_list("pk", flat=True)) if used else used
    if not gone:
        return drafts
    return {image: [a for a in annotations if a["label"] not in gone] for image, annotations in drafts.items()}


def _replace(drafted: AnnotationSet, model_id: int, annotations: list[dict[str, Any]]) -> bool:
    others = [a for a in drafted.annotations if (a.get("model") or {}).get("id") != model_id]
    merged = [*others, *annotations]
    if merged == drafted.annotations:
        return False
    drafted.annotations = merged
    drafted.version += 1
    return True
