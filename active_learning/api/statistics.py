"""How good a model of a campaign is, on which images, and what to do about it."""

from __future__ import annotations

import json
from typing import Any

from django.http import FileResponse
from django.urls import URLPattern, URLResolver, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.api import statistics_forms as forms
from active_learning.services import calibrating
from active_learning.services import statistics as services
from active_learning.services.statistics_files import KINDS, PICTURES, statistics_file
from active_learning.services.statistics_images import Question, images_of, objects_of
from campaigns.api.base import fetch_campaign, idempotent, user_of
from campaigns.api.imagery import PixelView
from campaigns.api.serializers import RunSerializer
from campaigns.errors import InvalidInput
from inference.comparing import DEFAULT_OVERLAP

SLICE = OpenApiParameter(
    "slice", str, description='train, validation (the default), test, all, or a selection as JSON: [1, 2], {"filter": {…}} or {"view": 1}'
)
THRESHOLDS = OpenApiParameter(
    "thresholds", str, description='Thresholds to try, by label id, as JSON: {"3": 0.7}. Without them: those that are saved, else the best.'
)

PICTURES_KEPT = OpenApiParameter(
    "images", str, enum=list(PICTURES), description="Pictures of a ZIP: as they are, as JPEGs of at most 1024 pixels a side, or none."
)
SPANS = OpenApiParameter(
    "spans", str, description='Spans to try, by label id, as JSON: {"3": {"low": 0.3, "high": 0.8}}. Without them: those that are saved.'
)
IOU = OpenApiParameter("iou", float, description="From what overlap (IoU, or OKS of points) on an object is found; 0.5 by default.")


def overlap_of(request: Request) -> float:
    """Return the overlap that a request asks about; raises InvalidInput."""
    try:
        return float(request.query_params.get("iou", DEFAULT_OVERLAP))
    except ValueError as error:
        raise InvalidInput("iou is a number between 0.05 and 1.", code="invalid_question") from error


def slice_of(request: Request) -> str:
    """Return the slice that a request asks about."""
    return request.query_params.get("slice") or "validation"


def _by_label(request: Request, name: str, example: str, code: str) -> dict[str, Any] | None:
    """Return the JSON object of a parameter, by label id; None where it is not given."""
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise _no_json(name, example, code)
    return given


def _no_json(name: str, example: str, code: str) -> InvalidInput:
    return InvalidInput(f'{name} is JSON: {{"<label id>": {example}}}.', code=code)


def thresholds_of(request: Request) -> dict[int, float] | None:
    """Return the thresholds that a request tries, by label id; None where it tries none."""
    told = ("thresholds", "0.5", "invalid_thresholds")
    written = _by_label(request, *told)
    if written is None:
        return None
    try:
        given = {int(label): float(value) for label, value in written.items()}
    except (ValueError, TypeError) as error:
        raise _no_json(*told) from error
    if any(isinstance(value, bool) for value in written.values()):
        raise _no_json(*told)
    if not all(0.0 <= value <= 1.0 for value in given.values()):
        raise InvalidInput("A threshold is a number from 0 to 1.", code="invalid_thresholds")
    return given


def spans_of(request: Request) -> dict[str, Any] | None:
    """Return the spans that a request tries, by label id; None where it tries none."""
    return _by_label(request, "spans", '{"low": 0.3, "high": 0.8}', "invalid_span")


class StatisticsView(APIView):
    """Figures of a model."""

    @extend_schema(parameters=[SLICE, THRESHOLDS, IOU], responses=forms.ModelStatisticsSerializer)
    def get(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Measure stored answers against what people submitted: all labels together, each label, confusions, calibration."""
        document = services.statistics_of(
            user=user_of(request), campaign=fetch_campaign(request, campaign_id), model_id=model_id, name=slice_of(request),
            thresholds=thresholds_of(request), overlap=overlap_of(request),
        )  # fmt: skip
        return Response(document)


class CurvesView(APIView):
    """Precision and recall over thresholds."""

    @extend_schema(parameters=[SLICE, IOU], responses=forms.CurvesSerializer)
    def get(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Return the curve of all labels at one threshold, and of each label; thresholds fall along them."""
        document = services.curves_of(
            user=user_of(request),
            campaign=fetch_campaign(request, campaign_id),
            model_id=model_id,
            name=slice_of(request),
            overlap=overlap_of(request),
        )
        return Response(document)


class StatisticsImagesView(APIView):
    """The images behind the figures."""

    @extend_schema(parameters=[SLICE, THRESHOLDS, SPANS, IOU, forms.ImagesQuerySerializer], responses=forms.MeasuredImagesSerializer)
    def get(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """List images by outcome, confusion cell, loss or uncertainty: all their ids, and one page of them in full."""
        form = forms.ImagesQuerySerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        document = images_of(
            user=user_of(request), campaign=fetch_campaign(request, campaign_id), model_id=model_id, name=slice_of(request),
            thresholds=thresholds_of(request), spans=spans_of(request),
            question=Question(**form.validated_data), overlap=overlap_of(request),
        )  # fmt: skip
        return Response(document)


class StatisticsImageView(APIView):
    """One image of a model that finds objects."""

    @extend_schema(
        operation_id="campaigns_models_statistics_image_retrieve",
        parameters=[SLICE, THRESHOLDS, IOU],
        responses=forms.JudgedImageSerializer,
    )
    def get(self, request: Request, campaign_id: int, model_id: int, image_id: int) -> Response:
        """Return its objects: rightly found, falsely found, missed."""
        document = objects_of(
            user=user_of(request), campaign=fetch_campaign(request, campaign_id), model_id=model_id, name=slice_of(request), image=image_id,
            thresholds=thresholds_of(request), overlap=overlap_of(request),
        )  # fmt: skip
        return Response(document)


class ThresholdsView(APIView):
    """Where a model's answers begin to count."""

    @extend_schema(
        parameters=[
            OpenApiParameter("aim", str, enum=["f1", "precision", "recall"]),
            OpenApiParameter("target", OpenApiTypes.FLOAT, description="Least precision or recall, above 0 and at most 1"),
            SLICE,
            IOU,
        ],
        responses=forms.ThresholdsSerializer,
    )
    def get(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Suggest the thresholds that reach an aim on a slice; labels for which none does are left out. Nothing is saved."""
        try:
            target = float(request.query_params.get("target", 0.0))
        except ValueError as error:
            raise InvalidInput("target is a share from 0 to 1.", code="invalid_aim") from error
        found = services.suggest_thresholds(
            user=user_of(request), campaign=fetch_campaign(request, campaign_id), model_id=model_id,
            aim=request.query_params.get("aim", "f1"), target=target, on=slice_of(request), overlap=overlap_of(request),
        )  # fmt: skip
        return Response({"thresholds": found})

    @extend_schema(request=forms.ThresholdsSerializer, responses=forms.ThresholdsSerializer)
    def put(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Save thresholds by label id: from then on they hold for drafts too. Labels that are not named keep theirs."""
        form = forms.ThresholdsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        thresholds, campaign = form.validated_data["thresholds"], fetch_campaign(request, campaign_id)
        saved = services.save_thresholds(user=user_of(request), campaign=campaign, model_id=model_id, thresholds=thresholds)
        return Response({"thresholds": saved})


class CalibrationView(APIView):
    """Whether a model's confidences can be believed."""

    @extend_schema(request=forms.SliceSerializer, responses=forms.CalibrationSerializer)
    def post(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Fit the temperature that makes confidences honest to those images of a slice that taught the model nothing, and keep it."""
        form = forms.SliceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        campaign = fetch_campaign(request, campaign_id)
        return Response(
            calibrating.calibrate(user=user_of(request), campaign=campaign, model_id=model_id, name=form.validated_data["slice"])
        )

    @extend_schema(responses={204: None})
    def delete(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Take the model's confidences as they are again."""
        calibrating.forget_calibration(user=user_of(request), campaign=fetch_campaign(request, campaign_id), model_id=model_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class AnswersView(APIView):
    """Answers that statistics lack."""

    @extend_schema(request=forms.SliceSerializer, responses={202: RunSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Ask the model about the images of a slice that have a truth and no answer yet; nothing is drafted."""
        form = forms.SliceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        campaign = fetch_campaign(request, campaign_id)
        run = services.start_answers(user=user_of(request), campaign=campaign, model_id=model_id, name=form.validated_data["slice"])
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class StatisticsComparisonView(APIView):
    """Two models on the same images."""

    @extend_schema(
        parameters=[SLICE, IOU, OpenApiParameter("with", int, required=True, description="The other model's id")],
        responses=forms.StatisticsComparisonSerializer,
    )
    def get(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Judge the other model against this one, each at its own thresholds, and say whether the difference could be chance."""
        text = request.query_params.get("with", "")
        other = int(text) if text.isdecimal() else 0
        document = services.compare_statistics(
            user=user_of(request),
            campaign=fetch_campaign(request, campaign_id),
            models=(model_id, other),
            name=slice_of(request),
            overlap=overlap_of(request),
        )
        return Response(document)


class SlicesView(APIView):
    """The slices that every campaign has."""

    @extend_schema(responses=forms.SlicesSerializer)
    def get(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Tell of each slice how many images it has, of how many the truth is known, and how many are measured."""
        found = services.slices_of(user=user_of(request), campaign=fetch_campaign(request, campaign_id), model_id=model_id)
        return Response({"slices": found})


class StatisticsFileView(PixelView):
    """Truth and answers as files."""

    @extend_schema(
        parameters=[SLICE, IOU, OpenApiParameter("kind", str, enum=list(KINDS), required=True), PICTURES_KEPT],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, campaign_id: int, model_id: int) -> FileResponse:
        """Download a slice: csv has a row an image, coco the results alone, zip both with the truth and the images.

        pycocotools reads the results beside the truth of the ZIP: ``COCO("truth.json").loadRes("results.json")``.
        """
        file, name, content_type = statistics_file(
            user=user_of(request), campaign=fetch_campaign(request, campaign_id), model_id=model_id, name=slice_of(request),
            kind=request.query_params.get("kind", ""), overlap=overlap_of(request), pictures=request.query_params.get("images", "original"),
        )  # fmt: skip
        return FileResponse(file, as_attachment=True, filename=name, content_type=content_type)


ROOT = "campaigns/<int:campaign_id>/models/<int:model_id>/statistics"
urlpatterns: list[URLPattern | URLResolver] = [
    path(ROOT, StatisticsView.as_view()),
    path(f"{ROOT}/slices", SlicesView.as_view()),
    path(f"{ROOT}/curves", CurvesView.as_view()),
    path(f"{ROOT}/images", StatisticsImagesView.as_view()),
    path(f"{ROOT}/images/<int:image_id>", StatisticsImageView.as_view()),
    path(f"{ROOT}/thresholds", ThresholdsView.as_view()),
    path(f"{ROOT}/calibration", CalibrationView.as_view()),
    path(f"{ROOT}/answers", AnswersView.as_view()),
    path(f"{ROOT}/file", StatisticsFileView.as_view()),
    path(f"{ROOT}/comparison", StatisticsComparisonView.as_view()),
]
