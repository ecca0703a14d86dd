"""Saved views of the gallery, and how its labels are used."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, idempotent, user_of
from campaigns.api.images import ORDERINGS, asked_for
from campaigns.api.serializers import UserSerializer
from campaigns.errors import NotFound
from campaigns.filters import ImageFilter, Scope
from campaigns.models import Image, SavedView
from campaigns.services.counting import FEW, count_labels
from campaigns.services.views import create_view, delete_view, update_view, views_of


class SavedViewSerializer(serializers.ModelSerializer[SavedView]):
    """A filter with a name; ``filter`` is an object of the image list's parameters."""

    filter = serializers.DictField(required=False)
    ordering = serializers.ChoiceField(choices=list(ORDERINGS), required=False)
    author = UserSerializer(read_only=True)

    class Meta:
        model = SavedView
        fields = ["id", "name", "filter", "ordering", "shared", "author", "created_at"]
        read_only_fields = ["created_at"]
        validators: list[Any] = []


class ViewsView(APIView):
    """Saved views of a campaign."""

    @extend_schema(responses=SavedViewSerializer(many=True))
    def get(self, request: Request, campaign_id: int) -> Response:
        """List the views: the person's own and the shared ones."""
        campaign = fetch_campaign(request, campaign_id)
        return Response(SavedViewSerializer(views_of(user=user_of(request), campaign=campaign), many=True).data)

    @extend_schema(request=SavedViewSerializer, responses={201: SavedViewSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Save a view; managers share them."""
        campaign = fetch_campaign(request, campaign_id)
        form = SavedViewSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        view = create_view(user=user_of(request), campaign=campaign, **form.validated_data)
        return Response(SavedViewSerializer(view).data, status=status.HTTP_201_CREATED)


def _fetch(request: Request, campaign_id: int, view_id: int) -> SavedView:
    campaign = fetch_campaign(request, campaign_id)
    view = views_of(user=user_of(request), campaign=campaign).filter(pk=view_id).first()
    if view is None:
        raise NotFound("There is no such view, or it is somebody else's own.")
    view.campaign = campaign  # this instance knows the user's role already
    return view


class ViewView(APIView):
    """One saved view."""

    @extend_schema(request=SavedViewSerializer, responses=SavedViewSerializer)
    def patch(self, request: Request, campaign_id: int, view_id: int) -> Response:
        """Rename the view, change what it keeps, share it or keep it to oneself."""
        view = _fetch(request, campaign_id, view_id)
        form = SavedViewSerializer(view, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        return Response(SavedViewSerializer(update_view(user=user_of(request), view=view, **form.validated_data)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, campaign_id: int, view_id: int) -> Response:
        """Remove the view."""
        delete_view(user=user_of(request), view=_fetch(request, campaign_id, view_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class LabelCountSerializer(serializers.Serializer[Any]):
    """How a label is used; ``imbalance``: images of the commonest label for one of this, 1 and up."""

    label = serializers.IntegerField()  # type: ignore[assignment]
    images = serializers.IntegerField()
    objects = serializers.IntegerField()
    default_images = serializers.IntegerField()
    few = serializers.BooleanField(help_text=f"Fewer than {FEW} images.")
    imbalance = serializers.FloatField()
    family_images = serializers.IntegerField(help_text="Images that have the label or one that stands under it.")


class LabelCountsSerializer(serializers.Serializer[Any]):
    """All labels; ``unset_default``: images with several labels and no default, ``ambiguous_default``: people chose different ones."""

    labels = LabelCountSerializer(many=True)
    images = serializers.IntegerField()
    unset_default = serializers.IntegerField()
    ambiguous_default = serializers.IntegerField()


class LabelCountsView(generics.GenericAPIView[Image]):
    """How labels are used."""

    filterset_class = ImageFilter
    pagination_class = None
    queryset = Image.objects.none()

    @extend_schema(operation_id="campaigns_label_counts", filters=True, responses=LabelCountsSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Count images and objects of each label, on the images that the filters keep."""
        campaign = fetch_campaign(request, campaign_id)
        every = not any(request.query_params.get(name) for name in ImageFilter.base_filters)
        counts = count_labels(campaign, asked_for(request, campaign), Scope(campaign.pk, user_of(request).pk), every=every)
        return Response(LabelCountsSerializer(counts).data)


urlpatterns = [
    path("campaigns/<int:campaign_id>/views", ViewsView.as_view()),
    path("campaigns/<int:campaign_id>/views/<int:view_id>", ViewView.as_view()),
    path("campaigns/<int:campaign_id>/label-counts", LabelCountsView.as_view()),
]
