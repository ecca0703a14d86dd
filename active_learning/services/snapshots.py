"""Snapshots: exactly the revisions that a training uses, so that it can be repeated and explained."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from active_learning.models import Snapshot
from active_learning.training.targets import LabeledPicture
from campaigns.models import Campaign, Image, ImageState, Revision, SetState, Split, User
from campaigns.permissions import MANAGE, require_role

IDS_A_QUERY = 5000


def take_snapshot(*, user: User, campaign: Campaign, images: Collection[int] | None = None) -> Snapshot:
    """Write down the latest revision of every submitted or accepted image, in the order of the images.

    ``images``: ids to choose from; None chooses from all. Held-back images (test split) stay out. The same revisions
    give the same snapshot.
    """
    require_role(user, campaign, MANAGE)
    return keep_snapshot(campaign, images)


def keep_snapshot(campaign: Campaign, images: Collection[int] | None = None) -> Snapshot:
    """Take a snapshot inside a run, whose starter had the right to."""
    return stored_snapshot(campaign, latest_revisions(campaign, images))


def latest_revisions(campaign: Campaign, images: Collection[int] | None = None) -> list[list[int]]:
    """Return [image id, id of its latest revision] of what may be learned from, in the order of the images."""
    done = Image.objects.filter(campaign=campaign, state__in=(ImageState.SUBMITTED, ImageState.ACCEPTED)).exclude(split=Split.TEST)
    # A set that was handed in and then taken back by an undo keeps its revisions, but teaches nothing.
    revisions = Revision.objects.filter(image__in=done.order_by()).exclude(
        annotation_set__state=SetState.DRAFT, annotation_set__submitted_at=None
    )
    latest = revisions.order_by("image_id").values("image_id").annotate(latest=Max("id"))
    wanted = None if images is None else frozenset(images)
    return [[image, revision] for image, revision in latest.values_list("image_id", "latest") if wanted is None or image in wanted]


def stored_snapshot(campaign: Campaign, entries: list[list[int]]) -> Snapshot:
    """Return the snapshot of these entries, made when there is none."""
    digest = hashlib.sha256(json.dumps(entries, separators=(",", ":")).encode()).hexdigest()
    snapshot, _ = Snapshot.objects.get_or_create(campaign=campaign, digest=digest, defaults={"entries": entries})
    return snapshot


@dataclass(frozen=True, eq=False)
class LabeledImage:
    """An image of a snapshot with what its revision says."""

    image: Image
    annotations: list[dict[str, Any]]

    @property
    def picture(self) -> LabeledPicture:
        """What a training sees of it."""
        return LabeledPicture(self.annotations, self.image.width, self.image.height)


def labeled_images(snapshot: Snapshot) -> list[LabeledImage]:
    """Return the images and annotations of a snapshot, in its order; what was deleted since is passed over."""
    return list(_labeled_images(snapshot))


def _labeled_images(snapshot: Snapshot) -> Iterator[LabeledImage]:
    for start in range(0, len(snapshot.entries), IDS_A_QUERY):
        part = snapshot.entries[start : start + IDS_A_QUERY]
        images = Image.objects.in_bulk([image for image, _ in part])
        said = dict(Revision.objects.filter(pk__in=[revision for _, revision in part]).values_list("pk", "annotations"))
        for image, revision in part:
            if image in images and revision in said:
                yield LabeledImage(images[image], said[revision])


def pictures_of(entries: list[list[int]]) -> list[LabeledPicture]:
    """Return what the revisions of a snapshot's entries say of their images, in their order."""
    pictures: list[LabeledPicture] = []
    for start in range(0, len(entries), IDS_A_QUERY):
        ids = [revision for _, revision in entries[start : start + IDS_A_QUERY]]
        rows = Revision.objects.filter(pk__in=ids).values_list("pk", "annotations", "image__width", "image__height")
        said = {pk: LabeledPicture(annotations, width, height) for pk, annotations, width, height in rows}
        pictures += [said[each] for each in ids if each in said]
    return pictures
