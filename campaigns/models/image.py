"""Images of a campaign, and who holds one at the moment."""

from django.conf import settings
from django.db import models
from django.db.models import Case, Value, When

from campaigns.encoding import DocumentDecoder, DocumentEncoder
from campaigns.models.campaign import Campaign
from campaigns.querysets import ImageQuerySet


class ImageState(models.TextChoices):
    """How far the labeling of an image has come."""

    UNLABELED = "unlabeled"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    EXCLUDED = "excluded"


def becoming(state: ImageState) -> dict[str, Case]:
    """Return the columns to update when work brings an image to a state: an excluded one stays so, and comes back in that state."""
    out = models.Q(state=ImageState.EXCLUDED)
    return {
        "state": Case(When(out, then=Value(ImageState.EXCLUDED)), default=Value(state)),
        "state_before": Case(When(out, then=Value(state)), default=Value("")),
    }


class Split(models.TextChoices):
    """Which part of a training an image may serve."""

    ANY = ""
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class Image(models.Model):
    """One raster to be labeled. ``width`` and ``height`` are those after EXIF orientation."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="images")
    name = models.CharField(max_length=300)
    path = models.CharField(max_length=400, help_text="Where the bytes lie, relative to the image folder of the data directory.")
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    format = models.CharField(max_length=10, help_text="JPEG, PNG, WEBP or TIFF")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bands = models.PositiveIntegerField()
    dtype = models.CharField(max_length=10, help_text="numpy's name of the pixel type")
    crs = models.TextField(blank=True, help_text="EPSG:code or WKT; empty when there is none")
    transform = models.JSONField(null=True, blank=True, help_text="Affine (a, b, c, d, e, f): x = a*col + b*row + c, y = d*col + e*row + f")
    state = models.CharField(max_length=12, choices=ImageState.choices, default=ImageState.UNLABELED)
    state_before = models.CharField(
        max_length=12,
        choices=ImageState.choices,
        blank=True,
        default="",
        help_text="Of an excluded image: the state that it comes back to.",
    )
    split = models.CharField(max_length=12, choices=Split.choices, default=Split.ANY, blank=True)
    priority = models.FloatField(default=0.0, help_text="Higher is labeled sooner.")
    flagged = models.BooleanField(default=False)
    comment = models.TextField(blank=True)
    leased_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    leased_until = models.DateTimeField(null=True, blank=True)
    # Measured in the background (campaigns.imagery.quality); null until then.
    sharpness = models.FloatField(null=True, blank=True, help_text="Variance of the Laplacian, 0 and up; lower is blurrier.")
    brightness = models.FloatField(null=True, blank=True, help_text="Mean of the gray values, 0 (black) to 1 (white).")
    contrast = models.FloatField(null=True, blank=True, help_text="Standard deviation of the gray values, 0 to 0.5.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["campaign", "sha256"], name="no_duplicate_images")]
        indexes = [
            models.Index(fields=["campaign", "state", "-priority", "id"], name="image_queue"),
            models.Index(fields=["campaign", "-priority", "id"], name="image_priority"),
            models.Index(fields=["campaign", "name"], name="image_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Skip(models.Model):
    """A person passed an image over; the queue does not offer it to that person again."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="skips")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["image", "user"], name="one_skip_per_person")]

    def __str__(self) -> str:
        return f"{self.user_id} skipped {self.image_id}"


class Reference(models.Model):
    """Known truth of an image, held back from annotators: it measures, it never labels."""

    image = models.OneToOneField(Image, on_delete=models.CASCADE, related_name="reference")
    annotations = models.JSONField(default=list, encoder=DocumentEncoder, decoder=DocumentDecoder)

    def __str__(self) -> str:
        return f"truth of {self.image_id}"
