"""What a campaign's rounds do by themselves."""

from __future__ import annotations

import datetime
from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.acquisition.strategies import STRATEGIES
from active_learning.models import RoundPlan
from active_learning.services.heads import refits
from active_learning.services.plans import PlanForm, labels_since_round, new_labels, set_plan, visible_plan
from campaigns.api.base import fetch_campaign, user_of
from campaigns.models import Campaign

REFITS = "The fast head learns again from all labels and ranks every image that waits. The image that somebody has open stays."
NO_HEAD = (
    "The model that ranks has no fast head to refit: the images that wait are ranked again by its last answers and by what is labeled, "
    "without learning anything new. Train a fast head, or plan a nightly round to train as well."
)


class RoundPlanSerializer(serializers.Serializer[Any]):
    """``every`` submitted images it ranks again, 0: never; ``nightly``: a round each day at ``at`` in the time zone ``zone``."""

    every = serializers.IntegerField(min_value=0, max_value=1_000_000, default=0)
    nightly = serializers.BooleanField(default=False)
    at = serializers.TimeField(default=datetime.time(2, 0), format="%H:%M", input_formats=["%H:%M", "%H:%M:%S"])
    zone = serializers.CharField(default="UTC", max_length=64)
    at_least = serializers.IntegerField(min_value=1, max_value=1_000_000, default=20)
    strategy = serializers.ChoiceField(
        choices=[(s.name, s.title) for s in STRATEGIES.values()], default="", allow_blank=True,
        help_text="Empty: what suits the campaign best when a round begins.",
    )  # fmt: skip
    size = serializers.IntegerField(min_value=1, max_value=1_000_000, default=100)


class RoundPlanStateSerializer(RoundPlanSerializer):
    """The plan and where it stands. ``new_labels``: since the last ranking; ``labels_since_round``: since the last round was asked for."""

    new_labels = serializers.IntegerField(read_only=True)
    labels_since_round = serializers.IntegerField(read_only=True)
    refits = serializers.BooleanField(read_only=True, help_text="Whether ranking again learns from the new labels.")
    explanation = serializers.CharField(read_only=True)
    run = serializers.IntegerField(read_only=True, allow_null=True, help_text="The run that ranked last.")
    note = serializers.CharField(read_only=True, help_text="What became of the last nightly round.")


def _document(plan: RoundPlan, campaign: Campaign) -> dict[str, Any]:
    learns = refits(campaign)
    return {
        **{name: getattr(plan, name) for name in ("every", "nightly", "at", "zone", "at_least", "strategy", "size", "note")},
        "run": plan.run_id,
        "new_labels": new_labels(campaign, after=plan.last_revision),
        "labels_since_round": labels_since_round(campaign),
        "refits": learns,
        "explanation": REFITS if learns else NO_HEAD,
    }


class RoundPlanView(APIView):
    """The plan of a campaign's rounds."""

    @extend_schema(responses=RoundPlanStateSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return what the rounds do by themselves, and how many labels are new."""
        campaign = fetch_campaign(request, campaign_id)
        plan = visible_plan(user=user_of(request), campaign=campaign)
        return Response(RoundPlanStateSerializer(_document(plan, campaign)).data)

    @extend_schema(request=RoundPlanSerializer, responses=RoundPlanStateSerializer)
    def put(self, request: Request, campaign_id: int) -> Response:
        """Say what the rounds do by themselves; what is left out takes its default."""
        campaign = fetch_campaign(request, campaign_id)
        form = RoundPlanSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        plan = set_plan(user=user_of(request), campaign=campaign, form=PlanForm(**form.validated_data))
        return Response(RoundPlanStateSerializer(_document(plan, campaign)).data)


urlpatterns: list[URLPattern] = [path("campaigns/<int:campaign_id>/round-plan", RoundPlanView.as_view())]
