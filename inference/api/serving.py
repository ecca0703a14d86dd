"""The predict API: a picture in, a model's answer out; SentiSight's address and shapes, and our own with everything in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import BaseParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, user_of
from campaigns.api.serializers import RunSerializer
from campaigns.errors import InvalidInput
from inference.api.serializers import AnsweringModelSerializer
from inference.services.fetching import fetch_picture
from inference.services.later import Webhook, start_prediction
from inference.services.serving import predict_picture, servable_model
from inference.serving.questions import (
    LARGEST_PICTURE_BYTES,
    Served,
    checked_picture,
    decoded,
    no_picture,
    predicted_document,
    read_wanted,
)
from inference.serving.things import as_sentisight

THRESHOLD = OpenApiParameter(
    "threshold", OpenApiTypes.FLOAT, description="Least confidence, 0 to 1, for labels that `thresholds` does not name."
)
THRESHOLDS = OpenApiParameter("thresholds", OpenApiTypes.STR, description='Least confidence by label name or id, as JSON: {"Water": 0.4}')
PROFILE = OpenApiParameter(
    "profile", OpenApiTypes.STR, description="Thresholds that the model keeps under a name, in place of those that hold."
)
CHECKPOINT = OpenApiParameter("checkpoint", OpenApiTypes.STR, enum=["best", "last"], description="Of a model that was trained here.")
ASYNC = OpenApiParameter("async", OpenApiTypes.BOOL, description="Answer with a run at once; `Prefer: respond-async` says it too.")
WEBHOOK_URL = OpenApiParameter("webhook_url", OpenApiTypes.STR, description="With async: where the document is sent; for managers.")
TEXT = {"type": "string"}
PICTURE = {
    "application/json": {"type": "object", "properties": {"url": TEXT, "base64": TEXT, "webhook_url": TEXT, "webhook_secret": TEXT}},
    "application/octet-stream": {"type": "string", "format": "binary"},
    "multipart/form-data": {"type": "object", "properties": {"image": {"type": "string", "format": "binary"}}},
}


class BytesParser(BaseParser):
    """The body as it is, whatever it is called: the bytes of a picture."""

    media_type = "*/*"

    def parse(  # type: ignore[override]
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """Read the body, up to the largest picture."""
        content: bytes = stream.read(LARGEST_PICTURE_BYTES + 1)
        return content


@dataclass(frozen=True)
class Given:
    """The picture that a request carries."""

    content: bytes
    name: str


class NamedLabelSerializer(serializers.Serializer[Any]):
    """A label of the campaign."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class LabelScoreSerializer(serializers.Serializer[Any]):
    """How probable a label of the whole picture is, 0 to 1; ``positive``: the model says it, under the thresholds."""

    label = NamedLabelSerializer()  # type: ignore[assignment]
    confidence = serializers.FloatField()
    positive = serializers.BooleanField()
    unsure = serializers.BooleanField(help_text="In the span that is left to people")


class FoundObjectSerializer(serializers.Serializer[Any]):
    """One thing in the picture; its shape is written as in annotations, in pixels of the picture."""

    label = NamedLabelSerializer()  # type: ignore[assignment]
    confidence = serializers.FloatField(allow_null=True)
    shape = serializers.DictField()
    unsure = serializers.BooleanField(help_text="In the span that is left to people")


class ServingModelSerializer(AnsweringModelSerializer):
    """The model that answered; ``checkpoint`` is empty for a model that was not trained here."""

    checkpoint = serializers.CharField(allow_blank=True)


class PictureSizeSerializer(serializers.Serializer[Any]):
    """The picture that was looked at."""

    name = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class PredictedSerializer(serializers.Serializer[Any]):
    """What a model says of a picture, most confident first. ``unmapped``: classes without a label, and how often they came."""

    model = ServingModelSerializer()
    image = PictureSizeSerializer()
    task = serializers.CharField()
    thresholds = serializers.DictField(child=serializers.FloatField())
    labels = LabelScoreSerializer(many=True)
    objects = FoundObjectSerializer(many=True)
    unsure = serializers.BooleanField(help_text="Something is in its span, objects below their thresholds too: a person should look")
    unmapped = serializers.DictField(child=serializers.IntegerField())
    warnings = serializers.ListField(child=serializers.CharField())
    latency_ms = serializers.FloatField()


class SentiSightEntrySerializer(serializers.Serializer[Any]):
    """One label or one thing; scores from 0 to 100, boxes in whole pixels."""

    label = serializers.CharField()  # type: ignore[assignment]
    score = serializers.FloatField()
    x0 = serializers.IntegerField(required=False)
    y0 = serializers.IntegerField(required=False)
    x1 = serializers.IntegerField(required=False)
    y1 = serializers.IntegerField(required=False)


class ServingView(APIView):
    """What both forms of the API share: how a picture arrives."""

    parser_classes = (JSONParser, MultiPartParser, BytesParser)

    def serve(self, request: Request, campaign_id: int, model: str, role: str = "") -> tuple[Served, Given]:
        """Ask the model about the picture in the request."""
        campaign = fetch_campaign(request, campaign_id)
        chosen = servable_model(campaign, model)
        wanted = read_wanted(request.query_params, role)
        given = given_picture(request)
        served = predict_picture(
            user=user_of(request), campaign=campaign, model=chosen, content=given.content, name=given.name, wanted=wanted
        )
        return served, given


class SentiSightPredictView(ServingView):
    """SentiSight's address: its clients need another host and nothing else."""

    role: ClassVar[str] = "best"

    @extend_schema(request=PICTURE, parameters=[THRESHOLD, THRESHOLDS, PROFILE], responses=SentiSightEntrySerializer(many=True))
    def post(self, request: Request, campaign_id: int, model: str) -> Response:
        """Answer in SentiSight's shapes: labels with scores in percent, boxes in pixels. ``model`` is a name or an id."""
        served, _ = self.serve(request, campaign_id, model, self.role)
        return Response(as_sentisight(served.said))


class SentiSightLastView(SentiSightPredictView):
    """The same of the last checkpoint."""

    role = "last"


class PredictView(ServingView):
    """Our own form."""

    @extend_schema(
        request=PICTURE, parameters=[THRESHOLD, THRESHOLDS, PROFILE, CHECKPOINT, ASYNC, WEBHOOK_URL],
        responses={200: PredictedSerializer, 202: RunSerializer}, operation_id="predict_picture",
    )  # fmt: skip
    def post(self, request: Request, campaign_id: int, model: str) -> Response:
        """Return what a model says of a picture: bytes, a form with ``image``, {"url"} or {"base64"}. Nothing of it is kept.

        With ``?async=true`` or ``Prefer: respond-async`` it answers at once with a run, whose result will hold the same document
        as ``prediction``; ``webhook_url``, and ``webhook_secret`` in a form, JSON or the header X-Winnow-Webhook-Secret, have it sent.
        """
        if wants_later(request):
            return self.later(request, campaign_id, model)
        if _webhook(request) is not None:
            raise InvalidInput(
                "A webhook is told what nobody waits for. Add ?async=true, or leave webhook_url out.", code="invalid_webhook"
            )
        served, given = self.serve(request, campaign_id, model)
        return Response(predicted_document(served, given.name))

    def later(self, request: Request, campaign_id: int, model: str) -> Response:
        """Queue the question; answer with its run."""
        campaign = fetch_campaign(request, campaign_id)
        chosen = servable_model(campaign, model)
        wanted = read_wanted(request.query_params)
        webhook = _webhook(request)
        given = given_picture(request)
        run = start_prediction(
            user=user_of(request), campaign=campaign, model=chosen, content=given.content, name=given.name, wanted=wanted, webhook=webhook
        )
        headers = {"Location": f"/api/v1/runs/{run.pk}", "Preference-Applied": "respond-async"}
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED, headers=headers)


def wants_later(request: Request) -> bool:
    """Say whether the caller wants a run instead of waiting (RFC 7240)."""
    preferences = {each.strip().partition(";")[0].lower() for each in request.headers.get("Prefer", "").split(",")}
    return request.query_params.get("async", "").lower() in ("1", "true") or "respond-async" in preferences


def _webhook(request: Request) -> Webhook | None:
    if "webhook_secret" in request.query_params:
        raise InvalidInput("An address is written to logs. Send webhook_secret in the form, in JSON, or as X-Winnow-Webhook-Secret.")
    body = request.data if isinstance(request.data, Mapping) else {}
    url, secret = (body.get(name, "") for name in ("webhook_url", "webhook_secret"))
    url = url or request.query_params.get("webhook_url", "")
    secret = secret or request.headers.get("X-Winnow-Webhook-Secret", "")
    if not isinstance(url, str) or not isinstance(secret, str):
        raise InvalidInput("webhook_url and webhook_secret are texts.", code="invalid_webhook")
    if secret and not url:
        raise InvalidInput("webhook_secret comes with a webhook_url.", code="invalid_webhook")
    return Webhook(url, secret) if url else None


def given_picture(request: Request) -> Given:
    """Return the picture that a request carries, in whichever of the ways; raises InvalidInput and TooLarge."""
    data = request.data
    if isinstance(data, bytes):
        given = Given(data, request.query_params.get("name", "picture")[:300])
    elif "image" in request.FILES:
        file = request.FILES["image"]
        given = Given(file.read(LARGEST_PICTURE_BYTES + 1), (file.name or "picture")[:300])
    elif isinstance(data, Mapping) and isinstance(data.get("url"), str):
        given = Given(fetch_picture(data["url"], cap_bytes=LARGEST_PICTURE_BYTES), data["url"].rpartition("/")[2][:300] or "picture")
    elif isinstance(data, Mapping) and isinstance(data.get("base64"), str):
        given = Given(decoded(data["base64"]), "picture")
    else:
        raise no_picture()
    checked_picture(given.content)
    return given


urlpatterns: list[URLPattern | URLResolver] = [path("campaigns/<int:campaign_id>/models/<str:model>/predict", PredictView.as_view())]
sentisight_urlpatterns: list[URLPattern | URLResolver] = [
    path("predict/<int:campaign_id>/<str:model>", SentiSightPredictView.as_view()),
    path("predict/<int:campaign_id>/<str:model>/last", SentiSightLastView.as_view()),
    # As some clients write it; once in the schema is enough.
    path("predict/<int:campaign_id>/<str:model>/", SentiSightPredictView.as_view(schema=None)),
    path("predict/<int:campaign_id>/<str:model>/last/", SentiSightLastView.as_view(schema=None)),
]
