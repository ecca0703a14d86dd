"""Models' guesses of whole images."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, user_of
from campaigns.errors import InvalidInput
from campaigns.services.guesses import MOST_IMAGES, guesses_of


class GuessSerializer(serializers.Serializer[Any]):
    """A label that a model drafted for an image as a whole and the reader has not reviewed."""

    image = serializers.IntegerField()
    label = serializers.IntegerField()  # type: ignore[assignment]
    confidence = serializers.FloatField(allow_null=True)


class GuessesView(APIView):
    """Guesses of some images."""

    @extend_schema(
        parameters=[OpenApiParameter("ids", str, required=True, description=f"Comma-separated ids of images, at most {MOST_IMAGES}")],
        responses=GuessSerializer(many=True),
    )
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return what the reader may still accept or reject of these images, the surest first."""
        campaign = fetch_campaign(request, campaign_id)
        texts = [text for text in request.query_params.get("ids", "").split(",") if text]
        if len(texts) > MOST_IMAGES or not all(text.isascii() and text.isdigit() and len(text) < 19 for text in texts):
            raise InvalidInput(f"ids takes up to {MOST_IMAGES} ids of images with commas between them.", code="invalid_selection")
        found = guesses_of(user=user_of(request), campaign=campaign, ids=[int(text) for text in texts])
        return Response(GuessSerializer(found, many=True).data)


urlpatterns = [path("campaigns/<int:campaign_id>/guesses", GuessesView.as_view())]
