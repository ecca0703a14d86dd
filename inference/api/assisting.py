"""Smart labeling: one address that turns marks into outlines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_image, user_of
from inference.services.assisting import assist


class PromptPointSerializer(serializers.Serializer[Any]):
    """A place on the thing, or one that is not on it."""

    x = serializers.FloatField()
    y = serializers.FloatField()
    positive = serializers.BooleanField(default=True)


def _strokes() -> serializers.ListField:
    point = serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2)
    return serializers.ListField(child=serializers.ListField(child=point), required=False)


class PromptsSerializer(serializers.Serializer[Any]):
    """What marks one thing, in pixels of the image."""

    box = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4, required=False, allow_null=True)
    points = PromptPointSerializer(many=True, required=False)
    foreground = _strokes()
    background = _strokes()
    brush_px = serializers.FloatField(default=6.0, help_text="How wide the strokes are")


class StyleSerializer(serializers.Serializer[Any]):
    """How the image is shown: what tiles take as bands, min, max and gamma. Outlines are found in what the person sees."""

    bands = serializers.ListField(child=serializers.IntegerField(), required=False)
    min = serializers.ListField(child=serializers.FloatField(), required=False)
    max = serializers.ListField(child=serializers.FloatField(), required=False)
    gamma = serializers.FloatField(required=False)


class MaskSerializer(serializers.Serializer[Any]):
    """A mask of the whole image: COCO's compressed run lengths."""

    type = serializers.ChoiceField(choices=[("mask", "mask")])
    size = serializers.ListField(child=serializers.IntegerField(), help_text="Height, width")
    counts = serializers.CharField()
    bbox = serializers.ListField(child=serializers.FloatField(), required=False, help_text="Left, top, width, height")


class AssistSerializer(serializers.Serializer[Any]):
    """What is marked, and how it is to become an outline."""

    tool = serializers.ChoiceField(choices=[("grabcut", "grabcut"), ("model", "model")], default="grabcut")
    model = serializers.IntegerField(
        required=False, help_text="A promptable model of the campaign, or one at an address that answers clicks; its first one by default"
    )
    roi = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4, required=False, help_text="The work area")
    prompts = PromptsSerializer(required=False)
    mask = MaskSerializer(required=False, help_text="The last answer, for GrabCut to go on from")
    polygon = serializers.BooleanField(default=False, help_text="Return the outline as a polygon, too")
    style = StyleSerializer(required=False)  # type: ignore[assignment]
    prepare = serializers.BooleanField(default=False, help_text="Only look at the image, so that the first click is answered at once")


class AssistedObjectSerializer(serializers.Serializer[Any]):
    """The outline of one thing."""

    shape = MaskSerializer()
    polygon = serializers.DictField(required=False)
    confidence = serializers.FloatField(allow_null=True, help_text="Null where the model says none")


class AssistAnswerSerializer(serializers.Serializer[Any]):
    """The outline; with a list of prompts, ``objects`` has one for each. ``ready``: the answer to ``prepare``."""

    shape = MaskSerializer(required=False)
    polygon = serializers.DictField(required=False)
    confidence = serializers.FloatField(required=False, allow_null=True)
    objects = AssistedObjectSerializer(many=True, required=False)
    ready = serializers.BooleanField(required=False)
    took_ms = serializers.FloatField()


class AssistView(APIView):
    """Smart labeling on one image."""

    @extend_schema(request=AssistSerializer, responses=AssistAnswerSerializer)
    def post(self, request: Request, image_id: int) -> Response:
        """Return the outline of what is marked; nothing is saved. ``prompts`` may be a list for a model: one thing each."""
        image = fetch_image(request, image_id)
        wanted = request.data
        if not isinstance(wanted, Mapping):
            wanted = {"": None}  # refused by name, after the role was checked
        return Response(assist(user=user_of(request), image=image, wanted=wanted))


urlpatterns: list[URLPattern | URLResolver] = [path("images/<int:image_id>/assist", AssistView.as_view())]
