"""What was done to many images, or to a label, at once: kept so that it can be undone."""

from django.conf import settings
from django.db import models

from campaigns.encoding import DocumentDecoder, DocumentEncoder
from campaigns.models.annotation import AnnotationSet, SetState
from campaigns.models.campaign import Campaign
from campaigns.models.image import ImageState
from campaigns.models.run import Run
from campaigns.querysets import ChildOfCampaignQuerySet


class ChangeKind(models.TextChoices):
    """What was done."""

    LABELING = "labeling"
    LABEL = "label"
    MERGE = "merge"
    REMOVAL = "removal"


class CampaignChange(models.Model):
    """One act on many sets, or on a label. ``data`` is what its undo needs besides the sets (``ChangedSet``)."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="changes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=12, choices=ChangeKind.choices)
    title = models.CharField(max_length=300)
    images = models.PositiveIntegerField(default=0, help_text="Images whose annotations it changed.")
    left_out = models.PositiveIntegerField(default=0, help_text="Images that could not be submitted.")
    data = models.JSONField(default=dict)
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    left_alone = models.PositiveIntegerField(default=0, help_text="Sets that the undo left as they were, because they were edited since.")

    objects = ChildOfCampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.title} in campaign {self.campaign_id}"


class ChangedSet(models.Model):
    """How one set was before a change: ``steps`` make it from what the change left (see campaigns.labeling)."""

    change = models.ForeignKey(CampaignChange, on_delete=models.CASCADE, related_name="sets")
    annotation_set = models.ForeignKey(AnnotationSet, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveIntegerField(help_text="The set's version after the change: while it stands, nobody edited since.")
    made = models.BooleanField(default=False, help_text="The change made the set; before, there was none.")
    steps = models.JSONField(encoder=DocumentEncoder, decoder=DocumentDecoder)
    state = models.CharField(max_length=12, choices=SetState.choices)
    edited = models.BooleanField()
    submitted_at = models.DateTimeField(null=True)
    image_state = models.CharField(max_length=12, choices=ImageState.choices)
    revision = models.BigIntegerField(null=True, help_text="The set's last revision before the change, where the change kept a new one.")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["change", "annotation_set"], name="a_change_changes_a_set_once")]

    def __str__(self) -> str:
        return f"set {self.annotation_set_id} before change {self.change_id}"
