"""Models of a campaign side by side."""

from __future__ import annotations

import json
from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, user_of
from campaigns.errors import InvalidInput
from inference.comparing import DEFAULT_OVERLAP
from inference.services.comparing import compare_models


class FiguresSerializer(serializers.Serializer[Any]):
    """What was said against what is true: labels of images, objects, or square pixels."""

    said = serializers.FloatField()
    true = serializers.FloatField()
    precision = serializers.FloatField(allow_null=True)
    recall = serializers.FloatField(allow_null=True)
    f1 = serializers.FloatField(allow_null=True)
    iou = serializers.FloatField(allow_null=True, help_text="Of areas alone")


class LabelFiguresSerializer(FiguresSerializer):
    """The same of one label."""

    label_id = serializers.IntegerField()


class ComparedModelSerializer(serializers.Serializer[Any]):
    """One model. Figures count the images that all compared models answered about and whose truth is known."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    version = serializers.CharField()
    answered = serializers.IntegerField(help_text="Images of the selection")
    drafted = serializers.IntegerField(help_text="True annotations that people accepted from its own drafts, which flatters it.")
    right = serializers.FloatField(allow_null=True, help_text="Share of images with exactly the true labels")
    overall = FiguresSerializer()
    labels = LabelFiguresSerializer(many=True)
    mean_ms = serializers.FloatField(allow_null=True)
    p95_ms = serializers.FloatField(allow_null=True)
    calls = serializers.IntegerField(help_text="About its last thousand, whatever they were for")
    failures = serializers.IntegerField()


class DisputedImageSerializer(serializers.Serializer[Any]):
    """An image that two models differ on; ``dispute``: 0 when they say the same, 1 when they have nothing in common."""

    image = serializers.IntegerField()
    name = serializers.CharField()
    dispute = serializers.FloatField()


class ComparedPairSerializer(serializers.Serializer[Any]):
    """Two models, on the images that both answered about. ``f1``: of one against the other, the same both ways."""

    models = serializers.ListField(child=serializers.IntegerField())
    images = serializers.IntegerField()
    same_labels = serializers.FloatField(allow_null=True)
    f1 = serializers.FloatField(allow_null=True)
    disputed = DisputedImageSerializer(many=True)


class ModelComparisonSerializer(serializers.Serializer[Any]):
    """Models side by side on the same images."""

    counted = serializers.ChoiceField(choices=["labels", "objects", "areas"])
    overlap = serializers.FloatField(allow_null=True)
    images = serializers.IntegerField(help_text="That were looked at")
    left_out = serializers.IntegerField(help_text="Images of the selection beyond the most that are looked at")
    common = serializers.IntegerField(help_text="Images that all of the models answered about")
    with_truth = serializers.IntegerField(help_text="Those of them whose truth is known; the figures stand on these.")
    true_annotations = serializers.IntegerField()
    models = ComparedModelSerializer(many=True)
    pairs = ComparedPairSerializer(many=True)


class ModelComparisonView(APIView):
    """Compare models on the same images."""

    @extend_schema(
        parameters=[
            OpenApiParameter("models", str, required=True, description="Ids of attached models, 2 to 6 of them: 1,2"),
            OpenApiParameter("images", str, description='A selection as JSON: "all", [1, 2], {"filter": {…}} or {"view": 1}'),
            OpenApiParameter("overlap", float, description="Two objects are the same from this IoU on; 0.5 by default."),
        ],
        responses=ModelComparisonSerializer,
    )
    def get(self, request: Request, campaign_id: int) -> Response:
        """Compare stored answers with each other, and with what people submitted."""
        campaign = fetch_campaign(request, campaign_id)
        document = compare_models(user=user_of(request), campaign=campaign, **_question(request))
        return Response(ModelComparisonSerializer(document).data)


def _question(request: Request) -> dict[str, Any]:
    given = request.query_params
    try:
        models = [int(each) for each in given.get("models", "").split(",") if each]
    except ValueError as error:
        raise InvalidInput("models holds ids with commas between them: models=1,2.") from error
    try:
        overlap = float(given.get("overlap", DEFAULT_OVERLAP))
    except ValueError as error:
        raise InvalidInput("overlap is a number between 0.05 and 1.") from error
    return {"models": models, "images": _selection(given.get("images", "all")), "overlap": overlap}


def _selection(text: str) -> Any:
    if text in ("all", "unlabeled"):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput('images is a selection written as JSON: "all", [1, 2] or {"filter": {"split": "test"}}.') from error


urlpatterns: list[URLPattern | URLResolver] = [
    path("campaigns/<int:campaign_id>/model-comparison", ModelComparisonView.as_view()),
]
