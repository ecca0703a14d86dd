"""Snapshots: exactly the revisions that a training uses, so that it can be repeated and explained."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from active_learning.models import LabeledArea, Snapshot
from active_learning.services.kinds import kind_of
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
    return stored_snapshot(campaign, latest_revisions(campaign, images), latest_areas(campaign, images))


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


def latest_areas(campaign: Campaign, images: Collection[int] | None = None) -> list[list[int]]:
    """Return [image id, area id] of the areas that were labeled on images which nobody submitted as a whole, of each the last copy.

    Only pixels can be learned area by area: to a finder of objects the rest of the image would say that nothing is there.
    """
    if kind_of(campaign) != "semantic":
        return []
    whole = (ImageState.SUBMITTED, ImageState.ACCEPTED, ImageState.EXCLUDED)
    areas = LabeledArea.objects.filter(image__campaign=campaign).exclude(image__state__in=whole).exclude(image__split=Split.TEST)
    wanted = None if images is None else frozenset(images)
    latest = {
        (image, author, tuple(bounds)): pk
        for pk, image, author, bounds in areas.order_by("pk").values_list("pk", "image", "author", "bounds")
        if wanted is None or image in wanted
    }
    return sorted([image, pk] for (image, _, _), pk in latest.items())


def stored_snapshot(campaign: Campaign, entries: list[list[int]], areas: list[list[int]] | None = None) -> Snapshot:
    """Return the snapshot of these entries and areas, made when there is none."""
    named: list[Any] = [entries, areas] if areas else entries
    digest = hashlib.sha256(json.dumps(named, separators=(",", ":")).encode()).hexdigest()
    snapshot, _ = Snapshot.objects.get_or_create(campaign=campaign, digest=digest, defaults={"entries": entries, "areas": areas or []})
    return snapshot


@dataclass(frozen=True, eq=False)
class LabeledImage:
    """An image of a snapshot with what its revision says."""

    image: Image
    annotations: list[dict[str, Any]]
    areas: tuple[tuple[int, int, int, int], ...] | None = None

    @property
    def picture(self) -> LabeledPicture:
        """What a training sees of it."""
        return LabeledPicture(self.annotations, self.image.width, self.image.height, self.areas)


def labeled_images(snapshot: Snapshot) -> list[LabeledImage]:
    """Return the images and annotations of a snapshot, in its order; what was deleted since is passed over."""
    return [*_labeled_images(snapshot.entries), *labeled_in_areas(snapshot.areas)]


def latest_labeled(campaign: Campaign) -> list[LabeledImage]:
    """Return the images and annotations that a snapshot taken now would hold."""
    return [*_labeled_images(latest_revisions(campaign)), *labeled_in_areas(latest_areas(campaign))]


def labeled_in_areas(areas: Sequence[Sequence[int]]) -> list[LabeledImage]:
    """Return the images of labeled areas, each with what was drawn in its areas; what was deleted since is passed over."""
    found: dict[int, list[LabeledArea]] = {}
    for area in LabeledArea.objects.filter(pk__in=[area for _, area in areas]).order_by("pk"):
        found.setdefault(area.image_id, []).append(area)
    images = Image.objects.in_bulk(list(found))
    return [
        LabeledImage(
            images[image],
            [{**annotation, "within": area.bounds} for area in own for annotation in area.annotations],
            tuple((left, top, right, bottom) for left, top, right, bottom in (area.bounds for area in own)),
        )
        for image, own in sorted(found.items())
        if image in images
    ]


def _labeled_images(entries: Sequence[Sequence[int]]) -> Iterator[LabeledImage]:
    for start in range(0, len(entries), IDS_A_QUERY):
        part = entries[start : start + IDS_A_QUERY]
        images = Image.objects.in_bulk([image for image, _ in part])
        said = dict(Revision.objects.filter(pk__in=[revision for _, revision in part]).values_list("pk", "annotations"))
        for image, revision in part:
            if image in images and revision in said:
                yield LabeledImage(images[image], said[revision])


def pictures_of(entries: list[list[int]], areas: Sequence[Sequence[int]] = ()) -> list[LabeledPicture]:
    """Return what the revisions of a snapshot's entries say of their images, in their order, then what its areas say of theirs."""
    pictures: list[LabeledPicture] = []
    for start in range(0, len(entries), IDS_A_QUERY):
        ids = [revision for _, revision in entries[start : start + IDS_A_QUERY]]
        rows = Revision.objects.filter(pk__in=ids).values_list("pk", "annotations", "image__width", "image__height")
        said = {pk: LabeledPicture(annotations, width, height) for pk, annotations, width, height in rows}
        pictures += [said[each] for each in ids if each in said]
    pictures += [each.picture for each in labeled_in_areas(areas)]
    return pictures
