"""Areas of images that are handed in alone."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.models import LabeledArea
from active_learning.services.labeled_areas import areas_of, hand_in_area
from campaigns.api.annotations import CONFLICTS, IF_MATCH
from campaigns.api.base import fetch_image, user_of, version_of
from campaigns.api.serializers import UserSerializer


class NewLabeledAreaSerializer(serializers.Serializer[Any]):
    """``bounds``: left, top, right, bottom in pixels; drafts at or above the confidence are taken, as when an image is submitted."""

    bounds = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4)
    accept_drafts_above = serializers.FloatField(min_value=0, max_value=1, required=False, allow_null=True)


class LabeledAreaSerializer(serializers.ModelSerializer[LabeledArea]):
    """An area that teaches although the rest of its image is not labeled."""

    bounds = serializers.ListField(child=serializers.IntegerField(), read_only=True)
    author = UserSerializer(read_only=True, allow_null=True)

    class Meta:
        model = LabeledArea
        fields = ["id", "image", "bounds", "author", "created_at"]
        read_only_fields = fields


class LabeledAreasView(APIView):
    """The labeled areas of an image."""

    @extend_schema(responses=LabeledAreaSerializer(many=True))
    def get(self, request: Request, image_id: int) -> Response:
        """List them, oldest first."""
        found = areas_of(user=user_of(request), image=fetch_image(request, image_id))
        return Response(LabeledAreaSerializer(found, many=True).data)

    @extend_schema(request=NewLabeledAreaSerializer, responses={201: LabeledAreaSerializer, **CONFLICTS}, parameters=[IF_MATCH])
    def post(self, request: Request, image_id: int) -> Response:
        """Hand in an area: the pixels that are drawn in it teach from the next training on, and the image stays open."""
        version = version_of(request)
        form = NewLabeledAreaSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = hand_in_area(user=user_of(request), image=fetch_image(request, image_id), version=version, **form.validated_data)
        return Response(LabeledAreaSerializer(made).data, status=status.HTTP_201_CREATED)


urlpatterns: list[URLPattern] = [path("images/<int:image_id>/labeled-areas", LabeledAreasView.as_view())]
