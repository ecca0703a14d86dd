"""Ask an address what it is, and models how they are."""

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

from campaigns.api.base import user_of
from campaigns.models import Task
from inference.recognising import Candidate
from inference.services.health import ModelHealth, check_model, health_of
from inference.services.probing import ProbeReport, probe_address
from models_registry.api.callers import caller_of
from models_registry.models import HealthCheck, RegisteredModel
from models_registry.permissions import fetch_model

LISTED_CHECKS = 12


class ProbeSerializer(serializers.Serializer[Any]):
    """An address to be asked; the secret goes there alone and is not kept. ``task``: what the answer is wanted for."""

    url = serializers.CharField(max_length=2000)
    secret = serializers.CharField(required=False, allow_blank=True, default="", max_length=8000)
    auth_header = serializers.CharField(required=False, default="Authorization", max_length=100)
    task = serializers.ChoiceField(choices=Task.choices, required=False, allow_blank=True, default="")


class ProbedClassSerializer(serializers.Serializer[Any]):
    """An output slot."""

    index = serializers.IntegerField()
    name = serializers.CharField()


class CandidateSerializer(serializers.Serializer[Any]):
    """A protocol that answers, what to register, and why it is thought so."""

    protocol = serializers.CharField()
    title = serializers.CharField()
    confidence = serializers.FloatField()
    url = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    version = serializers.CharField(allow_blank=True)
    task = serializers.CharField(allow_blank=True)
    multi_label = serializers.BooleanField()
    classes = ProbedClassSerializer(many=True)
    classes_of_tasks = serializers.DictField(child=ProbedClassSerializer(many=True))
    options = serializers.DictField()
    evidence = serializers.ListField(child=serializers.CharField())
    choices = serializers.ListField(child=serializers.CharField())


class AttemptSerializer(serializers.Serializer[Any]):
    """A protocol whose picture was not understood, or whose answer was not."""

    protocol = serializers.CharField()
    title = serializers.CharField()
    code = serializers.CharField()
    where = serializers.CharField(allow_blank=True)
    why = serializers.CharField()


class ProbeFailureSerializer(serializers.Serializer[Any]):
    """Why nothing was found."""

    code = serializers.CharField()
    why = serializers.CharField()


class ProbeReportSerializer(serializers.Serializer[Any]):
    """What was found, the surest first."""

    url = serializers.CharField()
    candidates = CandidateSerializer(many=True)
    attempts = AttemptSerializer(many=True)
    failure = ProbeFailureSerializer(allow_null=True)


class ProbeThrottle(UserRateThrottle):
    """Few probes a minute: each sends many requests, and it must be no tool to scan networks with."""

    scope = "model-probe"
    rate = "10/min"


class HealthThrottle(UserRateThrottle):
    """Few checks a minute."""

    scope = "model-health"
    rate = "30/min"


class ProbeView(APIView):
    """Find out what an address speaks."""

    throttle_classes = (ProbeThrottle,)

    @extend_schema(request=ProbeSerializer, responses=ProbeReportSerializer)
    def post(self, request: Request) -> Response:
        """Ask an address what it is; where it does not say, send it a drawn picture in every protocol. Nothing is stored."""
        form = ProbeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(_report(probe_address(user=user_of(request), caller=caller_of(request), **form.validated_data)))


class HealthCheckSerializer(serializers.ModelSerializer[HealthCheck]):
    """Whether a model could be reached at one time."""

    class Meta:
        model = HealthCheck
        fields = ["created_at", "is_up", "code", "detail", "latency_ms", "scheduled"]


class TrendPointSerializer(serializers.Serializer[Any]):
    """About a minute of calls."""

    at = serializers.DateTimeField()
    p50_ms = serializers.FloatField(allow_null=True)
    error_rate = serializers.FloatField()


class CallFiguresSerializer(serializers.Serializer[Any]):
    """About the last thousand calls of runs, tests and smart labeling."""

    calls = serializers.IntegerField()
    failures = serializers.IntegerField()
    error_rate = serializers.FloatField(allow_null=True)
    p50_ms = serializers.FloatField(allow_null=True)
    p95_ms = serializers.FloatField(allow_null=True)
    last_error_code = serializers.CharField(allow_blank=True)
    last_error = serializers.CharField(allow_blank=True)
    last_error_at = serializers.DateTimeField(allow_null=True)
    trend = TrendPointSerializer(many=True)


class ModelHealthSerializer(serializers.Serializer[Any]):
    """How a model is; its checks, the newest first."""

    model = serializers.IntegerField()
    state = serializers.ChoiceField(choices=["up", "down", "unknown"])
    checks = HealthCheckSerializer(many=True)
    calls = CallFiguresSerializer()


class ModelsHealthView(APIView):
    """How all models are."""

    @extend_schema(responses=ModelHealthSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the health of every model that the user may see."""
        ids = list(RegisteredModel.objects.visible_to(user_of(request)).order_by("-id").values_list("pk", flat=True)[:500])
        return Response([_health(each) for each in health_of(ids, checks=LISTED_CHECKS).values()])


class ModelHealthView(APIView):
    """How one model is."""

    def get_throttles(self) -> list[Any]:
        """Limit looking, not reading."""
        return [HealthThrottle()] if self.request.method == "POST" else []

    @extend_schema(responses=ModelHealthSerializer)
    def get(self, request: Request, model_id: int) -> Response:
        """Return the model's checks and the figures of its last calls."""
        model = fetch_model(user_of(request), model_id)
        return Response(_health(health_of([model.pk])[model.pk]))

    @extend_schema(request=None, responses=ModelHealthSerializer)
    def post(self, request: Request, model_id: int) -> Response:
        """Look now whether the model is up."""
        model = fetch_model(user_of(request), model_id)
        return Response(_health(check_model(user=user_of(request), model=model, caller=caller_of(request))))


def _health(health: ModelHealth) -> dict[str, Any]:
    calls = {**asdict(health.calls), "error_rate": health.calls.error_rate}
    document = {"model": health.model_id, "state": health.state, "checks": health.checks, "calls": calls}
    return dict(ModelHealthSerializer(document).data)


def _report(report: ProbeReport) -> dict[str, Any]:
    failure = None if report.failure is None else {"code": report.failure[0], "why": report.failure[1]}
    document = {
        "url": report.url, "candidates": [_candidate(each) for each in report.candidates],
        "attempts": [asdict(each) for each in report.attempts], "failure": failure,
    }  # fmt: skip
    return dict(ProbeReportSerializer(document).data)


def _candidate(candidate: Candidate) -> dict[str, Any]:
    classes = {task: [asdict(each) for each in found] for task, found in candidate.classes_of_tasks.items()}
    told = [asdict(each) for each in candidate.classes]
    plain = {
        name: getattr(candidate, name) for name in ("protocol", "title", "confidence", "url", "name", "version", "task", "multi_label")
    }
    lists = {"evidence": list(candidate.evidence), "choices": list(candidate.choices)}
    return {**plain, **lists, "classes": told, "classes_of_tasks": classes, "options": dict(candidate.options)}


urlpatterns: list[URLPattern | URLResolver] = [
    path("models/probe", ProbeView.as_view()),
    path("models/health", ModelsHealthView.as_view()),
    path("models/<int:model_id>/health", ModelHealthView.as_view()),
]
