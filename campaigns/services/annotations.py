"""Open, save, submit and review annotation sets."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone
from orjson import Fragment

from campaigns.announcing import announce_submitted
from campaigns.attributes import needs_definitions
from campaigns.documents import Frame, Use, check_annotations, check_complete, check_one_default, label_uses
from campaigns.effort import Spent, checked_effort, effort_is_full, tallies, with_effort
from campaigns.encoding import LARGE, DocumentDecoder
from campaigns.errors import Conflict, InvalidInput, PreconditionFailed
from campaigns.geometry import names_points
from campaigns.models import (
    AnnotationSet,
    Effort,
    Image,
    ImageState,
    LabelUse,
    Revision,
    Role,
    SetState,
    Task,
    User,
    becoming,
)
from campaigns.options import CampaignOptions
from campaigns.permissions import ANNOTATE, REVIEW, VIEW, require_role
from campaigns.queue import keep_lease
from campaigns.services.frames import frame_of
from campaigns.splicing import find_annotations, splice

LABELED = (ImageState.SUBMITTED, ImageState.ACCEPTED, ImageState.RETURNED)
EDITED: Mapping[str, Any] = {"state": SetState.DRAFT, "edited": True}
MOST_MOVED = 8  # annotations: each costs a search of the text, and reading it all costs about as much as forty
MAX_ACTIVE_S = 600.0  # one save reports at most this much, so that a forgotten page does not count as work


def best_set(image: Image) -> AnnotationSet | None:
    """Return the set that speaks for the image: the one submitted last."""
    return AnnotationSet.objects.filter(image=image).exclude(submitted_at=None).order_by("-submitted_at", "-id").first()


def best_of(sets: Iterable[AnnotationSet]) -> AnnotationSet | None:
    """Return, of an image's sets at hand, the one that speaks for it; the rule is that of ``best_set``."""
    return max((s for s in sets if s.submitted_at), key=lambda s: (s.submitted_at, s.pk), default=None)


def open_annotation_set(*, user: User, image: Image) -> AnnotationSet:
    """Return the set that the user works on, made on first sight from what models drafted.

    A reviewer who has no set of his own gets the one that speaks for the image; an annotator starts from a copy of
    it. An untouched copy follows the drafts as they change. A viewer reads without a set of his own.
    """
    role = require_role(user, image.campaign, VIEW)
    sets = list(AnnotationSet.objects.filter(image=image).select_related("author"))
    own = next((s for s in sets if s.author_id == user.pk), None)
    drafted = next((s for s in sets if s.author_id is None), None)
    if own is not None:
        return _refreshed(own, drafted)
    best = best_of(sets)
    if role not in ANNOTATE or (best is not None and role in REVIEW):
        return best or drafted or AnnotationSet(image=image, author=None, version=0)
    try:
        with transaction.atomic():
            copy = first_copy(user, image, drafted, best)
            copy.save(force_insert=True)
            write_uses({copy.pk: label_uses(copy.annotations)})
            return copy
    except IntegrityError:  # the same person's other tab was first
        return AnnotationSet.objects.get(image=image, author=user)


def first_copy(user: User, image: Image, drafted: AnnotationSet | None, best: AnnotationSet | None) -> AnnotationSet:
    """Return the set that a person starts from, not saved yet: a copy of the one that speaks, otherwise of the drafts."""
    if best is not None:
        return AnnotationSet(image=image, author=user, annotations=best.annotations)
    withheld = bool(drafted and drafted.annotations) and is_control(image)
    source = None if withheld else drafted
    return AnnotationSet(
        image=image,
        author=user,
        annotations=offered_drafts(source.annotations, image) if source else [],
        drafted_version=drafted.version if drafted else 0,
        prefill_withheld=withheld,
    )


def offered_drafts(annotations: list[dict[str, Any]], image: Image) -> list[dict[str, Any]]:
    """Return the drafts that a person is shown: where several models speak of one label, the one that was run last.

    Otherwise every object would be drafted once by each model. With one label an image there is one guess.
    """
    campaign = image.campaign
    one_guess = campaign.task == Task.CLASSIFICATION and not campaign.settings.get("multi_label")

    def subject(annotation: dict[str, Any]) -> int | None:
        return None if one_guess else annotation["label"]

    # A model's drafts move to the end of the set whenever they change, so the last of a subject is the newest.
    newest = {subject(a): (a["model"] or {}).get("id") for a in annotations}
    return [a for a in annotations if (a["model"] or {}).get("id") == newest[subject(a)]]


def is_control(image: Image) -> bool:
    """Say whether the image is shown without drafts: a fixed pseudo-random share of the campaign's images."""
    share = CampaignOptions.from_document(image.campaign.settings).control_share
    return zlib.crc32(f"control-{image.pk}".encode()) / 2**32 < share


def is_untouched(own: AnnotationSet) -> bool:
    """Say whether a set is a mere copy of drafts, which follows them as they change."""
    return not own.edited and own.state == SetState.DRAFT and not own.submitted_at and not own.prefill_withheld


def _refreshed(own: AnnotationSet, drafted: AnnotationSet | None) -> AnnotationSet:
    if drafted is None or not is_untouched(own) or drafted.version <= own.drafted_version:
        return own
    fresh = AnnotationSet.objects.filter(pk=own.pk, version=own.version, edited=False)
    fresh.update(annotations=offered_drafts(drafted.annotations, own.image), drafted_version=drafted.version, version=F("version") + 1)
    own.refresh_from_db()
    return own


@dataclass(frozen=True)
class Change:
    """A small change of a set: annotations to add or replace, ids to remove, and the work since the last save.

    ``active_s``: seconds on the whole image; ``effort``: seconds and actions by annotation.
    """

    upsert: tuple[Any, ...] = ()
    delete: frozenset[str] = frozenset()
    active_s: float = 0.0
    effort: Mapping[str, Spent] = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: Any) -> Change:
        """Check the frame of a change; what is in ``upsert`` is checked against the image later."""
        if not isinstance(document, dict):
            raise InvalidInput("Send an object with upsert, delete and active_s.")
        upsert, delete, active_s = document.get("upsert", []), document.get("delete", []), document.get("active_s", 0)
        if not isinstance(upsert, list):
            raise InvalidInput("upsert: expected a list of annotations.", errors=[{"field": "upsert", "detail": "expected a list"}])
        if not isinstance(delete, list) or not all(isinstance(name, str) for name in delete):
            raise InvalidInput("delete: expected a list of ids.", errors=[{"field": "delete", "detail": "expected a list of ids"}])
        if isinstance(active_s, bool) or not isinstance(active_s, int | float) or active_s < 0:
            raise InvalidInput("active_s: expected seconds.", errors=[{"field": "active_s", "detail": "expected seconds"}])
        effort = checked_effort(document.get("effort", {}))
        return cls(tuple(upsert), frozenset(delete), min(float(active_s), MAX_ACTIVE_S), effort)


def save_annotations(*, user: User, image: Image, version: int, change: Change) -> AnnotationSet:
    """Apply a small change to the user's set, if nobody saved it since ``version``.

    Raises PreconditionFailed with the current set, InvalidInput that names the place at fault.
    """
    role = require_role(user, image.campaign, ANNOTATE)
    own, text = _set_to_save(user, image, role, version)
    moved = _moved(user, image, own, text, change)
    if moved is not None:
        _write(own, **moved)
    else:
        _apply(user, image, own, change)
    keep_lease(user, image)
    return own


def _apply(user: User, image: Image, own: AnnotationSet, change: Change) -> None:
    """Read the whole set, change it and write it."""
    ids = _ids(change.upsert)
    known = frozenset(a["label"] for a in own.annotations)
    frame = _frame_for(image, change, known, {a["id"]: a for a in own.annotations if a["id"] in ids})
    changed = {a["id"]: a for a in check_annotations(list(change.upsert), frame)}
    before = None if _labels_stay(frame, changed, change) else label_uses(own.annotations)
    kept = [changed.pop(a["id"], a) for a in own.annotations if a["id"] not in change.delete]
    annotations = [*kept, *(a for name, a in changed.items() if name not in change.delete)]
    _check_whole_set(annotations, frame)
    work = _work(user, own, change, (a["id"] for a in annotations))
    with transaction.atomic():
        _write(own, annotations=annotations, **EDITED, **work)
        if before is not None:
            write_label_uses(own, before)


def _moved(user: User, image: Image, own: AnnotationSet, text: str, change: Change) -> dict[str, Any] | None:
    """Return what a save writes that only replaces a few annotations of a large set, whose other thousands need not be read.

    None where the set has to be looked at as a whole: where annotations come, go or change their label, and where
    anything is not as this expects it.
    """
    names = _ids(change.upsert) | set(change.effort)
    if len(text) < LARGE or change.delete or image.campaign.task == Task.CLASSIFICATION or len(names) > MOST_MOVED:
        return None
    if effort_is_full(own.effort, user.pk, change.effort):  # then what was removed from the set is forgotten
        return None
    places = find_annotations(text, names)
    if places is None:
        return None
    standing = {name: place.annotation for name, place in places.items()}
    frame = _frame_for(image, change, frozenset(a["label"] for a in standing.values()), standing)
    changed = {a["id"]: a for a in check_annotations(list(change.upsert), frame)}
    if not _labels_stay(frame, changed, change):
        return None
    return {"text": splice(text, places, changed), **EDITED, **_work(user, own, change, standing)}


def _labels_stay(frame: Frame, changed: dict[str, dict[str, Any]], change: Change) -> bool:
    """Say whether a change moves vertices only, so that nothing need be counted anew in a set of thousands."""

    def use(annotation: Mapping[str, Any]) -> tuple[Any, ...]:
        return annotation["label"], annotation["review"], annotation["shape"]["type"], annotation.get("default", False)

    standing = frame.standing
    return not change.delete and all(name in standing and use(standing[name]) == use(a) for name, a in changed.items())


def _work(user: User, own: AnnotationSet, change: Change, ids: Iterable[str]) -> dict[str, Any]:
    """Return the set's account of work with what this save reports."""
    work: dict[str, Any] = {"active_s": own.active_s + change.active_s}
    if change.effort:
        work["effort"] = with_effort(own.effort, user.pk, change.effort, ids)
    return work


def _ids(sent: Iterable[Any]) -> set[str]:
    return {a["id"] for a in sent if isinstance(a, dict) and isinstance(a.get("id"), str)}


def _frame_for(image: Image, change: Change, known: frozenset[int], standing: Mapping[str, Mapping[str, Any]]) -> Frame:
    # Labels that the set uses exist: removing a label removes it from all sets. So most saves need not ask for them.
    sent = [a for a in change.upsert if isinstance(a, dict)]
    labels = {a.get("label") for a in sent if isinstance(a.get("label"), int)}
    asks = any(needs_definitions(a.get("attributes")) or names_points(a.get("shape")) for a in sent)
    return replace(frame_of(image, labels=known if labels <= known and not asks else None), standing=standing)


def _check_whole_set(annotations: list[dict[str, Any]], frame: Frame) -> None:
    # Rules of the set and not of a change: another label arrives as one removal and one addition.
    check_one_default(annotations)
    if frame.task == "classification" and not frame.multi_label and sum(a["review"] == "accepted" for a in annotations) > 1:
        raise InvalidInput("This campaign takes one label an image: remove the other in the same save.", code="one_label_only")


def _set_to_save(user: User, image: Image, role: Role, version: int) -> tuple[AnnotationSet, str]:
    """Return the set as ``_writable_set`` does, and the text of a large one, whose annotations are read only when they are asked for."""
    own = AnnotationSet.objects.filter(image=image, author=user).with_text().first()
    if own is None:
        return _writable_set(user, image, role, version), ""
    if own.version == version and len(own.text) >= LARGE:
        return own, own.text
    own.annotations = DocumentDecoder().decode(own.text)
    if own.version != version:
        raise conflict(own)
    return own, ""


def _writable_set(user: User, image: Image, role: Role, version: int) -> AnnotationSet:
    own = AnnotationSet.objects.filter(image=image, author=user).first()
    if own is None:
        own = best_set(image) if role in REVIEW else None
    if own is None:
        own = open_annotation_set(user=user, image=image)
    if own.version != version:
        raise conflict(own)
    return own


def conflict(current: AnnotationSet) -> PreconditionFailed:
    """Return the error that carries the set as it is now."""
    message = f"Somebody saved this image first (version {current.version}). Compare with `current`, then save again with its version."
    return PreconditionFailed(message, current_set=current)


def _write(own: AnnotationSet, *, text: str | None = None, **changes: Any) -> None:
    """Write one new version; the version in the row decides whether it is still ours to write.

    text: the annotations as JSON, in the place of a value; then ``own`` reads them from the row when they are asked for.
    """
    now = timezone.now()
    document = {} if text is None else {"annotations": Fragment(text)}
    ours = AnnotationSet.objects.filter(pk=own.pk, version=own.version)
    if not ours.update(version=own.version + 1, updated_at=now, **document, **changes):
        raise conflict(AnnotationSet.objects.get(pk=own.pk))
    own.version += 1
    own.updated_at = now
    for name, value in changes.items():
        setattr(own, name, value)


def write_label_uses(own: AnnotationSet, before: dict[int, Use]) -> None:
    """Bring what stands beside the document of its labels up to date, when it changed."""
    after = label_uses(own.annotations)
    if after == before:
        return
    LabelUse.objects.filter(annotation_set=own, label__in=[label for label in before if label not in after]).delete()
    write_uses({own.pk: {label: use for label, use in after.items() if before.get(label) != use}})


def write_uses(uses: dict[int, dict[int, Use]]) -> None:
    """Write how sets, by id, use labels, over what stands there of the same labels."""
    rows = [
        LabelUse(annotation_set_id=own, label_id=label, count=use.count, whole=use.whole, default=use.default)
        for own, by_label in uses.items()
        for label, use in by_label.items()
    ]
    LabelUse.objects.bulk_create(
        rows, batch_size=500, update_conflicts=True, unique_fields=["annotation_set", "label"], update_fields=["count", "whole", "default"]
    )


def submit_annotation_set(*, user: User, image: Image, version: int, accept_drafts_above: float | None = None) -> AnnotationSet:
    """Hand the set in: drafts at or above the confidence are accepted, the rest are dropped, a revision is kept."""
    role = require_role(user, image.campaign, ANNOTATE)
    own = _writable_set(user, image, role, version)
    before = label_uses(own.annotations)
    frame = frame_of(image)
    annotations = [a for a in reviewed(own.annotations, accept_drafts_above) if a["label"] in frame.labels]
    _check_whole_set(annotations, frame)
    check_complete(annotations, frame)
    if frame.task == "classification" and not frame.multi_label and not annotations:
        raise InvalidInput("Choose a label before you submit, or skip the image.", code="label_missing")
    now = timezone.now()
    with transaction.atomic():
        _write(own, annotations=annotations, state=SetState.SUBMITTED, submitted_at=now, edited=True)
        write_label_uses(own, before)
        announce_submitted(keep_revision(own, author=user), campaign=image.campaign_id)
        write_effort(own, image.campaign_id)
        Image.objects.filter(pk=image.pk).update(**becoming(ImageState.SUBMITTED), leased_by=None, leased_until=None)
    return own


def reviewed(annotations: list[dict[str, Any]], threshold: float | None) -> list[dict[str, Any]]:
    """Return what is handed in: what is accepted, and drafts at or above the threshold; None takes none of them."""
    kept = []
    for annotation in annotations:
        if annotation["review"] == "accepted":
            kept.append(annotation)
        elif threshold is not None and (annotation["confidence"] or 0.0) >= threshold:
            kept.append({**annotation, "review": "accepted"})
    return kept


def write_effort(own: AnnotationSet, campaign: int) -> None:
    """Turn what the set's people reported into rows, in the place of those of an earlier submit."""
    if not own.effort or own.submitted_at is None:
        return
    Effort.objects.filter(annotation_set=own).delete()
    found = tallies(own.effort, own.annotations, own.author_id)
    people = set(User.objects.filter(pk__in={tally.person for tally in found}).values_list("pk", flat=True))
    Effort.objects.bulk_create(
        Effort(
            annotation_set=own, campaign_id=campaign, user_id=tally.person, shape=tally.shape, origin=tally.origin,
            object_count=tally.objects, active_s=tally.spent.active_s, actions=tally.spent.actions, submitted_at=own.submitted_at,
        )
        for tally in found
        if tally.person in people
    )  # fmt: skip


def keep_revision(own: AnnotationSet, *, author: User | None) -> Revision:
    """Keep an immutable copy of the set as it is now."""
    last = Revision.objects.filter(annotation_set=own).aggregate(last=Max("number"))["last"] or 0
    return Revision.objects.create(annotation_set=own, image_id=own.image_id, number=last + 1, annotations=own.annotations, author=author)


def accept_annotation_set(*, user: User, image: Image) -> AnnotationSet:
    """Approve what was submitted."""
    return _review(user, image, SetState.ACCEPTED, ImageState.ACCEPTED)


def return_annotation_set(*, user: User, image: Image, comment: str = "") -> AnnotationSet:
    """Hand a submitted set back to its author, with a comment."""
    returned = _review(user, image, SetState.RETURNED, ImageState.RETURNED)
    if comment:
        Image.objects.filter(pk=image.pk).update(comment=comment[:5000])
    return returned


def _review(user: User, image: Image, state: SetState, image_state: ImageState) -> AnnotationSet:
    require_role(user, image.campaign, REVIEW)
    best = best_set(image)
    if best is None or best.state == SetState.DRAFT:
        raise Conflict("Nobody has submitted this image yet, or it is being edited; there is nothing to review.", code="nothing_submitted")
    with transaction.atomic():
        _write(best, state=state)
        Image.objects.filter(pk=image.pk).update(**becoming(image_state))
    return best
