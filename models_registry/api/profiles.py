"""Thresholds of a model under a name."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, idempotent, user_of
from campaigns.api.serializers import UserSerializer
from models_registry import services
from models_registry.models import CampaignModel, ThresholdProfile

ROOT = "campaigns/<int:campaign_id>/models/<int:model_id>/threshold-profiles"


class ThresholdProfileSerializer(serializers.ModelSerializer[ThresholdProfile]):
    """Thresholds by label id under a name."""

    name = serializers.CharField(max_length=100)
    thresholds = serializers.DictField(child=serializers.FloatField(min_value=0, max_value=1))
    created_by = UserSerializer(read_only=True, allow_null=True)

    class Meta:
        model = ThresholdProfile
        fields = ["id", "name", "thresholds", "created_by", "created_at", "updated_at"]


def _attached(request: Request, campaign_id: int, model_id: int) -> CampaignModel:
    return services.attached_model(user=user_of(request), campaign=fetch_campaign(request, campaign_id), model_id=model_id)


class ThresholdProfilesView(APIView):
    """The profiles of a model in a campaign."""

    @extend_schema(responses=ThresholdProfileSerializer(many=True))
    def get(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """List them by name."""
        found = services.threshold_profiles(user=user_of(request), attached=_attached(request, campaign_id, model_id))
        return Response(ThresholdProfileSerializer(found, many=True).data)

    @extend_schema(request=ThresholdProfileSerializer, responses={201: ThresholdProfileSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Keep thresholds under a name; those that hold stay as they are."""
        form = ThresholdProfileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        attached = _attached(request, campaign_id, model_id)
        profile = services.create_profile(user=user_of(request), attached=attached, **form.validated_data)
        return Response(ThresholdProfileSerializer(profile).data, status=status.HTTP_201_CREATED)


class ThresholdProfileView(APIView):
    """One profile."""

    def _fetch(self, request: Request, campaign_id: int, model_id: int, profile_id: int) -> ThresholdProfile:
        attached = _attached(request, campaign_id, model_id)
        return services.fetch_profile(user=user_of(request), attached=attached, profile_id=profile_id)

    @extend_schema(request=ThresholdProfileSerializer, responses=ThresholdProfileSerializer)
    def patch(self, request: Request, campaign_id: int, model_id: int, profile_id: int) -> Response:
        """Give it another name, or other thresholds."""
        profile = self._fetch(request, campaign_id, model_id, profile_id)
        form = ThresholdProfileSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changed: dict[str, Any] = dict(form.validated_data)
        return Response(ThresholdProfileSerializer(services.change_profile(user=user_of(request), profile=profile, **changed)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, campaign_id: int, model_id: int, profile_id: int) -> Response:
        """Forget it; the thresholds that hold stay as they are."""
        services.delete_profile(user=user_of(request), profile=self._fetch(request, campaign_id, model_id, profile_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


urlpatterns = [
    path(ROOT, ThresholdProfilesView.as_view()),
    path(f"{ROOT}/<int:profile_id>", ThresholdProfileView.as_view()),
]
