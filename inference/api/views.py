"""Views: parse, call one service, serialize."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, fetch_image, idempotent, user_of
from campaigns.api.serializers import RunSerializer
from campaigns.errors import InvalidInput, NotFound
from inference.api.serializers import (
    InferenceRequestSerializer,
    PredictionSerializer,
    PredictSerializer,
    ToldSerializer,
    UnsureAreasSerializer,
)
from inference.services import heat_map_bytes, predict_image, predictions_of, start_inference, unsure_areas
from models_registry.models import RegisteredModel

MAX_LISTED = 100
MOST_AREAS, USUAL_AREAS = 200, 50


class InferenceRunsView(APIView):
    """Runs that ask a model about images of a campaign."""

    @extend_schema(request=InferenceRequestSerializer, responses={202: RunSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Start a run; its progress is at /runs/{id}, its failed images at /runs/{id}/items?state=failed."""
        campaign = fetch_campaign(request, campaign_id)
        wanted = InferenceRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        values = wanted.validated_data
        model = RegisteredModel.objects.visible_to(user_of(request)).filter(pk=values["model"]).first()
        if model is None:
            raise NotFound("There is no such model, or it is not yours to see.")
        run = start_inference(user=user_of(request), campaign=campaign, model=model, images=values["images"], prefill=values["prefill"])
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class PredictionsView(APIView):
    """What models answered about one image."""

    @extend_schema(
        parameters=[OpenApiParameter("model", OpenApiTypes.INT, description="Answers of this model alone.")],
        responses=PredictionSerializer(many=True),
    )
    def get(self, request: Request, image_id: int) -> Response:
        """List the answers, newest first."""
        image = fetch_image(request, image_id)
        wanted = request.query_params.get("model")
        if wanted is not None and not wanted.isdecimal():
            raise InvalidInput("model is the id of a registered model.")
        predictions = predictions_of(user=user_of(request), image=image, model_id=None if wanted is None else int(wanted))
        return Response(PredictionSerializer(predictions[:MAX_LISTED], many=True).data)


class PredictView(APIView):
    """Ask about one image at once."""

    @extend_schema(request=PredictSerializer, responses=ToldSerializer(many=True))
    def post(self, request: Request, image_id: int) -> Response:
        """Return what models say of the image, within seconds; what they say is drafted. A model that fails is told, not an error."""
        image = fetch_image(request, image_id)
        form = PredictSerializer(data=request.data or {})
        form.is_valid(raise_exception=True)
        told = predict_image(user=user_of(request), image=image, model_id=form.validated_data["model"])
        return Response(ToldSerializer(told, many=True).data)


class HeatMapView(APIView):
    """How unsure a model was, as a picture over the image."""

    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY})
    def get(self, request: Request, prediction_id: int) -> HttpResponse:
        """Return an 8-bit palette PNG, clear where the model is sure, on the image's grid or coarser."""
        answer = HttpResponse(heat_map_bytes(user=user_of(request), prediction_id=prediction_id), content_type="image/png")
        answer["Cache-Control"] = "private, max-age=60"
        return answer


class UncertainAreasView(APIView):
    """Where a model is unsure, as places to go to one after the other."""

    @extend_schema(
        parameters=[
            OpenApiParameter("limit", OpenApiTypes.INT, description=f"At most so many, up to {MOST_AREAS}; {USUAL_AREAS} by default.")
        ],
        responses=UnsureAreasSerializer,
    )
    def get(self, request: Request, image_id: int) -> Response:
        """Rank the areas of the newest heat map, or the objects of the newest answer, least certain first."""
        image = fetch_image(request, image_id)
        wanted = request.query_params.get("limit", str(USUAL_AREAS))
        if not wanted.isdecimal() or not 1 <= int(wanted) <= MOST_AREAS:
            raise InvalidInput(f"limit is a whole number from 1 to {MOST_AREAS}.")
        prediction, areas = unsure_areas(user=user_of(request), image=image, limit=int(wanted))
        model = prediction and {"id": prediction.model_id, "name": prediction.model.name, "version": prediction.model_version}
        return Response(UnsureAreasSerializer({"model": model, "areas": areas}).data)
