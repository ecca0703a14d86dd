"""The images of a campaign, and the queue."""

from collections.abc import Sequence
from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns import queue
from campaigns.api.base import fetch_campaign, fetch_image, idempotent, user_of
from campaigns.api.image_documents import image_document, image_rows
from campaigns.api.importing import IMPORT_SCHEMA, ImageUploads, create_images
from campaigns.api.pagination import CursorPages
from campaigns.api.rendering import ORJSONParser
from campaigns.api.selecting import SelectionField
from campaigns.api.serializers import (
    ImageChangeSerializer,
    ImageSerializer,
    NextAnswerSerializer,
    NextSerializer,
    SkipSerializer,
    annotation_set_document,
)
from campaigns.errors import InvalidInput
from campaigns.filters import Chosen, ImageFilter, Scope, filtered
from campaigns.models import AnnotationSet, Campaign, Image, Split
from campaigns.querysets import ImageQuerySet
from campaigns.services.annotations import open_annotation_set
from campaigns.services.images import delete_image, delete_images, update_image, update_images
from campaigns.services.measuring import MEASURES, spread_of_measures

ORDERINGS = {
    "-priority": ("-priority", "id"),
    "priority": ("priority", "id"),
    "id": ("id",),
    "-id": ("-id",),
    "name": ("name", "id"),
    "-name": ("-name", "-id"),
}


class ImagePages(CursorPages):
    """Cursor pages in one of the known orders."""

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        """Read ``?ordering=``."""
        return _ordering(request)


class ImagesSerializer(serializers.Serializer[Any]):
    """Which images."""

    images = SelectionField()


class ImagesChangeSerializer(ImagesSerializer):
    """What becomes of the selected images."""

    split = serializers.ChoiceField(choices=Split.choices, required=False, allow_blank=True)
    flagged = serializers.BooleanField(required=False)
    excluded = serializers.BooleanField(required=False)


class ImagesDoneSerializer(serializers.Serializer[Any]):
    """How many images it was done to, and which ones of the ids are not there any more."""

    images = serializers.IntegerField()
    missing = serializers.ListField(child=serializers.IntegerField())


def images_done(chosen: Chosen) -> Response:
    """Answer with what was done to a selection."""
    return Response({"images": len(chosen.ids), "missing": chosen.missing})


class ImagesView(ImageUploads, generics.ListAPIView[Image]):
    """The images of a campaign."""

    serializer_class = ImageSerializer
    filterset_class = ImageFilter
    pagination_class: type[CursorPagination] = ImagePages
    parser_classes = (ORJSONParser, MultiPartParser, FormParser)
    queryset = Image.objects.none()

    @extend_schema(parameters=[OpenApiParameter("ordering", str, enum=list(ORDERINGS))])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List images; filters combine. With ``ids`` all of them come in one page, in the order of the ids."""
        images = asked_for(request, fetch_campaign(request, self.kwargs["campaign_id"]))
        known = request.query_params.get("ids")
        if known:
            found = {image.pk: image for image in images}
            page = [found[pk] for pk in map(int, known.split(",")) if pk in found]
            return Response({"next": None, "previous": None, "results": self._rows(page)})
        return self.get_paginated_response(self._rows(self.paginate_queryset(images) or []))

    @extend_schema(request=ImagesChangeSerializer, responses=ImagesDoneSerializer)
    def patch(self, request: Request, campaign_id: int) -> Response:
        """Flag the selected images, move them to another split, exclude them or take them in again; all or none."""
        form = ImagesChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        campaign = fetch_campaign(request, campaign_id)
        return images_done(update_images(user=user_of(request), campaign=campaign, **form.validated_data))

    @extend_schema(request=ImagesSerializer, responses=ImagesDoneSerializer)
    def delete(self, request: Request, campaign_id: int) -> Response:
        """Remove the selected images with their annotations."""
        form = ImagesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        campaign = fetch_campaign(request, campaign_id)
        return images_done(delete_images(user=user_of(request), campaign=campaign, **form.validated_data))

    def _rows(self, images: Sequence[Image]) -> list[dict[str, Any]]:
        return image_rows(images, user_of(self.request))

    @extend_schema(**IMPORT_SCHEMA)
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Add images: files or zips as multipart, or a folder of the server; answers file by file."""
        return create_images(request, fetch_campaign(request, campaign_id))


def asked_for(request: Request, campaign: Campaign) -> ImageQuerySet:
    """Return the campaign's images that the address's filters keep."""
    images: ImageQuerySet = Image.objects.filter(campaign=campaign)
    return filtered(images, request.query_params, Scope(campaign.pk, user_of(request).pk), strict=False)


def _ordering(request: Request) -> tuple[str, ...]:
    """Read ``?ordering=``; by id when it is missing."""
    wanted = request.query_params.get("ordering", "id")
    if wanted not in ORDERINGS:
        raise InvalidInput(f"ordering is one of {', '.join(ORDERINGS)}.", code="invalid_ordering")
    return ORDERINGS[wanted]


class ImageIdsSerializer(serializers.Serializer[Any]):
    """All images that a filter keeps, in order."""

    ids = serializers.ListField(child=serializers.IntegerField())
    count = serializers.IntegerField()


class ImageIdsView(generics.GenericAPIView[Image]):
    """The ids of a campaign's images."""

    filterset_class = ImageFilter
    pagination_class = None
    queryset = Image.objects.none()

    @extend_schema(
        operation_id="campaigns_images_ids",
        filters=True,
        parameters=[OpenApiParameter("ordering", str, enum=list(ORDERINGS))],
        responses=ImageIdsSerializer,
    )
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return the ids of all images that the filters keep, in one answer, for a gallery that knows its length at once."""
        ids = list(asked_for(request, fetch_campaign(request, campaign_id)).order_by(*_ordering(request)).values_list("pk", flat=True))
        return Response({"ids": ids, "count": len(ids)})


class SpreadSerializer(serializers.Serializer[Any]):
    """By measure: the values below which 0, 1, … 100 % of the campaign's images lie; empty before images are measured."""

    sharpness = serializers.ListField(child=serializers.FloatField())
    brightness = serializers.ListField(child=serializers.FloatField())
    contrast = serializers.ListField(child=serializers.FloatField())


class SpreadView(APIView):
    """How sharp, bright and full of contrast the campaign's images are."""

    @extend_schema(responses=SpreadSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return percentiles, so that a limit can be chosen as a share of the images."""
        spread = spread_of_measures(fetch_campaign(request, campaign_id))
        return Response({name: spread.get(name, []) for name in MEASURES})


class ImageView(APIView):
    """One image."""

    @extend_schema(responses=ImageSerializer)
    def get(self, request: Request, image_id: int) -> Response:
        """Return the image."""
        return Response(image_document(fetch_image(request, image_id), user_of(request)))

    @extend_schema(request=ImageChangeSerializer, responses=ImageSerializer)
    def patch(self, request: Request, image_id: int) -> Response:
        """Flag or comment the image, move it to another split, exclude it or take it in again."""
        form = ImageChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        image = update_image(user=user_of(request), image=fetch_image(request, image_id), **form.validated_data)
        return Response(image_document(image, user_of(request)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, image_id: int) -> Response:
        """Remove the image with its annotations."""
        delete_image(user=user_of(request), image=fetch_image(request, image_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class NextView(APIView):
    """The queue."""

    @extend_schema(request=NextSerializer, responses=NextAnswerSerializer)
    def post(self, request: Request, campaign_id: int) -> Response:
        """Lease the best free image, with its drafts."""
        form = NextSerializer(data=request.data or {})
        form.is_valid(raise_exception=True)
        user = user_of(request)
        campaign = fetch_campaign(request, campaign_id)
        lease = queue.lease_next(user=user, campaign=campaign, **form.validated_data)
        if lease is None:
            answer = {"image": None, "annotation_set": None, "prefill": None, "lease": None, "reason": queue.why_nothing(campaign)}
            return Response(answer)
        lease.image.campaign = campaign  # this instance knows the user's role already
        own = open_annotation_set(user=user, image=lease.image)
        return Response(
            {
                "image": image_document(lease.image, user),
                "annotation_set": annotation_set_document(own),
                "prefill": prefill_document(own),
                "lease": {"expires_at": lease.expires_at},
                "reason": "",
            }
        )


def prefill_document(own: AnnotationSet) -> dict[str, Any]:
    """Say which models drafted in a set, and whether drafts were withheld."""
    models = {a["model"]["id"]: a["model"] for a in own.annotations if a.get("model")}
    return {"withheld": own.prefill_withheld, "models": list(models.values())}


class SkipView(APIView):
    """Pass an image over."""

    @extend_schema(request=SkipSerializer, responses={204: None})
    def post(self, request: Request, image_id: int) -> Response:
        """Skip the image; the queue offers it to others."""
        form = SkipSerializer(data=request.data or {})
        form.is_valid(raise_exception=True)
        queue.skip_image(user=user_of(request), image=fetch_image(request, image_id), reason=form.validated_data.get("reason", ""))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReleaseView(APIView):
    """Give an image back."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, image_id: int) -> Response:
        """End the user's lease, so that a colleague can have the image now."""
        queue.release(user=user_of(request), image=fetch_image(request, image_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


urlpatterns = [
    path("campaigns/<int:campaign_id>/images", ImagesView.as_view()),
    path("campaigns/<int:campaign_id>/images/ids", ImageIdsView.as_view()),
    path("campaigns/<int:campaign_id>/images/measures", SpreadView.as_view()),
    path("campaigns/<int:campaign_id>/next", NextView.as_view()),
    path("images/<int:image_id>", ImageView.as_view()),
    path("images/<int:image_id>/skip", SkipView.as_view()),
    path("images/<int:image_id>/release", ReleaseView.as_view()),
]
