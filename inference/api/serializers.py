"""What goes in and out, as the OpenAPI schema shows it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.api.selecting import SelectionField
from inference.answers import MAP_FIELDS
from inference.models import Prediction
from inference.services.reading import has_heat_map

MAPS = (*MAP_FIELDS, "entropy_map", "unsure")
ITEMS_SCHEMA = {"type": "array", "items": {"type": "object", "additionalProperties": True}}


class InferenceRequestSerializer(serializers.Serializer[Any]):
    """Ask a model about images."""

    model = serializers.IntegerField(help_text="A registered model that is attached to the campaign.")
    images = SelectionField(default="unlabeled")
    prefill = serializers.BooleanField(default=True, help_text="Draft annotations from the answers.")


class AnsweringModelSerializer(serializers.Serializer[Any]):
    """The model version that answered."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    version = serializers.CharField()


class PredictionSerializer(serializers.ModelSerializer[Prediction]):
    """A model's answer about one image, in the model's own classes; maps of rasters are left out, see ``heat_map``."""

    model = serializers.SerializerMethodField()
    items = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()
    uncertainty = serializers.DictField(child=serializers.FloatField())
    heat_map = serializers.SerializerMethodField()

    class Meta:
        model = Prediction
        fields = ["id", "image", "model", "items", "warnings", "confidence", "uncertainty", "heat_map", "latency_ms", "created_at"]

    @extend_schema_field(AnsweringModelSerializer)
    def get_model(self, row: Prediction) -> dict[str, Any]:
        """Name the model version."""
        return {"id": row.model_id, "name": row.model.name, "version": row.model_version}

    @extend_schema_field(ITEMS_SCHEMA)
    def get_items(self, row: Prediction) -> list[dict[str, Any]]:
        """Return the items without the maps of rasters."""
        return [{name: value for name, value in item.items() if name not in MAPS} for item in row.document["items"]]

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_warnings(self, row: Prediction) -> list[str]:
        """Return what was odd about the answer."""
        return list(row.document.get("warnings", []))

    @extend_schema_field({"type": "string", "nullable": True})
    def get_heat_map(self, row: Prediction) -> str | None:
        """Return where the heat map is, or null when there is nothing to draw."""
        return f"/api/v1/predictions/{row.pk}/heat-map.png" if has_heat_map(row) else None


class PredictSerializer(serializers.Serializer[Any]):
    """Which model to ask; without one, every model that is asked when an image is opened."""

    model = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)


class ToldSerializer(serializers.Serializer[Any]):
    """What came of asking one model: a prediction, or a code and a sentence that say why there is none."""

    model = AnsweringModelSerializer()
    prediction = PredictionSerializer(allow_null=True)
    fresh = serializers.BooleanField(help_text="It was asked now, and did not just have its answer kept.")
    code = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)


class UnsureAreaSerializer(serializers.Serializer[Any]):
    """A place to look at: left, top, right, bottom in image pixels, and how unsure the model is there, 0 to 1."""

    bounds = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4)
    uncertainty = serializers.FloatField()
    kind = serializers.ChoiceField(choices=["pixels", "object"])


class UnsureAreasSerializer(serializers.Serializer[Any]):
    """Where the newest answer is unsure, least certain first; no model when none has answered."""

    model = AnsweringModelSerializer(allow_null=True)
    areas = UnsureAreaSerializer(many=True)
