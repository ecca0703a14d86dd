"""Upload a network as an ONNX file."""

from __future__ import annotations

from typing import Any

import orjson
from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import user_of
from campaigns.models import Task
from campaigns.permissions import require_manager_somewhere
from inference.services.onnx import add_onnx_model
from models_registry.api.callers import caller_of
from models_registry.api.serializers import ModelClassSerializer, ModelSerializer
from models_registry.api.views import model_document


class OnnxUploadSerializer(serializers.Serializer[Any]):
    """The file and its card. ``task``: empty is told by the outputs. ``classes``, ``options``: JSON; empty is what the file tells."""

    file = serializers.FileField(allow_empty_file=True)
    name = serializers.CharField(max_length=200)
    task = serializers.ChoiceField(choices=Task.choices, required=False, allow_blank=True, default="")
    description = serializers.CharField(required=False, allow_blank=True, max_length=20_000)
    version = serializers.CharField(required=False, max_length=100)
    multi_label = serializers.BooleanField(required=False, default=False)
    classes = serializers.CharField(required=False, allow_blank=True, max_length=2_000_000)
    options = serializers.CharField(required=False, allow_blank=True, max_length=100_000)

    def validate_classes(self, text: str) -> list[dict[str, Any]]:
        """Read a JSON list of {"index", "name"}."""
        form = ModelClassSerializer(data=_json(text, []), many=True)
        form.is_valid(raise_exception=True)
        return [dict(each) for each in form.validated_data]

    def validate_options(self, text: str) -> dict[str, Any]:
        """Read a JSON object."""
        value = _json(text, {})
        if not isinstance(value, dict):
            raise serializers.ValidationError("Must be a JSON object.")
        return value


def _json(text: str, default: Any) -> Any:
    try:
        return orjson.loads(text) if text.strip() else default
    except orjson.JSONDecodeError as error:
        raise serializers.ValidationError(f"Must be JSON: {error.msg}.") from error


class OnnxModelsView(APIView):
    """Networks in ONNX files."""

    parser_classes = (MultiPartParser,)

    @extend_schema(request={"multipart/form-data": OnnxUploadSerializer}, responses={201: ModelSerializer})
    def post(self, request: Request) -> Response:
        """Add a network from its file; it is looked through and loaded once before it is kept."""
        require_manager_somewhere(user_of(request))  # before a gigabyte is read
        form = OnnxUploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)
        model = add_onnx_model(user=user_of(request), chunks=fields.pop("file").chunks(), caller=caller_of(request), **fields)
        return Response(model_document(request, model), status=status.HTTP_201_CREATED)


urlpatterns: list[URLPattern | URLResolver] = [path("models/onnx", OnnxModelsView.as_view())]
