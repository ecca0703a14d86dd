"""Write many sets at once, and keep how they were, so that it can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils import timezone

from campaigns.announcing import announce_many
from campaigns.documents import label_uses
from campaigns.labeling import difference
from campaigns.models import AnnotationSet, CampaignChange, ChangedSet, Image, ImageState, LabelUse, Revision, SetState, User, becoming
from campaigns.services.annotations import write_effort, write_uses

SETS_A_QUERY = 200


@dataclass(frozen=True)
class Rewrite:
    """One locked set and what it becomes.

    ``submit`` hands it in; ``revised`` is the last revision's new text, None keeps none; ``made``: it was made for this.
    """

    own: AnnotationSet
    annotations: list[dict[str, Any]]
    edited: bool = True
    submit: bool = False
    state: str | None = None
    made: bool = False
    revised: list[dict[str, Any]] | None = None


def rewrite_sets(change: CampaignChange, rewrites: Sequence[Rewrite], *, author: User | None) -> None:
    """Write sets in the caller's transaction, which holds their rows locked, and remember them in the change."""
    if not rewrites:
        return
    rows = Image.objects.filter(pk__in=[r.own.image_id for r in rewrites]).values_list("pk", "state", "state_before")
    images = {pk: before or state for pk, state, before in rows}
    last = last_revisions([r.own.pk for r in rewrites])
    kept = [_remember(change, rewrite, images[rewrite.own.image_id], last) for rewrite in rewrites]
    ChangedSet.objects.bulk_create(kept, batch_size=SETS_A_QUERY)
    for rewrite in rewrites:
        _become(rewrite)
    write_sets([r.own for r in rewrites])
    texts = {r.own.pk: (r.own, r.annotations if r.submit else r.revised or []) for r in rewrites if r.submit or r.revised is not None}
    revisions = append_revisions(texts, last, author=author)
    handed_in = [r.own for r in rewrites if r.submit]
    done = Image.objects.filter(pk__in=[own.image_id for own in handed_in])
    done.update(**becoming(ImageState.SUBMITTED), leased_by=None, leased_until=None)
    for own in handed_in:
        write_effort(own, change.campaign_id)
    submitted = {own.pk for own in handed_in}
    announce_many([each for each in revisions if each.annotation_set_id in submitted], campaign=change.campaign_id)


def _remember(change: CampaignChange, rewrite: Rewrite, image_state: str, last: dict[int, tuple[int, int]]) -> ChangedSet:
    own = rewrite.own
    revised = rewrite.submit or rewrite.revised is not None
    return ChangedSet(
        change=change,
        annotation_set=own,
        version=own.version + 1,
        made=rewrite.made,
        steps=difference(own.annotations, rewrite.annotations),
        state=own.state,
        edited=own.edited,
        submitted_at=own.submitted_at,
        image_state=image_state,
        revision=last[own.pk][0] if revised and own.pk in last else None,
    )


def _become(rewrite: Rewrite) -> None:
    own = rewrite.own
    own.annotations = rewrite.annotations
    own.edited = own.edited or rewrite.edited
    own.version += 1
    if rewrite.submit:
        own.state, own.submitted_at = SetState.SUBMITTED, timezone.now()
    elif rewrite.state is not None:
        own.state = rewrite.state


def write_sets(sets: Sequence[AnnotationSet]) -> None:
    """Write locked sets with all that stands beside them of their labels."""
    fields = ["annotations", "version", "updated_at", "state", "edited", "submitted_at", "drafted_version"]
    # An insert that meets the row it came from: bulk_update would write one CASE per row and field.
    AnnotationSet.objects.bulk_create(sets, batch_size=SETS_A_QUERY, update_conflicts=True, unique_fields=["id"], update_fields=fields)
    LabelUse.objects.filter(annotation_set__in=[own.pk for own in sets]).delete()
    write_uses({own.pk: label_uses(own.annotations) for own in sets})


def last_revisions(sets: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return (id, number) of the last revision of each set that has one."""
    found = (
        Revision.objects.filter(annotation_set__in=sets).order_by().values("annotation_set").annotate(last=Max("id"), most=Max("number"))
    )
    return {row["annotation_set"]: (row["last"], row["most"]) for row in found}


def append_revisions(
    texts: dict[int, tuple[AnnotationSet, list[dict[str, Any]]]], last: dict[int, tuple[int, int]], *, author: User | None
) -> list[Revision]:
    """Keep one more revision of each set and return them; those before stay as they are."""
    rows = (
        Revision(
            annotation_set=own, image_id=own.image_id, number=last.get(pk, (0, 0))[1] + 1, annotations=text, author=author,
        )
        for pk, (own, text) in texts.items()
    )  # fmt: skip
    return Revision.objects.bulk_create(rows, batch_size=SETS_A_QUERY)
