"""Why an image is asked."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.api.rounds import AreaSerializer
from active_learning.services.asked import WhyAsked, why_asked
from campaigns.api.base import fetch_image, user_of


class AskedSerializer(serializers.Serializer[Any]):
    """An image's place in the open round: rank 1 is asked first. ``areas``: where to look first, in that order."""

    round = serializers.IntegerField(help_text="The round's number.")
    rank = serializers.IntegerField()
    size = serializers.IntegerField(help_text="How many images the round asks for.")
    strategy = serializers.CharField(help_text="Its title.")
    score = serializers.FloatField()
    parts = serializers.DictField(child=serializers.FloatField())
    why = serializers.CharField(allow_blank=True)
    areas = AreaSerializer(many=True)


class NeighbourSerializer(serializers.Serializer[Any]):
    """A labeled image that looks like it, how much (-1 to 1), and its labels."""

    id = serializers.IntegerField(source="image.pk")
    name = serializers.CharField(source="image.name")
    similarity = serializers.FloatField()
    labels = serializers.ListField(child=serializers.CharField())


class WhyAskedSerializer(serializers.Serializer[Any]):
    """Why an image is asked; ``asked`` is null where the open round does not ask for it.

    ``withheld``: reasons and areas are left out, since the image is labeled as if no model existed.
    """

    asked = AskedSerializer(allow_null=True)
    withheld = serializers.BooleanField()
    neighbours = NeighbourSerializer(many=True)


class AskedView(APIView):
    """Why an image is asked."""

    @extend_schema(responses=WhyAskedSerializer)
    def get(self, request: Request, image_id: int) -> Response:
        """Tell an image's place in the open round, the parts of its score, its areas, and the labeled images most like it."""
        found = why_asked(user=user_of(request), image=fetch_image(request, image_id))
        said = {"asked": _asked(found), "withheld": found.withheld, "neighbours": found.neighbours}
        return Response(WhyAskedSerializer(said).data)


def _asked(found: WhyAsked) -> dict[str, Any] | None:
    ranked = found.ranked
    if ranked is None:
        return None
    told = {"parts": {}, "why": "", "areas": []} if found.withheld else {"parts": ranked.parts, "why": ranked.why, "areas": ranked.areas}
    return {
        "round": ranked.round.number, "rank": ranked.rank, "size": ranked.round.size, "strategy": found.strategy, "score": ranked.score,
        **told,
    }  # fmt: skip


urlpatterns: list[URLPattern] = [path("images/<int:image_id>/asked", AskedView.as_view())]
