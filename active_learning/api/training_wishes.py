"""What a training may be asked."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.services.wishes import read_wishes
from active_learning.training.wishes import Wish
from campaigns.api.base import fetch_campaign, user_of


class TrainingWishSerializer(serializers.Serializer[Wish]):
    """A field of a training request that is heeded."""

    name = serializers.CharField()
    default = serializers.SerializerMethodField(
        method_name="default_of", help_text="What holds where nothing is said; null: chosen by itself"
    )
    choices = serializers.ListField(child=serializers.CharField(), allow_null=True, help_text="Null: any value of the field's own type")

    @extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}], "nullable": True})
    def default_of(self, wish: Wish) -> Any:
        """Return the default as it is."""
        return wish.default


class TrainingWishesSerializer(serializers.Serializer[Any]):
    """What a training of one method heeds; other fields are ignored by it."""

    method = serializers.CharField()
    wishes = TrainingWishSerializer(many=True)


class TrainingWishesView(APIView):
    """What a training of this campaign may be asked."""

    @extend_schema(responses=TrainingWishesSerializer(many=True), operation_id="training_wishes", filters=False)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return what each method heeds; an empty list where models of this task are not trained here."""
        found = read_wishes(user=user_of(request), campaign=fetch_campaign(request, campaign_id))
        answers = [{"method": method, "wishes": wishes} for method, wishes in found.items()]
        return Response(TrainingWishesSerializer(answers, many=True).data)


urlpatterns: list[URLPattern | URLResolver] = [
    path("campaigns/<int:campaign_id>/training-wishes", TrainingWishesView.as_view()),
]
