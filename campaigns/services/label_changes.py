"""Rename, recolour, merge and remove labels; each keeps a change, so that it can be undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import IntegrityError, transaction

from campaigns.errors import InvalidInput
from campaigns.labeling import relabeled
from campaigns.models import AnnotationSet, CampaignChange, ChangeKind, Label, Revision, User
from campaigns.permissions import MANAGE, require_role
from campaigns.services.campaigns import checked_fields, checked_text, clash
from campaigns.services.changes import hanging_rows
from campaigns.services.label_trees import check_parent
from campaigns.services.rewriting import SETS_A_QUERY, Rewrite, last_revisions, rewrite_sets


def update_label(*, user: User, label: Label, **changes: Any) -> tuple[Label, CampaignChange | None]:
    """Rename, recolour, move a label or give it another key; annotations follow, since they hold its id.

    Return the label with the change; None where nothing changed.
    """
    require_role(user, label.campaign, MANAGE)
    if "name" in changes:
        changes["name"] = checked_text(changes["name"], "name", 100)
    became = {name: value for name, value in checked_fields(changes).items() if getattr(label, name) != value}
    if not became:
        return label, None
    if "parent_id" in became:
        check_parent(label.campaign_id, label.pk, became["parent_id"])
    was = {name: getattr(label, name) for name in became}
    try:
        with transaction.atomic():
            Label.objects.filter(pk=label.pk).update(**became)
            data = {"pk": label.pk, "label": was, "became": became}
            change = _change(user, label, ChangeKind.LABEL, _update_title(label, became), data)
    except IntegrityError as error:
        raise clash(became.get("name", label.name), became.get("hotkey", label.hotkey)) from error
    label.refresh_from_db()
    return label, change


def _update_title(label: Label, became: dict[str, Any]) -> str:
    if "name" in became:
        return f"Rename {label.name} to {became['name']}"
    return f"Recolour {label.name}" if set(became) == {"color"} else f"Change {label.name}"


def _change(user: User, label: Label, kind: ChangeKind, title: str, data: dict[str, Any]) -> CampaignChange:
    return CampaignChange.objects.create(campaign=label.campaign, author=user, kind=kind, title=title[:300], data=data)


def delete_label(*, user: User, label: Label, merge_into: Label | None = None) -> CampaignChange:
    """Remove a label from every annotation set, or give its annotations to another label of the campaign.

    What was submitted with it gets one more revision, so that exports and trainings follow; earlier ones stay as they are.
    """
    require_role(user, label.campaign, MANAGE)
    if merge_into is not None and (merge_into.campaign_id != label.campaign_id or merge_into.pk == label.pk):
        raise InvalidInput("Merge into another label of the same campaign.", code="invalid_merge")
    fields = ("id", "name", "color", "hotkey", "position", "attributes", "skeleton", "parent_id", "group")
    with transaction.atomic():
        children = list(label.children.values_list("pk", flat=True))
        data = {"label": {name: getattr(label, name) for name in fields}, "rows": hanging_rows(label), "children": children}
        kind, title = ChangeKind.REMOVAL, f"Remove {label.name} from all images"
        if merge_into is not None:
            kind, title = ChangeKind.MERGE, f"Merge {label.name} into {merge_into.name}"
        change = _change(user, label, kind, title, data)
        for sets in _sets_of(label):
            _relabel(change, user, sets, label.pk, merge_into.pk if merge_into else None)
        change.images = change.sets.values("annotation_set__image").distinct().count()
        change.save(update_fields=["images"])
        # What stood under it moves up.
        label.children.update(parent=label.parent_id)
        label.delete()
    return change


def _sets_of(label: Label) -> Iterator[list[AnnotationSet]]:
    """Go through the campaign's sets, locked, some at a time: drafts have no row that says which labels they use."""
    last = 0
    while True:
        page = AnnotationSet.objects.select_for_update().filter(image__campaign=label.campaign_id, pk__gt=last).order_by("pk")
        sets = list(page[:SETS_A_QUERY])
        if not sets:
            return
        last = sets[-1].pk
        yield sets


def _relabel(change: CampaignChange, user: User, sets: Sequence[AnnotationSet], label: int, other: int | None) -> None:
    # A set may have been edited since it was submitted: its last revision may use the label where the set does not, and the other way.
    last = last_revisions([own.pk for own in sets if own.submitted_at is not None])
    said = dict(Revision.objects.filter(pk__in=[pk for pk, _number in last.values()]).values_list("annotation_set", "annotations"))
    rewrites = []
    for own in sets:
        annotations = relabeled(own.annotations, label, other)
        text = relabeled(said[own.pk], label, other) if own.pk in said else None
        revised = text if text is not None and text != said[own.pk] else None
        if annotations is not own.annotations or revised is not None:
            rewrites.append(Rewrite(own, annotations, edited=False, revised=revised))
    rewrite_sets(change, rewrites, author=user)
