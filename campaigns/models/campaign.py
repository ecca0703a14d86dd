"""A labeling effort: its labels and its people."""

from django.core.validators import RegexValidator
from django.db import models

from campaigns.models.people import User
from campaigns.querysets import CampaignQuerySet, ChildOfCampaignQuerySet


class Task(models.TextChoices):
    """What is asserted of an image."""

    CLASSIFICATION = "classification"
    DETECTION = "detection"
    SEGMENTATION = "segmentation"
    KEYPOINTS = "keypoints"


class Role(models.TextChoices):
    """What a member may do in a campaign, strongest first."""

    OWNER = "owner"
    MANAGER = "manager"
    REVIEWER = "reviewer"
    ANNOTATOR = "annotator"
    VIEWER = "viewer"


class Campaign(models.Model):
    """A labeling effort: images, labels, people, rounds."""

    name = models.CharField(max_length=200)
    task = models.CharField(max_length=20, choices=Task.choices)
    instructions = models.TextField(blank=True)
    settings = models.JSONField(default=dict, help_text="See campaigns.options.CampaignOptions.")
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(User, through="Membership", related_name="campaigns")

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's role in one campaign."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ChildOfCampaignQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["campaign", "user"], name="one_role_per_person")]

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role} of {self.campaign_id}"


class Label(models.Model):
    """A name that an annotator may give; belongs to a campaign."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(max_length=100)
    color = models.CharField(max_length=7, validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", "Write a colour as #rrggbb.")])
    hotkey = models.CharField(max_length=1, blank=True)
    position = models.PositiveIntegerField(default=0)
    attributes = models.JSONField(default=list, blank=True)
    skeleton = models.JSONField(default=dict, blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    group = models.CharField(max_length=60, blank=True, help_text="Labels of the whole image in one group exclude each other.")

    objects = ChildOfCampaignQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "name"], name="label_names_are_unique"),
            models.UniqueConstraint(fields=["campaign", "hotkey"], condition=~models.Q(hotkey=""), name="label_keys_are_unique"),
        ]

    def __str__(self) -> str:
        return self.name
