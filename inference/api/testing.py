"""Test a model's connection, and tell which protocols there are."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, fetch_image, user_of
from campaigns.errors import InvalidInput
from inference.protocols import PROTOCOLS
from inference.protocols.base import Protocol
from inference.protocols.onnx_file import ONNX, OnnxForm
from inference.services.testing import ConnectionReport, try_connection
from models_registry.api.callers import caller_of
from models_registry.permissions import fetch_model
from models_registry.services import check_steps
from models_registry.steps import KINDS as STEP_KINDS


class ModelTestSerializer(serializers.Serializer[Any]):
    """Which image to send: an image's id, or the first of a campaign; without either a drawn sample."""

    image = serializers.IntegerField(min_value=1, required=False, allow_null=True)
    campaign = serializers.IntegerField(min_value=1, required=False, allow_null=True)


class TestedImageSerializer(serializers.Serializer[Any]):
    """The image that was sent."""

    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    content_type = serializers.CharField()


class TestFailureSerializer(serializers.Serializer[Any]):
    """What was wrong: a code, the place in the answer when there is one, and a sentence."""

    code = serializers.CharField()
    where = serializers.CharField(allow_blank=True)
    why = serializers.CharField()


class ToldStepSerializer(serializers.Serializer[Any]):
    """What one step did; of many windows, or many things, what it did to the first."""

    phase = serializers.ChoiceField(choices=["pre", "post"])
    name = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()


class TestReportSerializer(serializers.Serializer[Any]):
    """What came of a test. The request and the raw answer are shown to those who may change the model."""

    ok = serializers.BooleanField()
    image = TestedImageSerializer()
    request = serializers.DictField(allow_null=True)
    latency_ms = serializers.FloatField(allow_null=True)
    raw = serializers.CharField(allow_null=True)
    mark = serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2, allow_null=True)
    sample = serializers.CharField(allow_null=True)
    prediction = serializers.DictField(allow_null=True)
    failure = TestFailureSerializer(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())
    steps = ToldStepSerializer(many=True)
    labels = serializers.ListField(child=serializers.CharField())
    windows = serializers.IntegerField(help_text="In how many windows the image was asked about; 0: as a whole")


class ProtocolOptionSerializer(serializers.Serializer[Any]):
    """One setting that a protocol reads from the model's options, or from their ``extra``.

    ``fills``: for each choice, the values of other settings to start from.
    """

    name = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.CharField()
    default = serializers.JSONField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField())
    help = serializers.CharField(allow_blank=True)
    fills = serializers.DictField(child=serializers.DictField())
    in_extra = serializers.BooleanField()


class ProtocolSerializer(serializers.Serializer[Any]):
    """A way of speaking to models."""

    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    tasks = serializers.ListField(child=serializers.CharField())
    interactive = serializers.BooleanField(help_text="Whether its models may answer clicks, when their options say so")
    options = ProtocolOptionSerializer(many=True)


class StepParamSerializer(serializers.Serializer[Any]):
    """A parameter of a step; numbers and wholes are lists of at most ``most``."""

    name = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=["number", "whole", "numbers", "wholes", "choice", "flag"])
    default = serializers.JSONField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField())
    most = serializers.IntegerField()
    help = serializers.CharField(allow_blank=True)
    when = serializers.ListField(child=serializers.CharField(), allow_null=True, help_text="[parameter, value]: looked at only then")


class StepKindSerializer(serializers.Serializer[Any]):
    """A step that a model may take before an image is sent, or after its answer came."""

    name = serializers.CharField()
    title = serializers.CharField()
    phase = serializers.ChoiceField(choices=["pre", "post"])
    help = serializers.CharField()
    params = StepParamSerializer(many=True)
    tasks = serializers.ListField(child=serializers.CharField())


class StepsCheckSerializer(serializers.Serializer[Any]):
    """A model's options as they stand in a form, with what decides whether its steps can work."""

    task = serializers.CharField(max_length=30)
    protocol = serializers.CharField(max_length=30)
    options = serializers.DictField()


class StepsJudgementSerializer(serializers.Serializer[Any]):
    """What is wrong with options, at which place; empty when they can be saved."""

    where = serializers.CharField(allow_blank=True)
    why = serializers.CharField(allow_blank=True)


class ModelTestThrottle(UserRateThrottle):
    """Few tests a minute: else this would be a tool to scan networks with."""

    scope = "model-test"
    rate = "30/min"


class ModelTestView(APIView):
    """Try a model on one image."""

    throttle_classes = (ModelTestThrottle,)

    @extend_schema(request=ModelTestSerializer, responses=TestReportSerializer)
    def post(self, request: Request, model_id: int) -> Response:
        """Send an image to the model and return the parsed answer, or exactly what was wrong with it."""
        model = fetch_model(user_of(request), model_id)
        form = ModelTestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        image_id, campaign_id = form.validated_data.get("image"), form.validated_data.get("campaign")
        image = fetch_image(request, image_id) if image_id else None
        campaign = fetch_campaign(request, campaign_id) if campaign_id else None
        return Response(
            _document(try_connection(user=user_of(request), model=model, image=image, campaign=campaign, caller=caller_of(request)))
        )


class ProtocolsView(APIView):
    """The ways of speaking to models."""

    @extend_schema(responses=ProtocolSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the protocols that a model can be registered with; "onnx", which is for no task, tells the settings of ONNX files."""
        forms: list[Protocol | OnnxForm] = [*PROTOCOLS.values(), ONNX]
        return Response([_protocol_document(protocol) for protocol in forms])


class StepsView(APIView):
    """The steps around a model."""

    @extend_schema(responses=StepKindSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the steps that models can take, with their parameters."""
        return Response([{**asdict(kind), "tasks": sorted(kind.tasks)} for kind in STEP_KINDS.values()])


class StepsCheckView(APIView):
    """Whether options can be saved, while they are being written."""

    @extend_schema(request=StepsCheckSerializer, responses=StepsJudgementSerializer)
    def post(self, request: Request) -> Response:
        """Return the first thing that is wrong with a model's options, its steps in their order above all; nothing is stored."""
        form = StepsCheckSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        try:
            check_steps(protocol=asked["protocol"], task=asked["task"], options=asked["options"])
        except InvalidInput as error:
            problem = (error.errors or [{"field": "options", "detail": error.detail}])[0]
            return Response({"where": problem["field"].removeprefix("options."), "why": problem["detail"]})
        return Response({"where": "", "why": ""})


def _document(report: ConnectionReport) -> dict[str, Any]:
    return {"ok": report.ok, **asdict(report)}


def _protocol_document(protocol: Protocol | OnnxForm) -> dict[str, Any]:
    return {
        "name": protocol.name,
        "title": protocol.title,
        "description": protocol.description,
        "tasks": sorted(protocol.tasks),
        "interactive": protocol.interactive,
        "options": [asdict(option) | {"in_extra": option.in_extra} for option in protocol.options],
    }


urlpatterns: list[URLPattern | URLResolver] = [
    path("models/<int:model_id>/test", ModelTestView.as_view()),
    path("protocols", ProtocolsView.as_view()),
    path("steps", StepsView.as_view()),
    path("steps/check", StepsCheckView.as_view()),
]
