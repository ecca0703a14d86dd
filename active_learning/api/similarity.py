"""Images that look alike: like one of the campaign, like a picture from elsewhere, like each other."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.services.duplicates import read_pairs
from active_learning.services.similarity import (
    DEFAULT_DUPLICATE,
    Found,
    part_of_image,
    similar_to_image,
    similar_to_vector,
    start_looking,
    vector_of_picture,
)
from campaigns.api.base import fetch_campaign, fetch_image, idempotent, user_of
from campaigns.api.serializers import RunSerializer
from campaigns.errors import InvalidInput, NotFound
from campaigns.filters import ImageFilter
from campaigns.models import Campaign
from inference.api.serving import PICTURE, BytesParser, given_picture

LIMIT = OpenApiParameter("limit", OpenApiTypes.INT, description="At most so many images, up to 1000; 10 by default.")
THRESHOLD = OpenApiParameter("threshold", OpenApiTypes.FLOAT, description="Least similarity, the cosine of two embeddings, -1 to 1.")
LABELS = OpenApiParameter(
    "labels", OpenApiTypes.STR, description="Label ids or names, repeated or comma-separated: images that have one of them."
)
AND = OpenApiParameter("and", OpenApiTypes.BOOL, description="Images that have all of the labels instead.")
CROP = OpenApiParameter(
    "crop", OpenApiTypes.STR, description="A part of the image, x0,y0,x1,y1 in its pixels: what looks like this part, instead of the whole."
)
FILTERS = [OpenApiParameter(name, OpenApiTypes.STR, description="As in the list of images.") for name in ImageFilter.base_filters]
NARROWED = [LIMIT, THRESHOLD, LABELS, AND, *FILTERS]

NAMED_SCORE = {"type": "object", "properties": {"image": {"type": "string"}, "score": {"type": "number"}}}


class LikenessSerializer(serializers.Serializer[Any]):
    """How alike two images must be to count as nearly the same: the cosine of their embeddings, 0.5 to 1."""

    threshold = serializers.FloatField(default=DEFAULT_DUPLICATE)


class NamedImageSerializer(serializers.Serializer[Any]):
    """An image by name."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class SimilarSerializer(serializers.Serializer[Any]):
    """An image and how similar it is, -1 to 1."""

    image = NamedImageSerializer()
    similarity = serializers.FloatField()


class FoundSerializer(serializers.Serializer[Any]):
    """Similar images, the most similar first; ``missing``: so many could not be compared, since nobody looked at them yet."""

    missing = serializers.IntegerField()
    similar = SimilarSerializer(many=True)


class TwinsSerializer(serializers.Serializer[Any]):
    """Two images and how similar they are; ``leak``: they lie in two fixed splits."""

    images = NamedImageSerializer(many=True)
    similarity = serializers.FloatField()
    leak = serializers.BooleanField()


class PairsSerializer(serializers.Serializer[Any]):
    """Pairs of the last look, the most similar first; ``run`` is null where nobody has looked yet, ``threshold`` is that of the look."""

    run = serializers.IntegerField(allow_null=True)
    looked_at = serializers.DateTimeField(allow_null=True)
    outdated = serializers.BooleanField(help_text="Another backbone looks at the images since")
    threshold = serializers.FloatField()
    compared = serializers.IntegerField()
    pairs = TwinsSerializer(many=True)


class LikenessRunsView(APIView):
    """Runs that look at images."""

    @extend_schema(request=LikenessSerializer, responses={202: RunSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Embed what is not embedded yet, and find images that are nearly the same; the run's result has pairs, clusters and leaks."""
        form = LikenessSerializer(data=request.data or {})
        form.is_valid(raise_exception=True)
        run = start_looking(user=user_of(request), campaign=fetch_campaign(request, campaign_id), **form.validated_data)
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class SimilarView(APIView):
    """Images of a campaign that look like another."""

    parser_classes = (JSONParser, MultiPartParser, BytesParser)

    @extend_schema(parameters=[OpenApiParameter("image", OpenApiTypes.INT, required=True), CROP, *NARROWED], responses=FoundSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return the images most like one of the campaign, itself left out."""
        campaign = fetch_campaign(request, campaign_id)
        wanted = request.query_params.get("image", "")
        if not wanted.isdecimal() or len(wanted) > 18:
            raise InvalidInput("image is the id of an image of this campaign.")
        image = fetch_image(request, int(wanted))
        if image.campaign_id != campaign.pk:
            raise NotFound("There is no such image in this campaign.")
        wanted_of, options = user_of(request), asked_for(request, campaign)
        if not (crop := request.query_params.get("crop", "")):
            found = similar_to_image(user=wanted_of, campaign=campaign, image=image, **options)
        else:
            content = part_of_image(user=wanted_of, image=image, box=_box(crop))
            vector = vector_of_picture(user=wanted_of, campaign=campaign, content=content, name=f"part of {image.name}")
            found = similar_to_vector(user=wanted_of, campaign=campaign, vector=vector, **options)
        return Response(FoundSerializer(found).data)

    @extend_schema(request=PICTURE, parameters=NARROWED, responses=FoundSerializer)
    def post(self, request: Request, campaign_id: int) -> Response:
        """Return the images most like a picture from elsewhere, of which nothing is kept."""
        return Response(FoundSerializer(like_picture(request, fetch_campaign(request, campaign_id))).data)


class SimilarPairsView(APIView):
    """Images that are most like each other."""

    @extend_schema(parameters=NARROWED, responses=PairsSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return the most similar pairs that the last look found, where both images are among those asked for."""
        campaign = fetch_campaign(request, campaign_id)
        found = read_pairs(user=user_of(request), campaign=campaign, **asked_for(request, campaign))
        return Response(PairsSerializer(found).data)


class SentiSightSimilarityView(APIView):
    """SentiSight's address for similar images."""

    parser_classes = (JSONParser, MultiPartParser, BytesParser)

    @extend_schema(
        request=PICTURE, parameters=[OpenApiParameter("project", OpenApiTypes.INT, required=True), LIMIT, THRESHOLD, LABELS, AND],
        responses={200: {"type": "array", "items": NAMED_SCORE}},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Answer in SentiSight's shape: names of images, similarity in percent. ``threshold`` is in percent, too."""
        project = request.query_params.get("project", "")
        if not project.isdecimal() or len(project) > 18:
            raise InvalidInput("project is the id of a campaign.")
        found = like_picture(request, fetch_campaign(request, int(project)), percent=True)
        return Response([{"image": each.image.name, "score": round(100 * max(0.0, each.similarity), 1)} for each in found.similar])


def like_picture(request: Request, campaign: Campaign, *, percent: bool = False) -> Found:
    """Return the images that look like the picture in a request."""
    options = asked_for(request, campaign, percent=percent)
    given = given_picture(request)
    vector = vector_of_picture(user=user_of(request), campaign=campaign, content=given.content, name=given.name)
    return similar_to_vector(user=user_of(request), campaign=campaign, vector=vector, **options)


def asked_for(request: Request, campaign: Campaign, *, percent: bool = False) -> dict[str, Any]:
    """Return limit, threshold and selection as the query says; raises InvalidInput."""
    query = request.query_params
    try:
        limit = int(query.get("limit", "10"))
        threshold = float(query.get("threshold", "0" if percent else "-1")) / (100 if percent else 1)
    except ValueError as error:
        raise InvalidInput("limit is a whole number, threshold a number.") from error
    if not -1.0 <= threshold <= 1.0:
        raise InvalidInput("threshold is beyond what similarities can be.")
    chosen = {name: query[name] for name in ImageFilter.base_filters if query.get(name)}
    chosen |= _having(campaign, query.getlist("labels"), query.get("and", ""))
    return {"limit": limit, "threshold": threshold, "selection": {"filter": chosen} if chosen else "all"}


def _box(text: str) -> tuple[float, float, float, float]:
    parts = text.split(",")
    try:
        x0, y0, x1, y1 = (float(part) for part in parts)
    except ValueError as error:
        raise InvalidInput("crop is x0,y0,x1,y1 in pixels of the image.", code="invalid_crop") from error
    return x0, y0, x1, y1


def _having(campaign: Campaign, wanted: list[str], both: str) -> dict[str, str]:
    names = [name for each in wanted for name in each.split(",") if name]
    if not names:
        return {}
    known = {label.name: label.pk for label in campaign.labels.all()}
    ids = [known.get(name, int(name) if name.isdecimal() and len(name) < 19 else 0) for name in names]
    unknown = [name for name, label in zip(names, ids, strict=True) if label not in known.values()]
    if unknown:
        raise InvalidInput(f"{unknown[0][:100]!r} is no label of this campaign.", code="unknown_label")
    return {"labels_all" if both.lower() in ("true", "1") else "labels_any": ",".join(map(str, ids))}


urlpatterns: list[URLPattern | URLResolver] = [
    path("campaigns/<int:campaign_id>/likeness-runs", LikenessRunsView.as_view()),
    path("campaigns/<int:campaign_id>/similar", SimilarView.as_view()),
    path("campaigns/<int:campaign_id>/similar-pairs", SimilarPairsView.as_view()),
]
sentisight_urlpatterns: list[URLPattern | URLResolver] = [
    path("similarity", SentiSightSimilarityView.as_view()),
    path("similarity/", SentiSightSimilarityView.as_view(schema=None)),
]
