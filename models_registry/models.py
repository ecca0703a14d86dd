"""Which models exist, what they speak, and how their classes map to a campaign's labels."""

from django.conf import settings
from django.db import models

from campaigns.models import Campaign, Label, Task
from models_registry.querysets import RegisteredModelQuerySet


class ModelKind(models.TextChoices):
    """Where a model lives: behind a URL, in a checkpoint of ours, in a promptable segmenter's files, or in other models."""

    EXTERNAL = "external"
    INTERNAL = "internal"
    PROMPTABLE = "promptable"
    ENSEMBLE = "ensemble"


class RegisteredModel(models.Model):
    """Known by its URL (external), a checkpoint (internal), files that answer prompts (promptable) or its members (ensemble)."""

    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    version = models.CharField(max_length=100, default="1")
    kind = models.CharField(max_length=10, choices=ModelKind.choices, default=ModelKind.EXTERNAL)
    task = models.CharField(max_length=20, choices=Task.choices)
    multi_label = models.BooleanField(default=False, help_text="Classification: every class answers for itself (sigmoid).")
    protocol = models.CharField(max_length=30, help_text="A name from inference.protocols")
    url = models.URLField(max_length=2000, blank=True)
    secret = models.TextField(blank=True, help_text="Encrypted by models_registry.secrets; never returned.")
    auth_header = models.CharField(max_length=100, blank=True, default="Authorization", help_text="Header that carries the secret.")
    classes = models.JSONField(default=list, help_text='[{"index": 0, "name": "water"}]')
    options = models.JSONField(default=dict, help_text="See models_registry.options.ModelOptions.")
    card = models.JSONField(default=dict, help_text="What people should know of it: see models_registry.card.")
    answers_with = models.CharField(max_length=10, default="best", help_text="Trained here: the role of the checkpoint that answers")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RegisteredModelQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def has_secret(self) -> bool:
        """Whether a secret is stored."""
        return bool(self.secret)


class Checkpoint(models.Model):
    """Weights, config and metrics of one training, in one file under the data directory."""

    class Role(models.TextChoices):
        BEST = "best"
        LAST = "last"

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="checkpoints")
    role = models.CharField(max_length=10, choices=Role.choices)
    path = models.CharField(max_length=400, help_text="Relative to the checkpoint folder of the data directory")
    sha256 = models.CharField(max_length=64)
    config = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    snapshot_digest = models.CharField(max_length=64, blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["model", "role"], name="one_checkpoint_per_role")]

    def __str__(self) -> str:
        return f"{self.role} checkpoint of {self.model_id}"


class HealthCheck(models.Model):
    """Whether a model could be reached at one time. The newest few hundred are kept."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="checks")
    is_up = models.BooleanField()
    code = models.CharField(max_length=30, blank=True, help_text="Why not, in one word; empty when it is up")
    detail = models.CharField(max_length=500, blank=True)
    latency_ms = models.FloatField(null=True)
    scheduled = models.BooleanField(default=False, help_text="By the workers' schedule, not by a person")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"model {self.model_id} was {'up' if self.is_up else 'down'}"


class CallKind(models.TextChoices):
    """Why a model was called."""

    RUN = "run"
    TEST = "test"
    ASSIST = "assist"
    SERVE = "serve"


class CallBatch(models.Model):
    """What came of many calls, in few numbers: never a row per call."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="call_batches")
    kind = models.CharField(max_length=10, choices=CallKind.choices)
    calls = models.PositiveIntegerField()
    failures = models.PositiveIntegerField(default=0)
    latencies = models.JSONField(default=dict, help_text="Slot of models_registry.latency → how many answered calls")
    error_code = models.CharField(max_length=30, blank=True, help_text="Of the last failure among them")
    error = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.calls} calls of model {self.model_id}"


class AuditEntry(models.Model):
    """Who did what to which model, when and from where. It outlives the model, and never holds a secret."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    username = models.CharField(max_length=150)
    action = models.CharField(max_length=30)
    model_number = models.PositiveBigIntegerField(null=True, db_index=True, help_text="The id of the model, which may be gone")
    model_name = models.CharField(max_length=200, blank=True)
    url = models.CharField(max_length=500, blank=True, help_text="Without query and credentials")
    details = models.JSONField(default=dict)
    address = models.CharField(max_length=64, blank=True, help_text="Where the request came from")
    client = models.CharField(max_length=200, blank=True, help_text="A token's name or the web page, and the user agent")
    campaigns = models.ManyToManyField(Campaign, related_name="+", help_text="That used the model then")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.username}: {self.action} {self.model_name}"


class CampaignModel(models.Model):
    """A model put to use in a campaign: its thresholds, and its mapping in ``LabelMapping``."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="campaign_models")
    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="campaign_models")
    thresholds = models.JSONField(default=dict, help_text='{"<label id>": 0.5}: below it nothing is drafted')
    unsure_spans = models.JSONField(default=dict, help_text='{"<label id>": {"low": 0.3, "high": 0.8}}: in between it is unsure')
    on_open = models.BooleanField(default=False, help_text="Ask it about an image when a person opens it.")
    temperature = models.FloatField(null=True, blank=True, help_text="Divides the logits of its probabilities.")
    shift = models.FloatField(default=0.0, help_text="Added to the logits of objects after the temperature.")
    temperature_version = models.CharField(max_length=100, blank=True, help_text="The model's version that the temperature was fitted to")
    temperature_slice = models.TextField(blank=True, help_text="The images that the temperature was fitted to, as statistics name them")
    temperature_images = models.PositiveIntegerField(default=0, help_text="How many of them the model had not learned from")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["campaign", "model"], name="a_model_joins_once")]

    def __str__(self) -> str:
        return f"model {self.model_id} in campaign {self.campaign_id}"

    def temperature_of(self, version: str) -> float | None:
        """Return the temperature of a version of the model; None where it was fitted to another, or to none."""
        return self.temperature if self.temperature_version == version else None

    def shift_of(self, version: str) -> float:
        """Return what is added to logits that a version's temperature has divided."""
        return 0.0 if self.temperature_of(version) is None else self.shift


class ThresholdProfile(models.Model):
    """Thresholds of a model in a campaign under a name, to be taken up again: "few false alarms", "miss nothing"."""

    campaign_model = models.ForeignKey(CampaignModel, on_delete=models.CASCADE, related_name="profiles")
    name = models.CharField(max_length=100)
    thresholds = models.JSONField(default=dict, help_text='{"<label id>": 0.5}, as in CampaignModel')
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["campaign_model", "name"], name="one_profile_per_name")]

    def __str__(self) -> str:
        return f"{self.name} of model {self.campaign_model_id}"


class Promotion(models.Model):
    """A model became the current one of a campaign; the newest that was not rolled back counts."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="promotions")
    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="promotions")
    by_training = models.BooleanField(default=False, help_text="The training that made it did so, not a person")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    rolled_back_at = models.DateTimeField(null=True)
    rolled_back_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"model {self.model_id} becomes current in campaign {self.campaign_id}"


class LabelMapping(models.Model):
    """One class of a model and the label it stands for; no row means: not provided."""

    campaign_model = models.ForeignKey(CampaignModel, on_delete=models.CASCADE, related_name="mappings")
    class_index = models.PositiveIntegerField()
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["class_index"]
        constraints = [models.UniqueConstraint(fields=["campaign_model", "class_index"], name="a_class_maps_once")]

    def __str__(self) -> str:
        return f"class {self.class_index} is label {self.label_id}"
