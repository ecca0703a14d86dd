"""What is asserted of an image: one versioned document per image and author."""

from django.conf import settings
from django.db import models

from campaigns.encoding import DocumentDecoder, DocumentEncoder
from campaigns.models.campaign import Campaign, Label
from campaigns.models.document import DocumentField
from campaigns.models.image import Image
from campaigns.querysets import AnnotationSetQuerySet, ChildOfCampaignQuerySet


class SetState(models.TextChoices):
    """Where an annotation set stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    RETURNED = "returned"


class AnnotationSet(models.Model):
    """All annotations of one image by one author; without an author, what models drafted.

    ``annotations`` is a list of documents, checked by ``campaigns.documents``; one row is one save, however
    many shapes it holds. ``version`` counts saves and guards against lost updates.
    """

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="annotation_sets")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="annotation_sets")
    state = models.CharField(max_length=12, choices=SetState.choices, default=SetState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    annotations = DocumentField(default=list, encoder=DocumentEncoder, decoder=DocumentDecoder)
    edited = models.BooleanField(default=False, help_text="A person changed it; a prefill leaves it alone from then on.")
    drafted_version = models.PositiveIntegerField(default=0, help_text="Version of the models' set that it was copied from.")
    prefill_withheld = models.BooleanField(default=False, help_text="A control image, shown without the models' drafts.")
    active_s = models.FloatField(default=0.0, help_text="Seconds that the author was active on it.")
    effort = models.JSONField(default=dict, blank=True, help_text="See campaigns.effort.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    submitted_at = models.DateTimeField(null=True, blank=True)

    objects = AnnotationSetQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["image", "author"], name="one_set_per_author"),
            models.UniqueConstraint(fields=["image"], condition=models.Q(author=None), name="one_drafted_set"),
        ]
        # Which set speaks for an image is read here alone: the rows themselves are as long as their documents.
        indexes = [models.Index(fields=["image", "submitted_at", "id", "author"], name="set_speaks")]

    def __str__(self) -> str:
        return f"set {self.pk} of image {self.image_id}, version {self.version}"


class LabelUse(models.Model):
    """How a set uses a label: kept beside the document so that filters and counts need no scan."""

    annotation_set = models.ForeignKey(AnnotationSet, on_delete=models.CASCADE, related_name="label_uses")
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="uses")
    count = models.PositiveIntegerField()
    whole = models.BooleanField(default=False, help_text="The image as a whole has the label.")
    default = models.BooleanField(default=False, help_text="It is the image's default label: marked, or its only label of the whole image.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["annotation_set", "label"], name="one_count_per_label")]

    def __str__(self) -> str:
        return f"{self.count} x {self.label_id}"


class Revision(models.Model):
    """An immutable copy of a set, made at submit. Trainings use revisions, never sets."""

    annotation_set = models.ForeignKey(AnnotationSet, on_delete=models.CASCADE, related_name="revisions")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    annotations = DocumentField(encoder=DocumentEncoder, decoder=DocumentDecoder)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["annotation_set", "number"], name="revision_numbers_are_unique")]

    def __str__(self) -> str:
        return f"revision {self.number} of set {self.annotation_set_id}"


class Effort(models.Model):
    """What the objects of one shape and origin in a submitted set cost one person. Written anew at each submit."""

    annotation_set = models.ForeignKey(AnnotationSet, on_delete=models.CASCADE, related_name="efforts")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="efforts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="efforts")
    shape = models.CharField(max_length=20)
    origin = models.CharField(max_length=10, help_text="human, accepted or corrected")
    object_count = models.PositiveIntegerField()
    active_s = models.FloatField()
    actions = models.PositiveIntegerField()
    submitted_at = models.DateTimeField()

    objects = ChildOfCampaignQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["annotation_set", "user", "shape", "origin"], name="one_effort_per_kind")]
        indexes = [models.Index(fields=["campaign", "submitted_at"], name="effort_by_time")]

    def __str__(self) -> str:
        return f"{self.object_count} x {self.shape} by {self.user_id}"
