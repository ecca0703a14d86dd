"""Decide what becomes of a doubt: keep the label, change it, or take the decision back."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from active_learning.models import DoubtKind, DoubtState, LabelDoubt
from campaigns.errors import Conflict
from campaigns.labeling import Wish
from campaigns.models import CampaignChange, Task, User
from campaigns.permissions import REVIEW, require_role
from campaigns.services.changes import undo_change
from campaigns.services.correcting import Annotations, correct_image
from campaigns.services.labelings import label_images_at_once


def decide(*, user: User, doubt: LabelDoubt, state: str) -> LabelDoubt:
    """Keep what was given, change it to what is suggested, or open the doubt again, which undoes the change.

    Raises NotAllowed for who may not review, and Conflict where somebody else decided meanwhile or the annotation is gone.
    """
    require_role(user, doubt.campaign, REVIEW)
    if state == doubt.state:
        return doubt
    if doubt.state != DoubtState.OPEN and state != DoubtState.OPEN:
        raise Conflict("This was decided already. Open it again first.", code="decided_already")
    if state == DoubtState.OPEN:
        return _open_again(user, doubt)
    with transaction.atomic():  # whoever hears of the changed image finds the doubt decided
        change = _change(user, doubt) if state == DoubtState.CHANGED else None
        _settle(doubt, state=state, change=change, decided_by=user, decided_at=timezone.now())
    return doubt


def _settle(doubt: LabelDoubt, **columns: Any) -> None:
    """Write a decision unless somebody decided meanwhile."""
    if not LabelDoubt.objects.filter(pk=doubt.pk, state=doubt.state).update(**columns):
        raise Conflict("Somebody else decided this meanwhile.", code="decided_already")
    for name, value in columns.items():
        setattr(doubt, name, value)


def _open_again(user: User, doubt: LabelDoubt) -> LabelDoubt:
    with transaction.atomic():
        if doubt.state == DoubtState.CHANGED:
            _take_back(user, doubt)
        _settle(doubt, state=DoubtState.OPEN, change=None, decided_by=None, decided_at=None)
    return doubt


def _take_back(user: User, doubt: LabelDoubt) -> None:
    """Undo the change: of an object by itself, whatever happened to others of the image since."""
    if doubt.campaign.task != Task.CLASSIFICATION:
        correct_image(user=user, image=doubt.image, title=f"Take back: {_title(doubt)}", edit=lambda now: _unedited(now, doubt))
    elif doubt.change is not None and doubt.change.undone_at is None:
        undone, _ = undo_change(user=user, change=doubt.change)
        if undone.left_alone:
            raise Conflict("The image was edited since. Open it in the labeling tool.", code="changed_since")


def _change(user: User, doubt: LabelDoubt) -> CampaignChange:
    if doubt.campaign.task == Task.CLASSIFICATION:
        return _relabel(user, doubt)
    return correct_image(user=user, image=doubt.image, title=_title(doubt), edit=lambda annotations: _edited(annotations, doubt))


def _relabel(user: User, doubt: LabelDoubt) -> CampaignChange:
    add = () if doubt.suggested_id is None else (doubt.suggested_id,)
    remove = () if doubt.given_id is None else (doubt.given_id,)
    wish = Wish(add=add, remove=remove, submit=True)
    with transaction.atomic():
        change = label_images_at_once(user=user, campaign=doubt.campaign, images=[doubt.image_id], wish=wish).change
        if change.left_out or not change.images:
            raise Conflict("The image cannot be handed in that way. Open it in the labeling tool.", code="nothing_changes")
    return change


def _title(doubt: LabelDoubt) -> str:
    names = [label.name for label in (doubt.given, doubt.suggested) if label is not None]
    what = {DoubtKind.LABEL: "Rename", DoubtKind.MISSING: "Add", DoubtKind.PLACE: "Move", DoubtKind.EXTRA: "Remove"}[DoubtKind(doubt.kind)]
    return f"{what} {' to '.join(dict.fromkeys(names))} in {doubt.image.name}"


def _edited(annotations: Annotations, doubt: LabelDoubt) -> Annotations:
    """Return the annotations as the doubt would have them; a thing that was changed since is left for a person."""
    drawn, becomes = doubt.facts["drawn"], _becoming(doubt)
    if drawn is None and becomes is not None:
        return [*annotations, becomes]
    return _replaced(annotations, drawn, becomes)


def _unedited(annotations: Annotations, doubt: LabelDoubt) -> Annotations:
    """Return the annotations as they were before ``_edited``, what others became since left alone."""
    drawn, became = doubt.facts["drawn"], _becoming(doubt)
    if became is None:
        return [*annotations, drawn]
    return _replaced(annotations, became, drawn)


def _becoming(doubt: LabelDoubt) -> dict[str, Any] | None:
    """Return what the doubt makes of the object: renamed, moved, added, or None where it goes."""
    drawn, said = doubt.facts["drawn"], doubt.facts["said"]
    if doubt.kind == DoubtKind.EXTRA:
        return None
    if doubt.kind == DoubtKind.MISSING:
        return {**said, "id": f"doubt-{doubt.pk}", "review": "accepted"}
    # What one label asks of its objects says nothing about those of another.
    return {**drawn, "label": said["label"], "attributes": {}} if doubt.kind == DoubtKind.LABEL else {**drawn, "shape": said["shape"]}


def _replaced(annotations: Annotations, old: dict[str, Any], new: dict[str, Any] | None) -> Annotations:
    """Put one object in the place of another that is still as it was, or take it away."""
    place = next((at for at, each in enumerate(annotations) if each["id"] == old["id"]), None)
    if place is None or any(annotations[place][name] != old[name] for name in ("label", "shape")):
        raise Conflict("The object was changed or removed since. Open the image in the labeling tool.", code="changed_since")
    return [*annotations[:place], *([] if new is None else [new]), *annotations[place + 1 :]]
