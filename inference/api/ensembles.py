"""Ensembles: models of a campaign that answer as one."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, user_of
from inference.ensembling.voices import DEFAULT_OVERLAP
from inference.services.ensembles import change_ensemble, create_ensemble, members_document
from models_registry.api.callers import caller_of
from models_registry.api.serializers import ModelSerializer
from models_registry.api.views import model_document
from models_registry.services import attached_model


class EnsembleVoteSerializer(serializers.Serializer[Any]):
    """A member and how much it counts."""

    model = serializers.IntegerField()
    weight = serializers.FloatField(default=1.0)


class ChangeEnsembleSerializer(serializers.Serializer[Any]):
    """Who votes. ``overlap``: from which IoU on two objects are the same."""

    members = EnsembleVoteSerializer(many=True)
    overlap = serializers.FloatField(default=DEFAULT_OVERLAP)


class CreateEnsembleSerializer(ChangeEnsembleSerializer):
    """A new ensemble."""

    name = serializers.CharField(max_length=200)


class EnsembleMemberSerializer(EnsembleVoteSerializer):
    """A member as it is now; no name: it was removed."""

    name = serializers.CharField()
    version = serializers.CharField()


class EnsembleSerializer(serializers.Serializer[Any]):
    """Who votes, and how."""

    members = EnsembleMemberSerializer(many=True)
    overlap = serializers.FloatField()


class EnsemblesView(APIView):
    """Make ensembles."""

    @extend_schema(request=CreateEnsembleSerializer, responses={201: ModelSerializer})
    def post(self, request: Request, campaign_id: int) -> Response:
        """Make a model of two or more models that the campaign uses."""
        campaign = fetch_campaign(request, campaign_id)
        form = CreateEnsembleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        model = create_ensemble(user=user_of(request), campaign=campaign, caller=caller_of(request), **form.validated_data)
        return Response(model_document(request, model), status=status.HTTP_201_CREATED)


class EnsembleView(APIView):
    """One ensemble."""

    @extend_schema(responses=EnsembleSerializer)
    def get(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Return its members."""
        campaign = fetch_campaign(request, campaign_id)
        model = attached_model(user=user_of(request), campaign=campaign, model_id=model_id).model
        return Response(EnsembleSerializer(members_document(model, campaign)).data)

    @extend_schema(request=ChangeEnsembleSerializer, responses=EnsembleSerializer)
    def put(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Give it other members or weights."""
        campaign = fetch_campaign(request, campaign_id)
        model = attached_model(user=user_of(request), campaign=campaign, model_id=model_id).model
        form = ChangeEnsembleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        change_ensemble(user=user_of(request), campaign=campaign, model=model, caller=caller_of(request), **form.validated_data)
        return Response(EnsembleSerializer(members_document(model, campaign)).data)


urlpatterns: list[URLPattern | URLResolver] = [
    path("campaigns/<int:campaign_id>/ensembles", EnsemblesView.as_view()),
    path("campaigns/<int:campaign_id>/ensembles/<int:model_id>", EnsembleView.as_view()),
]
