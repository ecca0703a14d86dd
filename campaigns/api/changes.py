"""Labels of many images at once, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, idempotent, user_of
from campaigns.api.selecting import SelectionField
from campaigns.api.serializers import RunSerializer, UserSerializer
from campaigns.errors import NotFound
from campaigns.labeling import Wish
from campaigns.models import Campaign, CampaignChange, Run
from campaigns.permissions import role_in
from campaigns.services.changes import is_at_work, may_undo, undo_change
from campaigns.services.labelings import label_images_at_once


class LabelingSerializer(serializers.Serializer[Any]):
    """What becomes of the labels of the selected images, in the caller's own sets.

    A label added alone that all of them have already becomes their default. ``default`` is given where it is missing;
    ``default_for_having`` only becomes the default where it is. ``submit`` hands the sets in.
    """

    images = SelectionField()
    add = serializers.ListField(child=serializers.IntegerField(), required=False, max_length=100)
    remove = serializers.ListField(child=serializers.IntegerField(), required=False, max_length=100)
    default = serializers.IntegerField(required=False, allow_null=True)
    default_for_having = serializers.IntegerField(required=False, allow_null=True)
    submit = serializers.BooleanField(required=False)


class ChangeSerializer(serializers.ModelSerializer[CampaignChange]):
    """Something done to many images, or to a label, that can be undone.

    ``left_out``: images that could not be submitted. ``left_alone``: what the undo did not touch, because it was edited since.
    ``at_work``: its run is making or undoing it now. ``may_undo``: the reader may undo it now.
    """

    author = UserSerializer(allow_null=True)
    undone_by = UserSerializer(allow_null=True)
    at_work = serializers.SerializerMethodField()
    may_undo = serializers.SerializerMethodField()

    class Meta:
        model = CampaignChange
        fields = [
            "id", "kind", "title", "images", "left_out", "author", "run", "created_at", "undone_at", "undone_by", "left_alone",
            "at_work", "may_undo",
        ]  # fmt: skip
        read_only_fields = fields

    def get_at_work(self, change: CampaignChange) -> bool:
        """Say whether its run goes on."""
        return is_at_work(change)

    def get_may_undo(self, change: CampaignChange) -> bool:
        """Say whether the reader may undo it now."""
        return may_undo(user=self.context["user"], role=self.context["role"], change=change)


class ChangedSerializer(serializers.Serializer[Any]):
    """The change, the run that does it in the background where it is large, and which ones of the ids are not there any more."""

    change = ChangeSerializer()
    run = RunSerializer(allow_null=True)
    missing = serializers.ListField(child=serializers.IntegerField())


def reader_of(request: Request, campaign: Campaign) -> dict[str, Any]:
    """Return what a ChangeSerializer must know of who reads."""
    user = user_of(request)
    return {"user": user, "role": role_in(user, campaign)}


def changed(request: Request, change: CampaignChange, run: Run | None, missing: Sequence[int] = ()) -> Response:
    """Answer with a change: 202 while a run is at work on it."""
    shown = ChangeSerializer(change, context=reader_of(request, change.campaign)).data
    document = {"change": shown, "run": RunSerializer(run).data if run else None, "missing": list(missing)}
    return Response(document, status=status.HTTP_202_ACCEPTED if run else status.HTTP_200_OK)


class LabelingsView(APIView):
    """Labels of many images."""

    @extend_schema(request=LabelingSerializer, responses={200: ChangedSerializer, 202: ChangedSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Add and remove labels of whole images, choose the default, hand in; above 2,000 images by a run."""
        campaign = fetch_campaign(request, campaign_id)
        form = LabelingSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        wish = Wish(
            add=tuple(dict.fromkeys(values.get("add", ()))),
            remove=tuple(dict.fromkeys(values.get("remove", ()))),
            default=values.get("default"),
            default_for_having=values.get("default_for_having"),
            submit=values.get("submit", False),
        )
        done = label_images_at_once(user=user_of(request), campaign=campaign, images=values["images"], wish=wish)
        return changed(request, done.change, done.run, done.missing)


class ChangesView(generics.ListAPIView[CampaignChange]):
    """Changes of a campaign."""

    serializer_class = ChangeSerializer
    queryset = CampaignChange.objects.none()
    filter_backends = ()

    def get_queryset(self) -> QuerySet[CampaignChange]:
        """Return the campaign's changes, the latest first."""
        self.campaign = fetch_campaign(self.request, self.kwargs["campaign_id"])
        return CampaignChange.objects.filter(campaign=self.campaign).select_related("author", "undone_by", "run").defer("data")

    def get_serializer_context(self) -> dict[str, Any]:
        """Say who reads, so that each row tells whether it can be undone."""
        return {**super().get_serializer_context(), **reader_of(self.request, self.campaign)}


class UndoView(APIView):
    """The way back."""

    @extend_schema(request=None, responses={200: ChangedSerializer, 202: ChangedSerializer})
    def post(self, request: Request, campaign_id: int, change_id: int) -> Response:
        """Undo a change; what was edited since is left alone and counted."""
        campaign = fetch_campaign(request, campaign_id)
        change = CampaignChange.objects.select_related("author", "run").filter(campaign=campaign, pk=change_id).first()
        if change is None:
            raise NotFound("This campaign has no such change.")
        change.campaign = campaign  # this instance knows the user's role already
        return changed(request, *undo_change(user=user_of(request), change=change))


urlpatterns = [
    path("campaigns/<int:campaign_id>/labelings", LabelingsView.as_view()),
    path("campaigns/<int:campaign_id>/changes", ChangesView.as_view()),
    path("campaigns/<int:campaign_id>/changes/<int:change_id>/undo", UndoView.as_view()),
]
