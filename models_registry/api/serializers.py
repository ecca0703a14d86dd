"""What goes in and out, as the OpenAPI schema shows it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from campaigns.models import Task
from models_registry.card import LIMITS
from models_registry.models import CampaignModel, ModelKind, RegisteredModel
from models_registry.options import ModelOptions
from models_registry.services import mapping_document

OBJECT = {"type": "object", "additionalProperties": True}


class ModelClassSerializer(serializers.Serializer[Any]):
    """An output slot of a model; without an index, its place in the list."""

    index = serializers.IntegerField(min_value=0, max_value=65_534, required=False)
    name = serializers.CharField(max_length=200)


@extend_schema_field(OBJECT)
class OptionsField(serializers.JSONField):
    """How the model is called: see ``models_registry.options.ModelOptions``."""

    def to_representation(self, value: Any) -> Any:
        """Return all options, the defaults filled in."""
        return {**ModelOptions().as_document(), **value}


class CardSerializer(serializers.Serializer[Any]):
    """What people should know of a model before they use it; every text may be left out."""

    input_bands = serializers.CharField(required=False, allow_blank=True, max_length=LIMITS["input_bands"])
    normalisation = serializers.CharField(required=False, allow_blank=True, max_length=LIMITS["normalisation"])
    licence = serializers.CharField(required=False, allow_blank=True, max_length=LIMITS["licence"])
    reference = serializers.CharField(required=False, allow_blank=True, max_length=LIMITS["reference"])
    notes = serializers.CharField(required=False, allow_blank=True, max_length=LIMITS["notes"])

    def to_representation(self, card: Any) -> Any:
        """Return the texts that say something."""
        return dict(card)


class ModelSerializer(serializers.ModelSerializer[RegisteredModel]):
    """A registered model. The secret goes in and never comes out; the URL is shown to those who may change it."""

    kind = serializers.ChoiceField(choices=ModelKind.choices, read_only=True)
    task = serializers.ChoiceField(choices=Task.choices)
    protocol = serializers.CharField(max_length=30)
    url = serializers.CharField(max_length=2000, required=False, allow_blank=True, help_text="Empty where the model fetches its work")
    secret = serializers.CharField(
        write_only=True, required=False, allow_blank=True, allow_null=True, trim_whitespace=True, max_length=8000
    )
    has_secret = serializers.BooleanField(read_only=True)
    auth_header = serializers.CharField(max_length=100, required=False)
    classes = ModelClassSerializer(many=True, required=False)
    options = OptionsField(required=False)
    card = CardSerializer(required=False)
    may_change = serializers.SerializerMethodField()
    may_use = serializers.SerializerMethodField()

    class Meta:
        model = RegisteredModel
        fields = [
            "id", "name", "description", "version", "kind", "task", "multi_label", "protocol", "url", "secret", "has_secret", "auth_header",
            "classes", "options", "card", "answers_with", "may_change", "may_use", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["answers_with", "created_at", "updated_at"]

    def get_may_change(self, model: RegisteredModel) -> bool:
        """Whether this person may change the model."""
        return model.pk in self.context.get("changeable", ())

    def get_may_use(self, model: RegisteredModel) -> bool:
        """Whether this person may try the model, and put it to use in a campaign."""
        return model.pk in self.context.get("usable", ())

    def to_representation(self, instance: RegisteredModel) -> dict[str, Any]:
        """Return the model, its URL blanked for those who may not change it."""
        document = dict(super().to_representation(instance))
        if not document["may_change"]:
            document["url"] = ""
        return document


class PromptableModelSerializer(serializers.Serializer[Any]):
    """Where a segmenter comes from: its package, or a folder of the server with encoder.onnx and sam.onnx."""

    server_path = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class ModelPermissionsSerializer(serializers.Serializer[Any]):
    """What a person may bring in, and the sentence that says who may where they may not."""

    address = serializers.BooleanField(help_text="Register a model by its address.")
    address_refused = serializers.CharField(allow_blank=True)
    file = serializers.BooleanField(help_text="Add a model from a file, or the segmenter that answers clicks.")
    file_refused = serializers.CharField(allow_blank=True)


class AttachSerializer(serializers.Serializer[Any]):
    """Which model to put to use."""

    model = serializers.IntegerField(min_value=1)


@extend_schema_field(
    {"oneOf": [{"type": "integer"}, {"type": "object", "properties": {"index": {"type": "integer"}, "name": {"type": "string"}}}]}
)
class ClassReferenceField(serializers.JSONField):
    """A class by its number, or as {"index", "name"}."""


class MappedClassSerializer(serializers.Serializer[Any]):
    """A class ("class": its number, or {"index", "name"}) and the label that it stands for; null: not provided."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Name fields with words that Python and the framework keep for themselves."""
        return {"class": ClassReferenceField(), "label": serializers.IntegerField(allow_null=True, required=False, default=None)}


class MappingSerializer(serializers.Serializer[Any]):
    """Which label each class stands for, from what confidence on it is drafted, and when the model is asked."""

    mapping = MappedClassSerializer(many=True, required=False)
    thresholds = serializers.DictField(child=serializers.FloatField(min_value=0, max_value=1), required=False)
    on_open = serializers.BooleanField(required=False, help_text="Ask the model about an image when a person opens it.")


class CampaignModelSerializer(serializers.ModelSerializer[CampaignModel]):
    """How a campaign uses a model."""

    model = ModelSerializer(read_only=True)
    mapping = serializers.SerializerMethodField()
    thresholds = serializers.DictField(child=serializers.FloatField(), read_only=True)
    current = serializers.SerializerMethodField(help_text="Whether rounds go by it where no other is named")

    class Meta:
        model = CampaignModel
        fields = ["id", "model", "mapping", "thresholds", "on_open", "current", "created_at"]

    def get_current(self, attached: CampaignModel) -> bool:
        """Whether it is the campaign's current model."""
        return attached.model_id == self.context.get("current")

    @extend_schema_field(
        inline_serializer(
            "ClassOfLabel",
            {"class": inline_serializer("NamedClass", {"index": serializers.IntegerField(), "name": serializers.CharField()}),
             "label": serializers.IntegerField(allow_null=True)},
            many=True,
        )
    )  # fmt: skip
    def get_mapping(self, attached: CampaignModel) -> list[dict[str, Any]]:
        """Every class of the model with its label."""
        return mapping_document(attached)
