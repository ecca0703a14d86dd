"""Give whole images labels as they come in."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from campaigns.documents import label_uses
from campaigns.labeling import whole_annotation
from campaigns.models import AnnotationSet, Image, ImageState, Label, Revision, SetState, User, becoming
from campaigns.services.annotations import write_uses

_ROWS = 200


def label_images(user: User, images: Sequence[Image], labels: Sequence[Label]) -> None:
    """Submit the labels for every image, in the caller's transaction: sets, counts and revisions as if given by hand."""
    state = {"state": SetState.SUBMITTED, "submitted_at": timezone.now(), "edited": True}
    fresh = [
        AnnotationSet(image=image, author=user, annotations=[whole_annotation(label.pk) for label in labels], **state) for image in images
    ]
    sets = AnnotationSet.objects.bulk_create(fresh, batch_size=_ROWS)
    write_uses({own.pk: label_uses(own.annotations) for own in sets})
    revisions = [Revision(annotation_set=own, image=own.image, number=1, annotations=own.annotations, author=user) for own in sets]
    Revision.objects.bulk_create(revisions, batch_size=_ROWS)
    ids = [image.pk for image in images]
    Image.objects.filter(pk__in=ids).update(**becoming(ImageState.SUBMITTED))
