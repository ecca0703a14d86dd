"""Checkpoints of a model: snapshot, config, metrics, lineage."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.services.checkpoints import origin_of
from campaigns.api.base import user_of
from models_registry.api.current import NamedModelSerializer
from models_registry.checkpoints import FileState
from models_registry.models import Checkpoint
from models_registry.permissions import fetch_model


class RelativeSerializer(serializers.ModelSerializer[Checkpoint]):
    """A checkpoint that another came from, or that came from it."""

    model = NamedModelSerializer(read_only=True)

    class Meta:
        model = Checkpoint
        fields = ["id", "role", "model"]
        read_only_fields = fields


class CheckpointSerializer(serializers.Serializer[Any]):
    """Weights, config and metrics of one training. ``size_bytes`` is null where the file is gone; ``ancestors``: the nearest first."""

    id = serializers.IntegerField(source="checkpoint.pk")
    role = serializers.CharField(source="checkpoint.role")
    sha256 = serializers.CharField(source="checkpoint.sha256")
    size_bytes = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(choices=[(each.value, each.value) for each in FileState])
    answers = serializers.BooleanField()
    config = serializers.DictField(source="checkpoint.config")
    metrics = serializers.DictField(source="checkpoint.metrics")
    created_at = serializers.DateTimeField(source="checkpoint.created_at")
    ancestors = RelativeSerializer(many=True)
    children = RelativeSerializer(many=True)


class TaughtLabelSerializer(serializers.Serializer[Any]):
    """How many images have a label."""

    name = serializers.CharField()
    images = serializers.IntegerField()


class KnownSnapshotSerializer(serializers.Serializer[Any]):
    """The revisions that a training used; ``gone``: images that were removed since."""

    digest = serializers.CharField()
    images = serializers.IntegerField()
    gone = serializers.IntegerField()
    labels = TaughtLabelSerializer(many=True)
    created_at = serializers.DateTimeField()


class OriginTrainingSerializer(serializers.Serializer[Any]):
    """The training that made the model."""

    id = serializers.IntegerField(source="run_id")
    name = serializers.CharField()
    campaign = serializers.IntegerField(source="run.campaign_id")


class OriginSerializer(serializers.Serializer[Any]):
    """Where a model comes from."""

    checkpoints = CheckpointSerializer(many=True)
    training = OriginTrainingSerializer(allow_null=True)
    snapshot = KnownSnapshotSerializer(allow_null=True)


class CheckpointsView(APIView):
    """The checkpoints of a model."""

    @extend_schema(responses=OriginSerializer)
    def get(self, request: Request, model_id: int) -> Response:
        """Return the checkpoints, what they learned from, and what they came from."""
        return Response(OriginSerializer(origin_of(fetch_model(user_of(request), model_id))).data)


urlpatterns = [path("models/<int:model_id>/checkpoints", CheckpointsView.as_view())]
