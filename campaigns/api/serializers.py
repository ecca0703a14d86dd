"""What goes in and out, as the OpenAPI schema shows it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.api.selecting import SelectionField
from campaigns.attributes import TYPES
from campaigns.geometry import KINDS
from campaigns.models import AnnotationSet, ApiToken, Campaign, Image, Label, Membership, Role, Run, RunItem, User
from campaigns.models.annotation import SetState
from campaigns.models.image import Split
from campaigns.options import MOST_LABELS

OBJECT = {"type": "object", "additionalProperties": True}


class UserSerializer(serializers.ModelSerializer[User]):
    """A person."""

    is_owner = serializers.BooleanField(source="is_superuser", read_only=True)

    class Meta:
        model = User
        fields = ["id", "username", "is_owner"]


class CredentialsSerializer(serializers.Serializer[Any]):
    """A name and a password."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(trim_whitespace=False, max_length=1000)


class TokenAnswerSerializer(serializers.Serializer[Any]):
    """A new token, shown this once."""

    token = serializers.CharField()
    user = UserSerializer()


class AuthStateSerializer(serializers.Serializer[Any]):
    """Whether the first account is still to be made, and who is signed in."""

    setup_needed = serializers.BooleanField()
    user = UserSerializer(allow_null=True)


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token of the user; the text itself is only in the answer to its making."""

    token = serializers.CharField(read_only=True, required=False)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=["read", "write"]), required=False)

    class Meta:
        model = ApiToken
        fields = ["id", "name", "scopes", "created_at", "expires_at", "last_used_at", "token"]
        read_only_fields = ["created_at", "last_used_at"]


class AttributeSerializer(serializers.Serializer[Any]):
    """What a label asks of each of its objects."""

    name = serializers.CharField(max_length=100)
    type = serializers.ChoiceField(choices=TYPES)
    options = serializers.ListField(child=serializers.CharField(max_length=100), required=False)
    default = serializers.JSONField(required=False, allow_null=True)
    required = serializers.BooleanField(required=False)  # type: ignore[assignment]
    min = serializers.FloatField(required=False, allow_null=True)
    max = serializers.FloatField(required=False, allow_null=True)


@extend_schema_field(AttributeSerializer(many=True))
class AttributesField(serializers.ListField):
    """Definitions as they came: the service checks them and says what is wrong in one sentence."""

    child = serializers.JSONField()


class SkeletonPointSerializer(serializers.Serializer[Any]):
    """A named point; ``x`` and ``y`` (0 to 1) lay out the template."""

    name = serializers.CharField(max_length=100)
    x = serializers.FloatField(min_value=0, max_value=1)
    y = serializers.FloatField(min_value=0, max_value=1)


class SkeletonSerializer(serializers.Serializer[Any]):
    """The points that objects of a label have; edges and flip pairs name two of them."""

    points = SkeletonPointSerializer(many=True, required=False)
    edges = serializers.ListField(child=serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2), required=False)
    flip = serializers.ListField(child=serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2), required=False)
    sigmas = serializers.DictField(child=serializers.FloatField(), required=False)


@extend_schema_field(SkeletonSerializer)
class SkeletonField(serializers.DictField):
    """A skeleton as it came: the service checks it and says what is wrong in one sentence."""

    child = serializers.JSONField()


class LabelSerializer(serializers.ModelSerializer[Label]):
    """A label; a colour and a key are chosen where none are given."""

    color = serializers.RegexField(r"^#[0-9a-fA-F]{6}$", required=False)
    hotkey = serializers.CharField(max_length=1, required=False, allow_blank=True)
    position = serializers.IntegerField(min_value=0, required=False)
    attributes = AttributesField(required=False)
    skeleton = SkeletonField(required=False)
    parent = serializers.IntegerField(  # type: ignore[assignment]
        source="parent_id", required=False, allow_null=True, help_text="The label that it stands under."
    )
    group = serializers.CharField(
        max_length=60, required=False, allow_blank=True, help_text="Labels of the whole image in one group exclude each other."
    )

    class Meta:
        model = Label
        fields = ["id", "name", "color", "hotkey", "position", "attributes", "skeleton", "parent", "group"]
        validators: list[Any] = []


class LabelDeletionSerializer(serializers.Serializer[Any]):
    """Where the annotations of a deleted label go; nowhere when absent."""

    merge_into = serializers.IntegerField(required=False, allow_null=True)


class ImageCountsSerializer(serializers.Serializer[Any]):
    """Images by state; ``held_back`` of the unlabeled ones have a known truth that measures models, and are never asked."""

    images = serializers.IntegerField()
    held_back = serializers.IntegerField()
    unlabeled = serializers.IntegerField()
    submitted = serializers.IntegerField()
    accepted = serializers.IntegerField()
    returned = serializers.IntegerField()
    excluded = serializers.IntegerField()


class BandPresetSerializer(serializers.Serializer[Any]):
    """A way to show many bands; no bands are those that the image itself calls red, green and blue."""

    name = serializers.CharField(max_length=60)
    bands = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False, max_length=3)
    stretch = serializers.ChoiceField(choices=["auto", "percentile", "range"], required=False)
    low = serializers.FloatField(required=False, min_value=0, max_value=100, help_text="Percent of the pixels that are black.")
    high = serializers.FloatField(required=False, min_value=0, max_value=100, help_text="From this percent on they are white.")
    gamma = serializers.FloatField(required=False, min_value=0.05, max_value=20)


class CampaignSettingsSerializer(serializers.Serializer[Any]):
    """How a campaign works; see the reference of settings."""

    multi_label = serializers.BooleanField(required=False)
    segmentation = serializers.ChoiceField(choices=["semantic", "instance"], required=False)
    control_share = serializers.FloatField(required=False, min_value=0, max_value=0.5)
    lease_s = serializers.FloatField(required=False, min_value=30, max_value=86400)
    shapes = serializers.ListField(child=serializers.ChoiceField(choices=sorted(KINDS)), required=False, allow_null=True)
    keys = serializers.DictField(child=serializers.ListField(child=serializers.CharField(trim_whitespace=False)), required=False)
    band_presets = BandPresetSerializer(many=True, required=False)
    min_labels = serializers.IntegerField(required=False, min_value=0, max_value=MOST_LABELS)
    max_labels = serializers.IntegerField(required=False, min_value=1, max_value=MOST_LABELS, allow_null=True)


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    """A campaign with its labels; labels can be sent along when it is made."""

    labels = LabelSerializer(many=True, required=False)
    settings = CampaignSettingsSerializer(required=False)
    role = serializers.ChoiceField(choices=Role.choices, read_only=True)
    counts = ImageCountsSerializer(read_only=True)

    class Meta:
        model = Campaign
        fields = ["id", "name", "task", "instructions", "settings", "labels", "role", "counts", "created_at"]
        read_only_fields = ["created_at"]


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """A member and the role."""

    user = UserSerializer(read_only=True)

    class Meta:
        model = Membership
        fields = ["id", "user", "role", "created_at"]
        read_only_fields = ["created_at"]


class NewMemberSerializer(serializers.Serializer[Any]):
    """Whom to add; with a password a new account is made."""

    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=Role.choices)
    password = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False, max_length=1000)


class WholeLabelSerializer(serializers.Serializer[Any]):
    """A label of the whole image; ``default``: it is the one that counts where there can be only one."""

    label = serializers.IntegerField()  # type: ignore[assignment]
    default = serializers.BooleanField()


class ImageSerializer(serializers.ModelSerializer[Image]):
    """An image. ``width`` and ``height`` count pixels after EXIF orientation; ``whole_labels`` are the reader's own until one submits."""

    tiled = serializers.BooleanField()
    max_zoom = serializers.IntegerField()
    labels = serializers.ListField(child=serializers.IntegerField())
    whole_labels = WholeLabelSerializer(many=True)
    labeled_by = UserSerializer(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)

    class Meta:
        model = Image
        fields = [
            "id", "campaign", "name", "width", "height", "bands", "dtype", "format", "crs", "transform", "state", "split", "priority",
            "flagged", "comment", "size_bytes", "sha256", "tiled", "max_zoom", "labels", "whole_labels",
            "labeled_by", "submitted_at", "sharpness", "brightness", "contrast", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class ImageChangeSerializer(serializers.Serializer[Any]):
    """What may change of an image."""

    split = serializers.ChoiceField(choices=Split.choices, required=False, allow_blank=True)
    flagged = serializers.BooleanField(required=False)
    excluded = serializers.BooleanField(required=False)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=5000)


class AnnotationSetSerializer(serializers.Serializer[Any]):
    """All annotations of one image by one author. ``annotations`` are documents as the guide describes them."""

    id = serializers.IntegerField(allow_null=True)
    image = serializers.IntegerField()
    author = UserSerializer(allow_null=True)
    state = serializers.ChoiceField(choices=SetState.choices)
    version = serializers.IntegerField()
    annotations = serializers.ListField(child=serializers.DictField())
    prefill_withheld = serializers.BooleanField()
    updated_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)


class CommentSerializer(serializers.Serializer[Any]):
    """A word to the author."""

    comment = serializers.CharField(required=False, allow_blank=True, max_length=5000)


class SkipSerializer(serializers.Serializer[Any]):
    """Why an image was passed over."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=300)


class NextSerializer(serializers.Serializer[Any]):
    """Images that are not wanted, and those that alone are; with ``resume``, what the person holds already is offered again."""

    exclude = serializers.ListField(child=serializers.IntegerField(), required=False, max_length=100)
    resume = serializers.BooleanField(required=False)
    images = SelectionField(required=False)


class LeaseSerializer(serializers.Serializer[Any]):
    """Until when the image is held."""

    expires_at = serializers.DateTimeField()


class PrefillSerializer(serializers.Serializer[Any]):
    """Whether drafts were withheld from this image (a control), and which models drafted."""

    withheld = serializers.BooleanField()
    models = serializers.ListField(child=serializers.DictField())


class NextAnswerSerializer(serializers.Serializer[Any]):
    """The next image with everything the page needs; all null, with a reason, when nothing is left."""

    image = ImageSerializer(allow_null=True)
    annotation_set = AnnotationSetSerializer(allow_null=True)
    prefill = PrefillSerializer(allow_null=True)
    lease = LeaseSerializer(allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class ProgressSerializer(serializers.Serializer[Any]):
    """How far a run is; rate in items a second, time left in seconds."""

    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    failed = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)
    eta_s = serializers.FloatField(allow_null=True)


class RunSerializer(serializers.ModelSerializer[Run]):
    """One execution of background work."""

    progress = serializers.SerializerMethodField()
    created_by = UserSerializer(read_only=True, allow_null=True)
    params = serializers.DictField(read_only=True)
    result = serializers.DictField(read_only=True)

    class Meta:
        model = Run
        fields = [
            "id", "kind", "campaign", "state", "progress", "message", "error", "params", "result", "attempts", "cancel_requested",
            "created_by", "created_at", "started_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, run: Run) -> dict[str, Any]:
        """Return how far it is."""
        finished = run.done + run.failed_items
        left = max(0, run.total - finished) if run.total is not None else None
        running = run.state == "running"
        eta = left / run.rate if running and left is not None and run.rate else None
        return {"done": run.done, "total": run.total, "failed": run.failed_items, "rate": run.rate if running else None, "eta_s": eta}


class RunItemSerializer(serializers.ModelSerializer[RunItem]):
    """One image of a run."""

    image = serializers.IntegerField(source="image_id", read_only=True)
    name = serializers.CharField(source="image.name", read_only=True)

    class Meta:
        model = RunItem
        fields = ["id", "image", "name", "state", "code", "reason", "latency_ms"]
        read_only_fields = fields


class ReasonSerializer(serializers.Serializer[Any]):
    """Failed images by reason, with one example."""

    code = serializers.CharField()
    count = serializers.IntegerField()
    example = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """An error (RFC 9457); ``detail`` says what to do."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    errors = serializers.ListField(child=serializers.DictField(), required=False)  # type: ignore[assignment]


def annotation_set_document(own: AnnotationSet) -> dict[str, Any]:
    """Return a set as it goes over the wire; written by hand, since it is the hottest answer of all."""
    author = own.author
    return {
        "id": own.pk,
        "image": own.image_id,
        "author": {"id": author.pk, "username": author.username, "is_owner": author.is_superuser} if author else None,
        "state": own.state,
        "version": own.version,
        "annotations": own.annotations,
        "prefill_withheld": own.prefill_withheld,
        "updated_at": own.updated_at,
        "submitted_at": own.submitted_at,
    }
