"""One label against the rest: what there is to learn from, and what a model of it found."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.services.one_label import found_by, material_of
from campaigns.api.base import fetch_campaign, user_of
from campaigns.errors import NotFound
from campaigns.models import Campaign, Label


class OneLabelMaterialSerializer(serializers.Serializer[Any]):
    """Labeled images with and without a label, and images that wait; see ``active_learning.services.one_label.Material``."""

    positives = serializers.IntegerField()
    negatives = serializers.IntegerField()
    waiting = serializers.IntegerField()
    least = serializers.IntegerField()
    only_positives = serializers.BooleanField()


class FoundAskedSerializer(serializers.Serializer[Any]):
    """From what probability on."""

    least = serializers.FloatField(required=False, default=0.0, min_value=0.0, max_value=1.0)


class FoundImageSerializer(serializers.Serializer[Any]):
    """An image and the probability that it has the label."""

    image = serializers.IntegerField()
    confidence = serializers.FloatField()


class FoundImagesSerializer(serializers.Serializer[Any]):
    """The likeliest images first, at most 500, of those ``answered`` about."""

    answered = serializers.IntegerField()
    images = FoundImageSerializer(many=True)


class OneLabelView(APIView):
    """What a label could be learned from."""

    @extend_schema(responses=OneLabelMaterialSerializer)
    def get(self, request: Request, campaign_id: int, label_id: int) -> Response:
        """Count the labeled images that have the label and those that lack it."""
        campaign = fetch_campaign(request, campaign_id)
        found = material_of(user=user_of(request), campaign=campaign, label=_label(campaign, label_id))
        return Response(OneLabelMaterialSerializer(found).data)


class FoundView(APIView):
    """Where a model of one label found it."""

    @extend_schema(parameters=[FoundAskedSerializer], responses=FoundImagesSerializer)
    def get(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Return the images that nobody has labeled, by probability."""
        form = FoundAskedSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        found = found_by(
            user=user_of(request), campaign=fetch_campaign(request, campaign_id), model_id=model_id, least=form.validated_data["least"]
        )
        images = [{"image": image, "confidence": confidence} for image, confidence in found.images]
        return Response(FoundImagesSerializer({"answered": found.answered, "images": images}).data)


def _label(campaign: Campaign, label_id: int) -> Label:
    label: Label | None = Label.objects.filter(campaign=campaign, pk=label_id).first()
    if label is None:
        raise NotFound("This campaign has no such label.")
    return label


urlpatterns = [
    path("campaigns/<int:campaign_id>/one-label/<int:label_id>", OneLabelView.as_view()),
    path("campaigns/<int:campaign_id>/models/<int:model_id>/found", FoundView.as_view()),
]
