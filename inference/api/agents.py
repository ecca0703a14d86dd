"""What an agent asks for: whether it fits, questions, and that its answers be taken."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import user_of
from inference.services.agents import LONGEST_WAIT_S, acquire_questions, announce_agent, complete_questions
from models_registry.api.callers import caller_of
from models_registry.api.serializers import ModelClassSerializer
from models_registry.permissions import fetch_model

COME_BACK_IN_S = 2


class AnnouncedAgentSerializer(serializers.Serializer[Any]):
    """Who asks for work, and what its function can do; an empty list of classes and an empty task are: not told."""

    agent = serializers.CharField(max_length=100)
    version = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    classes = serializers.ListField(child=serializers.CharField(max_length=200), required=False, default=list, max_length=10_000)
    task = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")


class ServedModelSerializer(serializers.Serializer[Any]):
    """What the agent is to answer for."""

    name = serializers.CharField()
    version = serializers.CharField()
    task = serializers.CharField()
    classes = ModelClassSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())


class AcquireSerializer(serializers.Serializer[Any]):
    """How many questions, and how long to wait for the first."""

    agent = serializers.CharField(max_length=100)
    most = serializers.IntegerField(min_value=1, max_value=32, required=False, default=1)
    wait_s = serializers.FloatField(min_value=0, max_value=LONGEST_WAIT_S, required=False, default=0)


class AgentQuestionSerializer(serializers.Serializer[Any]):
    """``request``: the document of Winnow's own contract, the image at ``image.address`` or as base64 in ``image.b64``."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=["interactive", "batch"])
    request = serializers.DictField()


class AcquiredSerializer(serializers.Serializer[Any]):
    """Questions, each to be answered within ``lease_s`` times their number (s); then another agent may take them."""

    questions = AgentQuestionSerializer(many=True)
    lease_s = serializers.FloatField()


class AgentAnswerSerializer(serializers.Serializer[Any]):
    """``reply``: as a server of Winnow's own contract answers. ``error``: why not. ``release``: somebody else may have it."""

    id = serializers.IntegerField(min_value=1)
    reply = serializers.DictField(required=False)
    error = serializers.CharField(max_length=500, required=False)
    release = serializers.BooleanField(required=False, default=False)


class CompleteSerializer(serializers.Serializer[Any]):
    """Answers."""

    agent = serializers.CharField(max_length=100)
    answers = AgentAnswerSerializer(many=True, max_length=32)  # type: ignore[call-arg]


class CompletedSerializer(serializers.Serializer[Any]):
    """``late``: questions that were no longer this agent's. ``urgent``: a person waits for an answer now."""

    accepted = serializers.IntegerField()
    late = serializers.ListField(child=serializers.IntegerField())
    urgent = serializers.BooleanField()


class AnnounceView(APIView):
    """An agent comes."""

    @extend_schema(request=AnnouncedAgentSerializer, responses=ServedModelSerializer)
    def post(self, request: Request, model_id: int) -> Response:
        """Say that an agent is there; refused with the reason where its function does not fit the model."""
        model = fetch_model(user_of(request), model_id)
        form = AnnouncedAgentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        warnings = announce_agent(user=user_of(request), model=model, caller=caller_of(request), **form.validated_data)
        told = {"name": model.name, "version": model.version, "task": model.task, "classes": model.classes, "warnings": warnings}
        return Response(ServedModelSerializer(told).data)


class AcquireView(APIView):
    """An agent wants work."""

    @extend_schema(request=AcquireSerializer, responses=AcquiredSerializer)
    def post(self, request: Request, model_id: int) -> Response:
        """Claim questions, those that a person waits for first; an empty list with Retry-After when too many wait already."""
        model = fetch_model(user_of(request), model_id)
        form = AcquireSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        found = acquire_questions(user=user_of(request), model=model, **form.validated_data)
        headers = {"Retry-After": str(COME_BACK_IN_S)} if found.busy else None
        return Response({"questions": found.questions, "lease_s": found.lease_s}, headers=headers)


class CompleteView(APIView):
    """An agent brings answers."""

    @extend_schema(request=CompleteSerializer, responses=CompletedSerializer)
    def post(self, request: Request, model_id: int) -> Response:
        """Take answers; each question is answered once."""
        model = fetch_model(user_of(request), model_id)
        form = CompleteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(complete_questions(user=user_of(request), model=model, **form.validated_data))


urlpatterns: list[URLPattern | URLResolver] = [
    path("models/<int:model_id>/agent/announce", AnnounceView.as_view()),
    path("models/<int:model_id>/agent/acquire", AcquireView.as_view()),
    path("models/<int:model_id>/agent/complete", CompleteView.as_view()),
]
