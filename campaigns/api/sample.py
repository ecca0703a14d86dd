"""A first campaign in one click."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import idempotent, user_of
from campaigns.api.campaigns import campaign_document
from campaigns.api.serializers import CampaignSerializer, RunSerializer
from campaigns.services.sample import TASKS, create_sample_campaign


class SampleRequestSerializer(serializers.Serializer[Any]):
    """Which task the sample campaign has; classification when nothing is said."""

    task = serializers.ChoiceField(choices=TASKS, required=False)


class SampleAnswerSerializer(serializers.Serializer[Any]):
    """The campaign, and the run that fills it."""

    campaign = CampaignSerializer()
    run = RunSerializer()


class SampleView(APIView):
    """A first campaign."""

    @extend_schema(request=SampleRequestSerializer, responses={201: SampleAnswerSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a campaign of real satellite images; a run puts them in."""
        form = SampleRequestSerializer(data=request.data or {})
        form.is_valid(raise_exception=True)
        campaign, run = create_sample_campaign(user=user_of(request), **form.validated_data)
        return Response({"campaign": campaign_document(request, campaign), "run": RunSerializer(run).data}, status=status.HTTP_201_CREATED)


urlpatterns = [path("campaigns/sample", SampleView.as_view())]
