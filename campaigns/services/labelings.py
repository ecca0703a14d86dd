"""Give and take labels of many images at once, in the sets of the person who does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from campaigns.documents import Frame, check_complete
from campaigns.errors import InvalidInput
from campaigns.filters import Scope, chosen_images, spoken_sets
from campaigns.labeling import Wish, labeled
from campaigns.models import (
    AnnotationSet,
    Campaign,
    CampaignChange,
    ChangeKind,
    Image,
    Label,
    LabelUse,
    Role,
    Run,
    SetState,
    Task,
    User,
)
from campaigns.permissions import ANNOTATE, REVIEW, require_role
from campaigns.runs import RunContext, enqueue_run
from campaigns.services.annotations import best_of, first_copy, is_untouched, offered_drafts, reviewed
from campaigns.services.frames import frame_of
from campaigns.services.rewriting import SETS_A_QUERY, Rewrite, rewrite_sets

KIND = "labeling"
AT_ONCE = 2000
ATTEMPTS = 3


@dataclass(frozen=True)
class Labeling:
    """What became of a labeling: the change, the run that makes it where it is large, and ids of the selection that are gone."""

    change: CampaignChange
    run: Run | None
    missing: list[int]


def label_images_at_once(*, user: User, campaign: Campaign, images: Any, wish: Wish) -> Labeling:
    """Do to the labels of whole images what ``wish`` says; more than AT_ONCE images are done in the background by the run.

    A label that all of the images have already becomes their default when it is added alone. What cannot be submitted is left out
    and counted. Raises InvalidInput for labels of another campaign and for a selection of nothing.
    """
    role = require_role(user, campaign, ANNOTATE)
    wish = _checked(campaign, wish)
    chosen = chosen_images(campaign, images, reader=user)
    ids = chosen.ids
    if not ids:
        raise InvalidInput("No image is selected.", code="nothing_selected")
    if len(wish.add) == 1 and wish.default is None and not wish.remove and _all_have(user, campaign, ids, wish.add[0]):
        wish = replace(wish, default=wish.add[0])
    title = _title(campaign, wish, len(ids))
    change = CampaignChange(campaign=campaign, author=user, kind=ChangeKind.LABELING, title=title, data={"wish": wish.as_document()})
    if len(ids) > AT_ONCE:
        with transaction.atomic():
            params = {"do": "label", "images": ids}
            change.run = enqueue_run(user=user, kind=KIND, campaign=campaign, params={"title": title}, total=len(ids))
            change.data = {**change.data, **params}
            change.save()
        return Labeling(change, change.run, chosen.missing)
    change.save()
    _label_all(change, user, role, ids, wish, lambda done: None)
    change.refresh_from_db()
    return Labeling(change, None, chosen.missing)


def execute_labeling(context: RunContext) -> dict[str, object]:
    """Do or undo a labeling in a run; called again after a crash, it passes over what is done."""
    from campaigns.services.changes import finish_undo

    change = CampaignChange.objects.select_related("campaign", "author").get(run=context.run)
    user = context.run.created_by
    assert user is not None and context.run.campaign is not None

    def tell(done: int) -> None:
        context.progress(done=done, message=change.title)

    if change.data["do"] == "undo":
        finish_undo(change, user, tell)
    else:
        role = require_role(user, context.run.campaign, ANNOTATE)
        _label_all(change, user, role, change.data["images"], Wish.from_document(change.data["wish"]), tell)
    change.refresh_from_db()
    return {"change": change.pk, "images": change.images, "left_out": change.left_out, "left_alone": change.left_alone}


def _checked(campaign: Campaign, wish: Wish) -> Wish:
    known = set(Label.objects.filter(campaign=campaign).values_list("pk", flat=True))
    unknown = wish.labels - known
    if unknown:
        raise InvalidInput(f"{min(unknown)} is no label of this campaign.", code="unknown_label")
    one_label = campaign.task == Task.CLASSIFICATION and not campaign.settings.get("multi_label")
    if one_label and len({*wish.add, *([] if wish.default is None else [wish.default])}) > 1:
        raise InvalidInput("This campaign takes one label an image; add one, or allow several in its settings.", code="one_label_only")
    if not wish.labels and not wish.submit:
        raise InvalidInput("Say what to add, to remove, to make the default or to submit.", code="nothing_to_do")
    if set(wish.add) & set(wish.remove):
        raise InvalidInput("A label is either added or removed.", code="contradiction")
    return replace(wish, one_label=one_label)


def _title(campaign: Campaign, wish: Wish, images: int) -> str:
    names = dict(Label.objects.filter(campaign=campaign).values_list("pk", "name"))
    parts = [f"add {names[label]}" for label in wish.add if label != wish.default]
    parts += [f"remove {names[label]}" for label in wish.remove]
    parts += [f"make {names[label]} the default" for label in (wish.default, wish.default_for_having) if label is not None]
    parts += ["submit"] if wish.submit else []
    sentence = ", ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]} on {images} image{'s' if images != 1 else ''}"[:300]


def _all_have(user: User, campaign: Campaign, ids: Sequence[int], label: int) -> bool:
    """Say whether every image has the label already, in the person's own set or, without one, in the set that speaks."""
    for start in range(0, len(ids), SETS_A_QUERY):
        part = ids[start : start + SETS_A_QUERY]
        uses = LabelUse.objects.filter(label=label, whole=True, annotation_set__image__in=part)
        having = set(uses.filter(annotation_set__author=user).values_list("annotation_set__image", flat=True))
        own = set(AnnotationSet.objects.filter(author=user, image__in=part).values_list("image", flat=True))
        spoken = spoken_sets(Scope(campaign.pk)).filter(image__in=part).values("pk")
        spoken_of = set(uses.filter(annotation_set__in=spoken).values_list("annotation_set__image", flat=True))
        if any(image not in having and (image in own or image not in spoken_of) for image in part):
            return False
    return True


def _label_all(change: CampaignChange, user: User, role: Role, ids: Sequence[int], wish: Wish, tell: Callable[[int], None]) -> None:
    for start in range(0, len(ids), SETS_A_QUERY):
        part = ids[start : start + SETS_A_QUERY]
        _until_alone(partial(_label_part, change, user, role, part, wish))
        tell(start + len(part))


def _until_alone(work: Callable[[], None]) -> None:
    """Try again when a set was made by another tab of the same person at the same moment."""
    for attempt in range(ATTEMPTS):
        try:
            work()
            return
        except IntegrityError:
            if attempt == ATTEMPTS - 1:
                raise


@transaction.atomic
def _label_part(change: CampaignChange, user: User, role: Role, ids: Sequence[int], wish: Wish) -> None:
    changed, left_out = _label_some(change, user, role, ids, wish)
    CampaignChange.objects.filter(pk=change.pk).update(images=F("images") + changed, left_out=F("left_out") + left_out)


def _label_some(change: CampaignChange, user: User, role: Role, ids: Sequence[int], wish: Wish) -> tuple[int, int]:
    images = list(Image.objects.filter(pk__in=ids).select_related("campaign"))
    frame = frame_of(images[0]) if images else None
    wanted: list[tuple[AnnotationSet, list[dict[str, Any]]]] = []
    left_out: Counter[str] = Counter()
    for own in working_sets(user, role, images):
        annotations = labeled(own.annotations, wish)
        if wish.submit and frame is not None:
            annotations = reviewed(annotations, None)
            reason = _why_not(annotations, frame)
            if reason:
                left_out[reason] += 1
                continue
        if annotations != own.annotations or (wish.submit and own.state not in (SetState.SUBMITTED, SetState.ACCEPTED)):
            wanted.append((own, annotations))
    fresh = [own for own, _ in wanted if own.pk is None]
    AnnotationSet.objects.bulk_create(fresh, batch_size=SETS_A_QUERY)
    made, state = {own.pk for own in fresh}, None if wish.submit else SetState.DRAFT
    rewrites = [Rewrite(own, annotations, submit=wish.submit, state=state, made=own.pk in made) for own, annotations in wanted]
    rewrite_sets(change, rewrites, author=user)
    return len(rewrites), sum(left_out.values())


def _why_not(annotations: list[dict[str, Any]], frame: Frame) -> str:
    if frame.task == Task.CLASSIFICATION and not frame.multi_label and len(annotations) != 1:
        return "label_missing"
    try:
        check_complete(annotations, frame)
    except InvalidInput as error:
        return error.code
    return ""


def working_sets(user: User, role: Role, images: Sequence[Image]) -> list[AnnotationSet]:
    """Return, locked, the set of each image that the person works on, as opening it would; a set that is not there yet has no id."""
    by_image: dict[int, list[AnnotationSet]] = {image.pk: [] for image in images}
    for each in AnnotationSet.objects.select_for_update().filter(image__in=list(by_image)).order_by("pk"):
        by_image[each.image_id].append(each)
    return [_working_set(user, role, image, by_image[image.pk]) for image in images]


def _working_set(user: User, role: Role, image: Image, sets: Sequence[AnnotationSet]) -> AnnotationSet:
    own = next((s for s in sets if s.author_id == user.pk), None)
    drafted = next((s for s in sets if s.author_id is None), None)
    if own is not None:
        if drafted is not None and is_untouched(own) and drafted.version > own.drafted_version:
            own.annotations, own.drafted_version = offered_drafts(drafted.annotations, image), drafted.version
        return own
    best = best_of(sets)
    return best if best is not None and role in REVIEW else first_copy(user, image, drafted, best)
