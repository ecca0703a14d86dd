"""Campaigns, labels and members."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, idempotent, user_of
from campaigns.api.serializers import (
    CampaignSerializer,
    LabelDeletionSerializer,
    LabelSerializer,
    MemberSerializer,
    NewMemberSerializer,
)
from campaigns.errors import NotFound
from campaigns.models import Campaign, Label, Membership
from campaigns.permissions import VIEW, require_role, role_in
from campaigns.querysets import CampaignQuerySet
from campaigns.services import campaigns as service
from campaigns.services.label_changes import delete_label, update_label


def campaign_document(request: Request, campaign: Campaign) -> dict[str, Any]:
    """Return a campaign with the user's role and the image counts."""
    campaign.role = role_in(user_of(request), campaign)  # type: ignore[attr-defined]
    campaign.counts = service.count_images([campaign.pk])[campaign.pk]  # type: ignore[attr-defined]
    return dict(CampaignSerializer(campaign).data)


class CampaignsView(generics.ListAPIView[Campaign]):
    """All campaigns that the user is a member of."""

    serializer_class = CampaignSerializer
    queryset = Campaign.objects.none()
    filter_backends = ()

    def get_queryset(self) -> CampaignQuerySet:
        """Return the user's campaigns."""
        return Campaign.objects.visible_to(user_of(self.request)).prefetch_related("labels")

    def paginate_queryset(self, queryset: Any) -> Any:
        """Fill in roles and counts for the whole page at once."""
        page = super().paginate_queryset(queryset)
        user = user_of(self.request)
        counts = service.count_images([c.pk for c in page or []])
        roles = dict(Membership.objects.filter(user=user).values_list("campaign", "role"))
        for campaign in page or []:
            campaign.counts = counts[campaign.pk]
            campaign.role = "owner" if user.is_superuser else roles[campaign.pk]
        return page

    @extend_schema(request=CampaignSerializer, responses={201: CampaignSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a campaign."""
        form = CampaignSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)
        labels = [dict(label) for label in fields.pop("labels", [])]
        campaign = service.create_campaign(user=user_of(request), labels=labels, **fields)
        return Response(campaign_document(request, campaign), status=status.HTTP_201_CREATED)


class CampaignView(APIView):
    """One campaign."""

    @extend_schema(responses=CampaignSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return the campaign."""
        return Response(campaign_document(request, fetch_campaign(request, campaign_id)))

    @extend_schema(request=CampaignSerializer, responses=CampaignSerializer)
    def patch(self, request: Request, campaign_id: int) -> Response:
        """Change name, instructions or settings."""
        campaign = fetch_campaign(request, campaign_id)
        form = CampaignSerializer(campaign, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changes = {k: v for k, v in form.validated_data.items() if k != "labels"}
        campaign = service.update_campaign(user=user_of(request), campaign=campaign, **changes)
        return Response(campaign_document(request, campaign))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, campaign_id: int) -> Response:
        """Remove the campaign with everything in it."""
        service.delete_campaign(user=user_of(request), campaign=fetch_campaign(request, campaign_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class LabelsView(APIView):
    """The labels of a campaign."""

    @extend_schema(responses=LabelSerializer(many=True))
    def get(self, request: Request, campaign_id: int) -> Response:
        """List the labels in their order."""
        return Response(LabelSerializer(fetch_campaign(request, campaign_id).labels.all(), many=True).data)

    @extend_schema(request=LabelSerializer, responses={201: LabelSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Add a label."""
        campaign = fetch_campaign(request, campaign_id)
        form = LabelSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        label = service.create_label(user=user_of(request), campaign=campaign, **form.validated_data)
        return Response(LabelSerializer(label).data, status=status.HTTP_201_CREATED)


def _fetch_label(request: Request, campaign_id: int, label_id: int | None) -> Label:
    label = Label.objects.select_related("campaign").filter(campaign=fetch_campaign(request, campaign_id), pk=label_id).first()
    if label is None:
        raise NotFound("This campaign has no such label.")
    assert isinstance(label, Label)
    return label


CHANGE_HEADER = "X-Change"
CHANGE = OpenApiParameter(
    CHANGE_HEADER, int, OpenApiParameter.HEADER, response=True, description="The change to undo, see /campaigns/{c}/changes"
)


class LabelView(APIView):
    """One label."""

    @extend_schema(request=LabelSerializer, responses=LabelSerializer, parameters=[CHANGE])
    def patch(self, request: Request, campaign_id: int, label_id: int) -> Response:
        """Rename, recolour or move the label, or give it another key."""
        label = _fetch_label(request, campaign_id, label_id)
        form = LabelSerializer(label, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        label, change = update_label(user=user_of(request), label=label, **form.validated_data)
        return Response(LabelSerializer(label).data, headers={CHANGE_HEADER: str(change.pk)} if change else None)

    @extend_schema(request=LabelDeletionSerializer, responses={204: None}, parameters=[OpenApiParameter("merge_into", int), CHANGE])
    def delete(self, request: Request, campaign_id: int, label_id: int) -> Response:
        """Remove the label everywhere, or merge it into another."""
        label = _fetch_label(request, campaign_id, label_id)
        form = LabelDeletionSerializer(data=request.data or request.query_params)
        form.is_valid(raise_exception=True)
        other = form.validated_data.get("merge_into")
        target = _fetch_label(request, campaign_id, other) if other else None
        change = delete_label(user=user_of(request), label=label, merge_into=target)
        return Response(status=status.HTTP_204_NO_CONTENT, headers={CHANGE_HEADER: str(change.pk)})


class MembersView(APIView):
    """The people of a campaign."""

    @extend_schema(responses=MemberSerializer(many=True))
    def get(self, request: Request, campaign_id: int) -> Response:
        """List the members."""
        campaign = fetch_campaign(request, campaign_id)
        require_role(user_of(request), campaign, VIEW)
        return Response(MemberSerializer(campaign.memberships.select_related("user"), many=True).data)

    @extend_schema(request=NewMemberSerializer, responses={201: MemberSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Add a member."""
        campaign = fetch_campaign(request, campaign_id)
        form = NewMemberSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        member = service.add_member(user=user_of(request), campaign=campaign, **form.validated_data)
        return Response(MemberSerializer(member).data, status=status.HTTP_201_CREATED)


def _fetch_member(request: Request, campaign_id: int, member_id: int) -> Membership:
    found = Membership.objects.select_related("campaign", "user").filter(campaign=fetch_campaign(request, campaign_id), pk=member_id)
    member = found.first()
    if member is None:
        raise NotFound("This campaign has no such member.")
    assert isinstance(member, Membership)
    return member


class MemberView(APIView):
    """One member."""

    @extend_schema(request=MemberSerializer, responses=MemberSerializer)
    def patch(self, request: Request, campaign_id: int, member_id: int) -> Response:
        """Give the member another role."""
        member = _fetch_member(request, campaign_id, member_id)
        form = MemberSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(
            MemberSerializer(service.change_role(user=user_of(request), membership=member, role=form.validated_data["role"])).data
        )

    @extend_schema(responses={204: None})
    def delete(self, request: Request, campaign_id: int, member_id: int) -> Response:
        """Take the member off the campaign."""
        service.remove_member(user=user_of(request), membership=_fetch_member(request, campaign_id, member_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


urlpatterns = [
    path("campaigns", CampaignsView.as_view()),
    path("campaigns/<int:campaign_id>", CampaignView.as_view()),
    path("campaigns/<int:campaign_id>/labels", LabelsView.as_view()),
    path("campaigns/<int:campaign_id>/labels/<int:label_id>", LabelView.as_view()),
    path("campaigns/<int:campaign_id>/members", MembersView.as_view()),
    path("campaigns/<int:campaign_id>/members/<int:member_id>", MemberView.as_view()),
]
