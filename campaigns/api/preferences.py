"""A person's own preferences."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import etag, user_of, version_of
from campaigns.api.serializers import ProblemSerializer
from campaigns.models import Preferences
from campaigns.preferences import CHOICES
from campaigns.services.preferences import preferences_of, replace_preferences

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description='The version that was changed, as its ETag; "0" before the first'
)


class PreferencesSerializer(serializers.Serializer[Any]):
    """What a person chose. ``keys`` by command id, ``label:`` and a label's id among them; what is absent stays as it comes."""

    keys = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False)
    palette = serializers.ChoiceField(choices=CHOICES["palette"], required=False)
    label_order = serializers.ChoiceField(choices=CHOICES["label_order"], required=False)
    view = serializers.DictField(child=serializers.JSONField(), required=False)
    view_times = serializers.DictField(
        child=serializers.IntegerField(), required=False, help_text="When each option of view was chosen, in milliseconds since 1970"
    )


def _answer(own: Preferences) -> Response:
    return Response(own.document, headers=etag(own.version))


class PreferencesView(APIView):
    """Preferences that follow a person from browser to browser."""

    @extend_schema(responses=PreferencesSerializer)
    def get(self, request: Request) -> Response:
        """Return them; the ETag is their version."""
        return _answer(preferences_of(user_of(request)))

    @extend_schema(
        request=PreferencesSerializer,
        responses={200: PreferencesSerializer, 412: ProblemSerializer, 428: ProblemSerializer},
        parameters=[IF_MATCH],
    )
    def put(self, request: Request) -> Response:
        """Replace them, if no other page of the person did so in between."""
        version = version_of(request)
        return _answer(replace_preferences(user=user_of(request), version=version, document=request.data))


urlpatterns = [path("me/preferences", PreferencesView.as_view())]
