"""The model that a campaign goes by, and the checkpoint that a model answers with."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, user_of
from campaigns.api.serializers import UserSerializer
from models_registry import services
from models_registry.api.callers import caller_of
from models_registry.api.serializers import ModelSerializer
from models_registry.checkpoints import FILE_STATES, answering_checkpoint, file_state
from models_registry.models import Checkpoint, Promotion, RegisteredModel
from models_registry.permissions import rights

MOST_PROMOTIONS = 100


class NamedModelSerializer(serializers.ModelSerializer[RegisteredModel]):
    """A model by its name and version."""

    class Meta:
        model = RegisteredModel
        fields = ["id", "name", "version", "kind", "answers_with"]
        read_only_fields = fields


class PromotionSerializer(serializers.ModelSerializer[Promotion]):
    """When a model became current, by whom, and whether that was taken back."""

    model = NamedModelSerializer(read_only=True)
    created_by = UserSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Promotion
        fields = ["id", "model", "by_training", "created_by", "created_at", "rolled_back_at"]
        read_only_fields = fields


class CurrentModelChangeSerializer(serializers.Serializer[Any]):
    """The current model became another one; null where nothing that was promoted counted."""

    at = serializers.DateTimeField()
    by = UserSerializer(allow_null=True)
    by_training = serializers.BooleanField()
    rolled_back = serializers.BooleanField()
    before = NamedModelSerializer(allow_null=True)
    after = NamedModelSerializer(allow_null=True)


class CurrentModelSerializer(serializers.Serializer[Any]):
    """The model that rounds go by; ``promoted`` false: nobody promoted one, so it is the one attached last.

    Models with mapped classes come before those without. ``before``: where the way back leads. ``file``: of a model that was trained
    here, what became of the checkpoint that answers: missing or damaged, it answers nothing until the file is put back.
    """

    model = NamedModelSerializer(allow_null=True)
    promoted = serializers.BooleanField()
    file = serializers.ChoiceField(choices=FILE_STATES, allow_null=True)
    may_roll_back = serializers.BooleanField()
    before = NamedModelSerializer(allow_null=True)
    history = PromotionSerializer(many=True)
    changes = CurrentModelChangeSerializer(many=True)


class PromoteSerializer(serializers.Serializer[Any]):
    """Which model to go by."""

    model = serializers.IntegerField(min_value=1)


class ChosenCheckpointSerializer(serializers.Serializer[Any]):
    """Which checkpoint answers."""

    role = serializers.ChoiceField(choices=Checkpoint.Role.choices)


def current_document(request: Request, campaign_id: int) -> dict[str, Any]:
    """Return the current model with its history."""
    campaign = fetch_campaign(request, campaign_id)
    model = services.current_model(campaign)
    history = list(services.promotions_of(user=user_of(request), campaign=campaign)[:MOST_PROMOTIONS])
    before = services.model_before(campaign)
    standing = [each.model_id for each in history if each.rolled_back_at is None]
    return {
        "model": NamedModelSerializer(model).data if model is not None else None,
        "promoted": model is not None and model.pk in standing,
        "file": _file_of(model),
        "may_roll_back": before is not None,
        "before": NamedModelSerializer(before).data if before is not None else None,
        "history": PromotionSerializer(history, many=True).data,
        "changes": CurrentModelChangeSerializer(services.changes_among(history), many=True).data,
    }


def _file_of(model: RegisteredModel | None) -> str | None:
    checkpoint = answering_checkpoint(model) if model is not None else None
    return None if checkpoint is None else file_state(checkpoint).value


class CurrentModelView(APIView):
    """The model that a campaign goes by."""

    @extend_schema(responses=CurrentModelSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return it, with the models that were current before."""
        return Response(current_document(request, campaign_id))

    @extend_schema(request=PromoteSerializer, responses=CurrentModelSerializer)
    def put(self, request: Request, campaign_id: int) -> Response:
        """Let the campaign go by one of its models."""
        form = PromoteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        campaign = fetch_campaign(request, campaign_id)
        services.promote_model(user=user_of(request), campaign=campaign, model_id=form.validated_data["model"], caller=caller_of(request))
        return Response(current_document(request, campaign_id))


class RollBackView(APIView):
    """The way back."""

    @extend_schema(request=None, responses=CurrentModelSerializer)
    def post(self, request: Request, campaign_id: int) -> Response:
        """Go back to the model that was promoted before."""
        services.roll_back(user=user_of(request), campaign=fetch_campaign(request, campaign_id), caller=caller_of(request))
        return Response(current_document(request, campaign_id))


class AnsweringCheckpointView(APIView):
    """The checkpoint that a model answers with."""

    @extend_schema(request=ChosenCheckpointSerializer, responses=ModelSerializer)
    def put(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Let a model that was trained here answer with its best or its last checkpoint."""
        form = ChosenCheckpointSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = user_of(request)
        attached = services.attached_model(user=user, campaign=fetch_campaign(request, campaign_id), model_id=model_id)
        model = services.choose_checkpoint(user=user, attached=attached, role=form.validated_data["role"], caller=caller_of(request))
        return Response(ModelSerializer(model, context=rights(user, [model])).data)


urlpatterns = [
    path("campaigns/<int:campaign_id>/current-model", CurrentModelView.as_view()),
    path("campaigns/<int:campaign_id>/current-model/roll-back", RollBackView.as_view()),
    path("campaigns/<int:campaign_id>/models/<int:model_id>/checkpoint", AnsweringCheckpointView.as_view()),
]
