"""Rounds: rank, label, train, again."""

import datetime

from django.conf import settings
from django.db import models

from campaigns.encoding import DocumentDecoder, DocumentEncoder
from campaigns.models import Campaign, CampaignChange, Image, Label, Run
from models_registry.models import RegisteredModel


class Snapshot(models.Model):
    """What a training used, hashed: a list of (image, revision) pairs, and areas of images that nobody submitted as a whole."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="snapshots")
    digest = models.CharField(max_length=64)
    entries = models.JSONField(help_text="[[image id, revision id], …] in image order")
    areas = models.JSONField(default=list, help_text="[[image id, labeled area id], …] in image order")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "digest"], name="a_snapshot_is_kept_once")]

    def __str__(self) -> str:
        return f"snapshot {self.digest[:12]} of {len(self.image_ids)} images"

    @property
    def image_ids(self) -> list[int]:
        """The images that taught, those of areas alone last."""
        return [image for image, _ in self.entries] + list(dict.fromkeys(image for image, _ in self.areas))


class TrainingRun(models.Model):
    """Train one model. The state is that of ``run``."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="training_run")
    name = models.CharField(max_length=200)
    config = models.JSONField(help_text="active_learning.training.config.TrainingConfig as a document")
    snapshot = models.ForeignKey(Snapshot, null=True, on_delete=models.RESTRICT, related_name="training_runs")
    model = models.ForeignKey(RegisteredModel, null=True, on_delete=models.SET_NULL, related_name="training_runs")
    held_out = models.JSONField(null=True, help_text="Ids of the snapshot's images that measured and did not teach; null: not told")
    outlook = models.JSONField(default=dict, help_text="active_learning.training.outlook.Outlook while it runs: how far, and when it ends")
    trust = models.JSONField(
        null=True,
        help_text="How far people and images were trusted, active_learning.services.annotators.measure_trust; null: not asked yet",
    )
    stop_requested = models.BooleanField(default=False, help_text="End now and keep the best so far; a cancel throws it away")

    def __str__(self) -> str:
        return f"training run {self.run_id}"


class CurvePoint(models.Model):
    """One point of the learning curves."""

    training_run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="curve")
    epoch = models.PositiveIntegerField()
    metrics = models.JSONField(help_text='{"train_loss": …, "validation_loss": …, "validation_accuracy": …, "learning_rate": …}')
    best = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["epoch"]
        constraints = [models.UniqueConstraint(fields=["training_run", "epoch"], name="one_point_per_epoch")]

    def __str__(self) -> str:
        return f"epoch {self.epoch} of {self.training_run_id}"


class RoundState(models.TextChoices):
    """Where a round stands."""

    RANKING = "ranking"
    OPEN = "open"
    CLOSED = "closed"
    FAILED = "failed"


class Round(models.Model):
    """Rank, label, train, once."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=RoundState.choices, default=RoundState.RANKING)
    strategy = models.CharField(max_length=40)
    size = models.PositiveIntegerField(help_text="How many images the round asks for")
    seed = models.BigIntegerField(default=0)
    model = models.ForeignKey(RegisteredModel, null=True, blank=True, on_delete=models.SET_NULL, related_name="rounds")
    model_version = models.CharField(max_length=100, blank=True)
    run = models.OneToOneField(Run, null=True, on_delete=models.SET_NULL, related_name="round")
    pool_size = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="round_numbers_are_unique")]

    def __str__(self) -> str:
        return f"round {self.number} of campaign {self.campaign_id}"


class RankedImage(models.Model):
    """An image's place in a round's ranking, and why."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="ranking")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")
    rank = models.PositiveIntegerField(help_text="1 is asked first")
    score = models.FloatField(help_text="Higher is sooner")
    parts = models.JSONField(default=dict, help_text='{"uncertainty": …, "diversity": …}')
    why = models.CharField(max_length=300, blank=True)
    areas = models.JSONField(
        default=list, help_text='[{"bounds": [left, top, right, bottom] in image pixels, "score", "why"}], first is first'
    )

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["round", "image"], name="an_image_ranks_once"),
            models.UniqueConstraint(fields=["round", "rank"], name="a_rank_holds_one_image"),
        ]

    def __str__(self) -> str:
        return f"rank {self.rank} of round {self.round_id}"


class RoundPlan(models.Model):
    """What a campaign's rounds do by themselves: rank again after every few labels, and begin anew at night."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="round_plan")
    every = models.PositiveIntegerField(default=0, help_text="Rank again after so many submitted images; 0: never")
    nightly = models.BooleanField(default=False)
    at = models.TimeField(default=datetime.time(2, 0))
    zone = models.CharField(max_length=64, default="UTC", help_text="Time zone of ``at``, by its IANA name")
    at_least = models.PositiveIntegerField(default=20, help_text="New labels that a nightly round takes at least")
    strategy = models.CharField(max_length=40, blank=True, help_text="Empty: what suits the campaign best when a round begins")
    size = models.PositiveIntegerField(default=100)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    last_revision = models.BigIntegerField(default=0, help_text="The newest revision that the last ranking knew")
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+", help_text="What ranked last")
    looked_on = models.DateField(null=True, help_text="The last day on which the nightly round was decided on")
    note = models.CharField(max_length=300, blank=True, help_text="What became of the last nightly round")

    def __str__(self) -> str:
        return f"round plan of campaign {self.campaign_id}"


class LabeledArea(models.Model):
    """An area that a person labeled completely, on an image that is not submitted as a whole: an immutable copy, as a revision is one.

    What was drawn elsewhere on the image says nothing, and neither do pixels outside. Of several copies of an area the last one counts.
    """

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="labeled_areas")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    bounds = models.JSONField(help_text="Left, top, right and bottom in whole pixels")
    annotations = models.JSONField(encoder=DocumentEncoder, decoder=DocumentDecoder, help_text="Those that reach into it")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"area {self.bounds} of image {self.image_id}"


class AuditPick(models.Model):
    """An image drawn at random in a round, and what the model said of it before a person did."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="audit_picks")
    image = models.OneToOneField(Image, on_delete=models.CASCADE, related_name="+")
    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="audit_picks")
    predicted = models.JSONField(null=True, help_text="Ids of the labels that the model gave; null: it gave no answer")
    labeled = models.PositiveIntegerField(help_text="Labels that the model knew")
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"audit of image {self.image_id}"


class Agreement(models.Model):
    """How far the answers about the pool stayed the same from one ranking to the next."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="agreements")
    round = models.ForeignKey(Round, null=True, on_delete=models.SET_NULL, related_name="+")
    labeled = models.PositiveIntegerField()
    compared = models.PositiveIntegerField(help_text="Images that both rankings had answers about")
    kappa = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"agreement {self.kappa:.3f} at {self.labeled} labels"


class Simulation(models.Model):
    """A labeled campaign asked again by several strategies. The state is that of ``run``."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="simulation")
    strategies = models.JSONField()
    budgets = models.JSONField(help_text="Numbers of labels at which is measured, rising")
    seeds = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"simulation {self.run_id}"


class SimulatedCurve(models.Model):
    """Accuracy of one strategy with one seed at each budget."""

    simulation = models.ForeignKey(Simulation, on_delete=models.CASCADE, related_name="curves")
    strategy = models.CharField(max_length=40)
    seed = models.PositiveIntegerField()
    accuracies = models.JSONField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["simulation", "strategy", "seed"], name="a_curve_is_drawn_once")]

    def __str__(self) -> str:
        return f"{self.strategy} with seed {self.seed} of {self.simulation_id}"


class DoubtKind(models.TextChoices):
    """What is probably wrong: the label, a thing that is missing, its place, or a thing too many."""

    LABEL = "label"
    MISSING = "missing"
    PLACE = "place"
    EXTRA = "extra"


class DoubtState(models.TextChoices):
    """What was decided of a doubt."""

    OPEN = "open"
    KEPT = "kept"
    CHANGED = "changed"


class LabelDoubt(models.Model):
    """Something that people submitted and that is probably wrong, waiting for a reviewer.

    ``given`` and ``suggested``: labels; ``annotation``: of an object, its id. ``facts``: what speaks for it, see
    active_learning.services.doubting.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="label_doubts")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=10, choices=DoubtKind.choices)
    given = models.ForeignKey(Label, null=True, on_delete=models.CASCADE, related_name="+")
    suggested = models.ForeignKey(Label, null=True, on_delete=models.CASCADE, related_name="+")
    annotation = models.CharField(max_length=64, blank=True)
    score = models.FloatField(help_text="Higher is looked at sooner; 0 to 1")
    facts = models.JSONField(default=dict, encoder=DocumentEncoder, decoder=DocumentDecoder)
    state = models.CharField(max_length=10, choices=DoubtState.choices, default=DoubtState.OPEN)
    change = models.ForeignKey(CampaignChange, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-score", "id"]
        indexes = [models.Index(fields=["campaign", "state", "-score", "id"], name="doubts_by_score")]

    def __str__(self) -> str:
        return f"{self.kind} of image {self.image_id}, {self.state}"


class SpaceKind(models.TextChoices):
    """What looks at a campaign's images."""

    INSTALLED = "installed"
    WEIGHTS = "weights"
    MODEL = "model"


class ImageSpace(models.Model):
    """What a campaign's images are looked at with, so that alike ones are found: the current one, or the one that is coming.

    Without any, the installed backbone looks. ``name``: of the space; vectors of different spaces are never compared. ``dimension``:
    how many numbers a vector has, None until the first is there. ``facts``: of weights {"library", "architecture", "file", "sha256",
    "side_px", "normalisation"}, of the installed backbone {"size"}, of a model {"version", "told": the name that its answers give}.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="image_spaces")
    kind = models.CharField(max_length=10, choices=SpaceKind.choices)
    name = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    facts = models.JSONField(default=dict)
    dimension = models.PositiveIntegerField(null=True)
    model = models.ForeignKey(RegisteredModel, null=True, on_delete=models.SET_NULL, related_name="+")
    current = models.BooleanField(default=False)
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "current"], name="one_current_and_one_coming_space")]

    def __str__(self) -> str:
        return f"{self.name}, {'current' if self.current else 'coming'}"


class Evaluation(models.Model):
    """How good a model was on the held-back images, and what random picks of as many labels would have given."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="evaluations")
    model = models.ForeignKey(RegisteredModel, null=True, on_delete=models.SET_NULL, related_name="evaluations")
    round = models.ForeignKey(Round, null=True, on_delete=models.SET_NULL, related_name="evaluations")
    labeled = models.PositiveIntegerField(help_text="Images that the training used")
    held_back = models.PositiveIntegerField(help_text="Images that it was measured on")
    metrics = models.JSONField(help_text='{"accuracy": …, "accuracy_low": …, "accuracy_high": …}')
    random_metrics = models.JSONField(default=dict, help_text="The same with random picks; empty where the truth of the pool is not known")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"evaluation at {self.labeled} labels"
