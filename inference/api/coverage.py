"""How much of what a model says has a label in a campaign."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, user_of
from inference.services.coverage import coverage_of
from models_registry.services import attached_model


class ClassShareSerializer(serializers.Serializer[Any]):
    """One class in the answers; no index: the model is not known to have it."""

    index = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    label_id = serializers.IntegerField(allow_null=True)
    mass = serializers.FloatField()
    images = serializers.IntegerField()


class CoverageSerializer(serializers.Serializer[Any]):
    """What the newest answers fall on. ``unfed``: labels without a class; ``unheard``: labels with one, that no answer fell on."""

    answers = serializers.IntegerField()
    classes = ClassShareSerializer(many=True)
    unmapped = serializers.FloatField(allow_null=True, help_text="Share of the answers' mass on classes without a label, 0 to 1.")
    unfed = serializers.ListField(child=serializers.IntegerField())
    unheard = serializers.ListField(child=serializers.IntegerField())


class CoverageView(APIView):
    """How well a mapping covers a model's answers."""

    @extend_schema(responses=CoverageSerializer)
    def get(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Add up the model's newest answers in this campaign by class."""
        campaign = fetch_campaign(request, campaign_id)
        attached = attached_model(user=user_of(request), campaign=campaign, model_id=model_id)
        return Response(CoverageSerializer(asdict(coverage_of(attached))).data)


urlpatterns: list[URLPattern | URLResolver] = [
    path("campaigns/<int:campaign_id>/models/<int:model_id>/coverage", CoverageView.as_view()),
]
