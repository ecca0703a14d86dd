"""Read a model card that was written elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import user_of
from campaigns.errors import InvalidInput
from campaigns.permissions import require_manager_somewhere
from models_registry.api.serializers import OBJECT, ModelClassSerializer
from models_registry.mlm import CardUnreadable, read_item


class ImportedCardSerializer(serializers.Serializer[Any]):
    """What a card fills in of a model's form; empty is what it does not tell. ``warnings``: what could not be carried over."""

    name = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    version = serializers.CharField(allow_blank=True)
    task = serializers.CharField(allow_blank=True)
    classes = ModelClassSerializer(many=True)
    options = serializers.DictField()
    card = serializers.DictField(child=serializers.CharField())
    warnings = serializers.ListField(child=serializers.CharField())


class CardView(APIView):
    """Model cards from elsewhere."""

    @extend_schema(request={"application/json": OBJECT}, responses=ImportedCardSerializer)
    def post(self, request: Request) -> Response:
        """Read a STAC item of the Machine Learning Model extension as the fields of a model's form. Nothing is stored."""
        require_manager_somewhere(user_of(request))
        try:
            return Response(asdict(read_item(request.data)))
        except CardUnreadable as error:
            raise InvalidInput(str(error), code="no_model_card", errors=[{"field": error.where, "detail": error.why}]) from error


urlpatterns: list[URLPattern | URLResolver] = [path("models/card", CardView.as_view())]
