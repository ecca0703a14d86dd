"""One piece of background work as a row: the truth that every page and script reads."""

from django.conf import settings
from django.db import models

from campaigns.models.campaign import Campaign
from campaigns.models.image import Image
from campaigns.querysets import RunQuerySet


class RunState(models.TextChoices):
    """Where a run stands. ``lost``: its worker vanished; it waits to be picked up again."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    LOST = "lost"


UNFINISHED = (RunState.QUEUED, RunState.RUNNING, RunState.LOST)


class Run(models.Model):
    """One execution of background work. Only ``campaigns.runs`` changes its state."""

    kind = models.CharField(max_length=30)
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.CASCADE, related_name="runs")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    params = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    claim = models.CharField(max_length=32, blank=True, help_text="Names the attempt that owns the row.")
    cancel_requested = models.BooleanField(default=False)
    done = models.PositiveIntegerField(default=0)
    failed_items = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    rate = models.FloatField(null=True, blank=True, help_text="Items a second, smoothed.")
    message = models.CharField(max_length=300, blank=True, help_text="What it does at the moment.")
    error = models.TextField(blank=True)
    result = models.JSONField(default=dict)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "heartbeat_at"], name="run_sweep")]

    def __str__(self) -> str:
        return f"{self.kind} run {self.pk}, {self.state}"


class ItemState(models.TextChoices):
    """Where one image of a run stands."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class RunItem(models.Model):
    """One image of a run: so that a run resumes where it was, and a failed image has a reason."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="items")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=ItemState.choices, default=ItemState.PENDING)
    code = models.CharField(max_length=40, blank=True, help_text="A short word for the reason, to group by.")
    reason = models.TextField(blank=True)
    latency_ms = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "image"], name="one_item_per_image")]
        indexes = [models.Index(fields=["run", "state"], name="run_item_state")]

    def __str__(self) -> str:
        return f"image {self.image_id} of run {self.run_id}, {self.state}"
