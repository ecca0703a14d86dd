"""Undo what was done to many images, or to a label, at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from django.apps import apps
from django.core import serializers
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone

from campaigns.errors import Conflict, NotAllowed
from campaigns.labeling import restored
from campaigns.models import (
    UNFINISHED,
    AnnotationSet,
    CampaignChange,
    ChangedSet,
    ChangeKind,
    Effort,
    Image,
    ImageState,
    Label,
    LabelUse,
    Revision,
    Role,
    Run,
    User,
)
from campaigns.permissions import ANNOTATE, MANAGE, require_role
from campaigns.runs import enqueue_run
from campaigns.services.label_trees import check_parent
from campaigns.services.rewriting import SETS_A_QUERY, append_revisions, last_revisions, write_sets

UNDONE_AT_ONCE = 2000


def undo_change(*, user: User, change: CampaignChange) -> tuple[CampaignChange, Run | None]:
    """Put sets and labels back to what they were; sets that were edited since are left alone and counted.

    A person undoes the own labelings, managers undo all. Large ones are undone in the background by the run. Raises Conflict for
    what is undone already or still at work, or when a label's name is taken by another label now.
    """
    role = require_role(user, change.campaign, _roles(change))
    if not _is_for(user, role, change):
        raise NotAllowed("Only its author and the campaign's managers undo this.")
    with transaction.atomic():
        _begin(change, user)
        _restore_label(change)
        if ChangedSet.objects.filter(change=change).count() > UNDONE_AT_ONCE:
            return _undo_later(change, user)
    finish_undo(change, user, lambda done: None)
    change.refresh_from_db()
    return change, None


def may_undo(*, user: User, role: Role | None, change: CampaignChange) -> bool:
    """Say whether ``undo_change`` would begin now for a person of this role; the change's run is looked at."""
    return change.undone_at is None and not is_at_work(change) and role in _roles(change) and _is_for(user, role, change)


def is_at_work(change: CampaignChange) -> bool:
    """Say whether a run is making or undoing the change at this moment."""
    return change.run is not None and change.run.state in UNFINISHED


def _roles(change: CampaignChange) -> tuple[Role, ...]:
    return ANNOTATE if change.kind == ChangeKind.LABELING else MANAGE


def _is_for(user: User, role: Role | None, change: CampaignChange) -> bool:
    return change.author_id == user.pk or role in MANAGE


def _begin(change: CampaignChange, user: User) -> None:
    if is_at_work(change):
        raise Conflict("This change is still at work; stop its run first, then undo what it did.", code="still_at_work")
    if not CampaignChange.objects.filter(pk=change.pk, undone_at=None).update(undone_at=timezone.now(), undone_by=user):
        raise Conflict("This change is undone already.", code="undone_already")
    change.refresh_from_db()


def _undo_later(change: CampaignChange, user: User) -> tuple[CampaignChange, Run]:
    total = ChangedSet.objects.filter(change=change).count()
    run = enqueue_run(user=user, kind="labeling", campaign=change.campaign, params={"title": f"Undo: {change.title}"}, total=total)
    change.run, change.data = run, {**change.data, "do": "undo"}
    change.save(update_fields=["run", "data"])
    return change, run


def finish_undo(change: CampaignChange, user: User, tell: Callable[[int], None]) -> None:
    """Restore sets, some at a time, until none is left; called again after a crash, it goes on."""
    done = 0
    while True:
        with transaction.atomic():
            kept = list(ChangedSet.objects.select_for_update().filter(change=change)[:SETS_A_QUERY])
            if not kept:
                return
            left_alone = len(kept) - _restore_sets(kept, user)
            CampaignChange.objects.filter(pk=change.pk).update(left_alone=F("left_alone") + left_alone)
            ChangedSet.objects.filter(pk__in=[each.pk for each in kept]).delete()
        done += len(kept)
        tell(done)


def _restore_sets(kept: Sequence[ChangedSet], user: User) -> int:
    """Restore the sets that nobody edited since; return how many these are."""
    before = {each.annotation_set_id: each for each in kept}
    sets = list(AnnotationSet.objects.select_for_update().filter(pk__in=list(before)).order_by("pk"))
    unedited = [own for own in sets if own.version == before[own.pk].version]
    handed_in = [own for own in unedited if own.submitted_at != before[own.pk].submitted_at]
    _write_back([own for own in unedited if not before[own.pk].made], before, user)
    Effort.objects.filter(annotation_set__in=[own.pk for own in handed_in if before[own.pk].submitted_at is None]).delete()
    AnnotationSet.objects.filter(pk__in=[own.pk for own in unedited if before[own.pk].made]).delete()
    _restore_images(handed_in, before)
    return len(unedited)


def _write_back(sets: Sequence[AnnotationSet], before: dict[int, ChangedSet], user: User) -> None:
    for own in sets:
        was = before[own.pk]
        own.annotations = restored(own.annotations, was.steps)
        own.state, own.edited, own.submitted_at = was.state, was.edited, was.submitted_at
        own.version += 1
    if not sets:
        return
    write_sets(sets)
    revised = Revision.objects.in_bulk([number for own in sets if (number := before[own.pk].revision) is not None])
    texts = {own.pk: (own, revised[number].annotations) for own in sets if (number := before[own.pk].revision) in revised}
    append_revisions(texts, last_revisions([own.pk for own in sets]), author=user)


def _restore_images(handed_in: Sequence[AnnotationSet], before: dict[int, ChangedSet]) -> None:
    """Give images back the state that they had before these sets were handed in, unless somebody else handed one in since."""
    images = [own.image_id for own in handed_in]
    others = AnnotationSet.objects.filter(image__in=images, submitted_at__isnull=False).values_list("image", flat=True)
    spoken_for = set(others)
    by_state: dict[str, list[int]] = {}
    for own in handed_in:
        state = before[own.pk].image_state
        if state != ImageState.UNLABELED or own.image_id not in spoken_for:
            by_state.setdefault(state, []).append(own.image_id)
    for state, those in by_state.items():
        Image.objects.filter(pk__in=those, state=ImageState.SUBMITTED).update(state=state)
        Image.objects.filter(pk__in=those, state=ImageState.EXCLUDED, state_before=ImageState.SUBMITTED).update(state_before=state)


def hanging_rows(label: Label) -> list[dict[str, Any]]:
    """Return, as JSON, the rows of any application that would go with a label; its uses are found out anew."""
    rows: list[models.Model] = []
    for relation in Label._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel) and relation.related_model is not LabelUse and relation.on_delete is models.CASCADE:
            rows += relation.related_model._default_manager.filter(**{relation.field.name: label})
    found: list[dict[str, Any]] = json.loads(serializers.serialize("json", rows))
    return found


def _restore_label(change: CampaignChange) -> None:
    """Give a label back what it had, or make it anew, with what hung on it."""
    was = change.data.get("label")
    if was is None:
        return
    try:
        with transaction.atomic():
            if change.kind == ChangeKind.LABEL:
                _give_back(change, was)
            else:
                _make_anew(change, was)
    except IntegrityError as error:
        message = f"Another label is called {was.get('name', '')!r} by now, or has its key; rename it, then undo."
        raise Conflict(message, code="label_clash") from error


def _give_back(change: CampaignChange, was: dict[str, Any]) -> None:
    if "parent_id" in was:
        check_parent(change.campaign_id, change.data["pk"], was["parent_id"])
    since = Label.objects.filter(pk=change.data["pk"], **change.data["became"])
    if not since.update(**was):
        CampaignChange.objects.filter(pk=change.pk).update(left_alone=1)


def _make_anew(change: CampaignChange, was: dict[str, Any]) -> None:
    taken = Label.objects.filter(campaign=change.campaign, hotkey=was["hotkey"]).exists()
    parent = Label.objects.filter(campaign=change.campaign, pk__in=[was.get("parent_id")]).values_list("pk", flat=True).first()
    label = Label.objects.create(campaign=change.campaign, **{**was, "hotkey": "" if taken else was["hotkey"], "parent_id": parent})
    for child in Label.objects.filter(campaign=change.campaign, pk__in=change.data.get("children", []), parent=parent).exclude(pk=parent):
        child.parent = label
        child.save(update_fields=["parent"])
    for row in serializers.deserialize("python", change.data["rows"], ignorenonexistent=True):
        model = apps.get_model(row.object._meta.label)
        if _parents_are_there(row.object):
            model._default_manager.bulk_create([row.object], ignore_conflicts=True)


def _parents_are_there(row: models.Model) -> bool:
    parents = [(field.related_model, getattr(row, field.attname)) for field in row._meta.concrete_fields if field.related_model]
    return all(pk is None or parent._default_manager.filter(pk=pk).exists() for parent, pk in parents)
