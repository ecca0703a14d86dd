"""How reliable the people of a campaign are."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.services.annotators import read_reliabilities
from campaigns.api.base import fetch_campaign, user_of
from campaigns.api.serializers import UserSerializer


class AnnotatorReliabilitySerializer(serializers.Serializer[Any]):
    """A person: images that others labeled too, how often likely right there, how often as the consensus has it; shares of 1.

    Of drawings ``quality`` is how far the person can be trusted, and ``agreement`` how well the person agrees with the others.
    """

    user = UserSerializer()
    images = serializers.IntegerField()
    quality = serializers.FloatField()
    agreement = serializers.FloatField()


class ReliabilitiesSerializer(serializers.Serializer[Any]):
    """``shared``: images that two people or more labeled; without any nobody is judged."""

    shared = serializers.IntegerField()
    people = AnnotatorReliabilitySerializer(many=True)


class ReliabilitiesView(APIView):
    """How reliable people are."""

    @extend_schema(responses=ReliabilitiesSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return how reliable people are where several labeled the same images, the most reliable first."""
        found = read_reliabilities(user=user_of(request), campaign=fetch_campaign(request, campaign_id))
        return Response(ReliabilitiesSerializer(found).data)


urlpatterns: list[URLPattern | URLResolver] = [path("campaigns/<int:campaign_id>/reliability", ReliabilitiesView.as_view())]
