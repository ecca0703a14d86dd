"""Correct one image's annotations from a review, kept as a change that can be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from campaigns.documents import check_annotations, check_complete
from campaigns.errors import Conflict
from campaigns.models import AnnotationSet, CampaignChange, ChangeKind, Image, User
from campaigns.permissions import REVIEW, require_role
from campaigns.services.annotations import reviewed
from campaigns.services.frames import frame_of
from campaigns.services.labelings import working_sets
from campaigns.services.rewriting import Rewrite, rewrite_sets

Annotations = list[dict[str, Any]]


def correct_image(*, user: User, image: Image, title: str, edit: Callable[[Annotations], Annotations]) -> CampaignChange:
    """Hand in what ``edit`` makes of the set that a reviewer works on; drafts that nobody accepted stay behind.

    ``edit`` may raise what is wrong. Raises NotAllowed for who may not review, Conflict when nothing would change, and
    InvalidInput for annotations that the campaign does not take.
    """
    role = require_role(user, image.campaign, REVIEW)
    with transaction.atomic():
        own = working_sets(user, role, [image])[0]
        annotations = _checked(edit(reviewed(own.annotations, None)), image)
        if annotations == own.annotations:
            raise Conflict("The image has been changed this way already.", code="nothing_changes")
        change = CampaignChange.objects.create(campaign=image.campaign, author=user, kind=ChangeKind.LABELING, title=title[:300], images=1)
        made = own.pk is None
        if made:
            AnnotationSet.objects.bulk_create([own])
        rewrite_sets(change, [Rewrite(own, annotations, submit=True, made=made)], author=user)
    return change


def _checked(annotations: Annotations, image: Image) -> Annotations:
    frame = frame_of(image)
    checked: Annotations = check_annotations(annotations, frame)
    check_complete(checked, frame)
    return checked
