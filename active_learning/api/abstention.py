"""Spans of confidence in which a model leaves answers to people."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.api.statistics import IOU, ROOT, SLICE, SPANS, THRESHOLDS, overlap_of, slice_of, spans_of, thresholds_of
from active_learning.services import abstention as services
from campaigns.api.base import fetch_campaign, user_of
from campaigns.errors import InvalidInput


class SpanSerializer(serializers.Serializer[Any]):
    """From ``low`` up to ``high`` the model is unsure of a label."""

    low = serializers.FloatField(min_value=0, max_value=1)
    high = serializers.FloatField(min_value=0, max_value=1)


class SpansSerializer(serializers.Serializer[Any]):
    """Spans by label id; a label without one is never unsure."""

    spans = serializers.DictField(child=SpanSerializer())


class LabelShareSerializer(serializers.Serializer[Any]):
    """One label outside and inside its span, in answers: images of labels, objects of those."""

    label_id = serializers.IntegerField()
    answers = serializers.IntegerField()
    unsure = serializers.IntegerField()
    said = serializers.IntegerField(help_text="Decided, and at the threshold or above")
    hits = serializers.IntegerField(help_text="Said, and true")
    denied = serializers.IntegerField(help_text="Decided, and below the threshold")
    missed = serializers.IntegerField(help_text="Denied, and true all the same")


class DecidedSerializer(serializers.Serializer[Any]):
    """What is left when images with an unsure answer go to people."""

    images = serializers.IntegerField()
    decided = serializers.IntegerField()
    accuracy = serializers.FloatField(allow_null=True, help_text="Of the decided images: the share of which everything is right")
    accuracy_low = serializers.FloatField(allow_null=True)
    accuracy_high = serializers.FloatField(allow_null=True)
    errors = serializers.IntegerField(help_text="Decided images that are wrong")  # type: ignore[assignment]
    caught = serializers.IntegerField(help_text="Wrong images that go to people")
    labels = LabelShareSerializer(many=True)


class RiskCurveSerializer(serializers.Serializer[Any]):
    """The accuracy that is left when the least sure images go to people, from few images to all."""

    coverage = serializers.ListField(child=serializers.FloatField(), help_text="The share of images that the model decides")
    accuracy = serializers.ListField(child=serializers.FloatField())
    assurance = serializers.ListField(
        child=serializers.FloatField(), help_text="Of the least sure image that is decided: how far it lies from its threshold, 0 to 1"
    )
    area = serializers.FloatField(help_text="The mean share of errors over all coverages (AURC); lower is better")
    best_area = serializers.FloatField(help_text="That of a model which is least sure exactly where it is wrong")


class AbstentionSerializer(serializers.Serializer[Any]):
    """What is decided outside the spans on a slice, and how right that is."""

    slice = serializers.CharField()
    source = serializers.ChoiceField(choices=["given", "saved", "none"])  # type: ignore[assignment]
    spans = serializers.DictField(child=SpanSerializer())
    decided = DecidedSerializer()
    curve = RiskCurveSerializer(allow_null=True)


class UnsureImagesSerializer(serializers.Serializer[Any]):
    """Images, the least sure first."""

    ids = serializers.ListField(child=serializers.IntegerField())


class AbstentionView(APIView):
    """What a model leaves to people."""

    @extend_schema(parameters=[SLICE, THRESHOLDS, SPANS, IOU], responses=AbstentionSerializer)
    def get(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Tell how many images of a slice are decided outside the spans, how right they are, and the curve of risk over coverage."""
        document = services.abstention_of(
            user=user_of(request), campaign=fetch_campaign(request, campaign_id), model_id=model_id, name=slice_of(request),
            thresholds=thresholds_of(request), spans=spans_of(request), overlap=overlap_of(request),
        )  # fmt: skip
        return Response(document)


class SpansView(APIView):
    """Where a model is unsure."""

    @extend_schema(
        parameters=[
            OpenApiParameter("target", OpenApiTypes.FLOAT, description="Which share of decided answers is right, 0 to 1"),
            SLICE, THRESHOLDS, IOU,
        ],
        responses=SpansSerializer,
    )  # fmt: skip
    def get(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Suggest the narrowest spans about the thresholds outside of which a share of answers is right on a slice. Nothing is saved."""
        try:
            target = float(request.query_params.get("target", 0.95))
        except ValueError as error:
            raise InvalidInput("target is a share from 0 to 1.", code="invalid_aim") from error
        found = services.suggest_spans(
            user=user_of(request), campaign=fetch_campaign(request, campaign_id), model_id=model_id, name=slice_of(request),
            thresholds=thresholds_of(request), target=target, overlap=overlap_of(request),
        )  # fmt: skip
        return Response({"spans": found})

    @extend_schema(request=SpansSerializer, responses=SpansSerializer)
    def put(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Keep spans in place of those that there are; an empty object removes them all. The predict API tells what lies within."""
        form = SpansSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        campaign, spans = fetch_campaign(request, campaign_id), form.validated_data["spans"]
        return Response({"spans": services.save_spans(user=user_of(request), campaign=campaign, model_id=model_id, spans=spans)})


class UnsureImagesView(APIView):
    """What people are to look at first."""

    @extend_schema(responses=UnsureImagesSerializer, operation_id="campaigns_models_unsure_images")
    def get(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """List the unlabeled images with an answer inside a saved span, the least sure first."""
        found = services.unsure_pool(user=user_of(request), campaign=fetch_campaign(request, campaign_id), model_id=model_id)
        return Response({"ids": found})


urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{ROOT}/abstention", AbstentionView.as_view()),
    path(f"{ROOT}/unsure-spans", SpansView.as_view()),
    path(f"{ROOT}/unsure-images", UnsureImagesView.as_view()),
]
