"""What models answered, and what their answers drafted."""

from django.db import models

from campaigns.encoding import DocumentDecoder, DocumentEncoder
from campaigns.models import AnnotationSet, Image, Run
from models_registry.models import RegisteredModel


class InferenceRun(models.Model):
    """Ask one model about many images. The state is that of ``run``."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="inference_run")
    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="inference_runs")
    model_version = models.CharField(max_length=100)
    images = models.JSONField(help_text='"all", "unlabeled", [ids] or {"filter": {...}}')
    prefill = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"inference run {self.run_id}"


class Prediction(models.Model):
    """A model's answer for one image, in the model's own classes; one row per image and model version."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="predictions")
    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="predictions")
    model_version = models.CharField(max_length=100)
    document = models.JSONField(encoder=DocumentEncoder, decoder=DocumentDecoder, help_text="inference.schema.Prediction as a document")
    confidence = models.FloatField(null=True, help_text="Of the answer as a whole, 0 to 1")
    uncertainty = models.JSONField(default=dict, help_text='{"entropy": …, "margin": …, "least_confidence": …}, higher is less certain')
    heat_map = models.CharField(
        max_length=400, blank=True, help_text="An 8-bit PNG under the data directory, as the image's grid or coarser"
    )
    latency_ms = models.FloatField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["image", "model", "model_version"], name="one_answer_per_model_version")]

    def __str__(self) -> str:
        return f"{self.model_id} about image {self.image_id}"


class Prefill(models.Model):
    """Links a prediction to the set that it drafted into, so that an annotation never points up."""

    prediction = models.OneToOneField(Prediction, on_delete=models.CASCADE, related_name="prefilled")
    annotation_set = models.ForeignKey(AnnotationSet, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"prediction {self.prediction_id} drafted set {self.annotation_set_id}"


class Comparison(models.Model):
    """Models side by side on the same images: what was asked, and what was found. The state is that of ``run``."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="comparison")
    compared = models.JSONField(help_text='Models: [{"id", "name", "version"}] in the order that was asked for')
    images = models.JSONField(help_text='"all", "unlabeled", [ids] or {"filter": {...}}')
    overlap = models.FloatField(help_text="Two objects are the same from this IoU on.")
    ask = models.BooleanField(default=False, help_text="Ask about images without an answer first.")
    found = models.JSONField(null=True, help_text="Written when the run has succeeded")

    def __str__(self) -> str:
        return f"comparison run {self.run_id}"


class AsyncPrediction(models.Model):
    """A picture that waits to be looked at by a model, and whom to tell. The state is that of ``run``, and so is the answer."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="async_prediction")
    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="+")
    picture = models.CharField(max_length=100, help_text="A file under the folder of waiting pictures; gone when the run has ended")
    name = models.CharField(max_length=300)
    wanted = models.JSONField(default=dict, help_text='{"role", "thresholds", "threshold"}')
    webhook_url = models.URLField(max_length=2000, blank=True)
    webhook_secret = models.TextField(blank=True, help_text="Encrypted by models_registry.secrets; never returned.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often the webhook was called")
    try_at = models.DateTimeField(null=True, blank=True, db_index=True, help_text="When it is called again; null: no more")
    untold = models.JSONField(default=dict, help_text="The document that is sent then")
    untold_state = models.CharField(max_length=10, blank=True, help_text="succeeded or failed")

    def __str__(self) -> str:
        return f"async prediction of run {self.run_id}"


class QuestionKind(models.TextChoices):
    """Why an agent is asked: a person waits for it, or a run does."""

    INTERACTIVE = "interactive"
    BATCH = "batch"


class QuestionState(models.TextChoices):
    """How far a question for an agent has come. Failed: an agent said why; abandoned: those who took it went away without a word."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    ANSWERED = "answered"
    FAILED = "failed"
    ABANDONED = "abandoned"


class AgentQuestion(models.Model):
    """One image that an agent is asked about. It lives until its answer is taken, or until nobody waits for it any more."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="questions")
    model_version = models.CharField(max_length=100)
    image = models.ForeignKey(Image, null=True, on_delete=models.CASCADE, related_name="+")
    about = models.JSONField(help_text="inference.wire.ModelInput without its bytes")
    content = models.BinaryField(null=True, help_text="A picture that is kept nowhere else")
    kind = models.CharField(max_length=12, choices=QuestionKind.choices)
    state = models.CharField(max_length=10, choices=QuestionState.choices, default=QuestionState.WAITING)
    asker = models.CharField(max_length=32, help_text="Who put it and collects its answer")
    wanted_until = models.DateTimeField(help_text="Renewed by who waits for it")
    agent = models.CharField(max_length=100, blank=True)
    claim = models.CharField(max_length=32, blank=True)
    claims = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True, help_text="The lease: then the question is free again")
    answered_at = models.DateTimeField(null=True)
    reply = models.BinaryField(null=True)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["model", "state", "kind", "id"], name="question_is_free"),
            models.Index(fields=["asker", "state"], name="question_of_asker"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} question {self.pk} for model {self.model_id}"

    @property
    def latency_ms(self) -> float | None:
        """From the claim to the answer."""
        if self.claimed_at is None or self.answered_at is None:
            return None
        return (self.answered_at - self.claimed_at).total_seconds() * 1000.0


class ConnectedAgent(models.Model):
    """A program that asks for a model's work, and when it last did."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="agents")
    name = models.CharField(max_length=100)
    version = models.CharField(max_length=100, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-seen_at"]
        constraints = [models.UniqueConstraint(fields=["model", "name"], name="an_agent_serves_once")]

    def __str__(self) -> str:
        return f"{self.name} for model {self.model_id}"
