"""The review list: what people submitted and is probably wrong."""

from __future__ import annotations

from typing import Any

import django_filters
from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.models import DoubtKind, DoubtState, LabelDoubt
from active_learning.services.deciding import decide
from active_learning.services.doubting import is_outdated, start_doubting
from campaigns.api.base import fetch_campaign, idempotent, user_of
from campaigns.api.pagination import CursorPages
from campaigns.api.serializers import RunSerializer, UserSerializer
from campaigns.errors import NotFound
from campaigns.permissions import VIEW, require_role


class DoubtedImageSerializer(serializers.Serializer[Any]):
    """The image that a doubt is about."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class LabelDoubtSerializer(serializers.ModelSerializer[LabelDoubt]):
    """Something that is probably wrong: ``given`` and ``suggested`` are labels, ``facts`` say what speaks for it."""

    image = DoubtedImageSerializer()
    decided_by = UserSerializer(allow_null=True)
    facts = serializers.DictField()

    class Meta:
        model = LabelDoubt
        fields = ["id", "image", "kind", "given", "suggested", "score", "facts", "state", "decided_by", "decided_at", "created_at"]
        read_only_fields = fields


class DoubtingSerializer(serializers.Serializer[Any]):
    """Of boxes and outlines: the model whose answers to compare with; without one, the one that answered most."""

    model = serializers.IntegerField(required=False, allow_null=True, default=None)


class DecisionSerializer(serializers.Serializer[Any]):
    """What becomes of a doubt; ``open`` takes a decision back."""

    state = serializers.ChoiceField(choices=DoubtState.choices)


class DoubtFilter(django_filters.FilterSet):
    """``?state=open&kind=label``."""

    state = django_filters.ChoiceFilter(choices=DoubtState.choices)
    kind = django_filters.ChoiceFilter(choices=DoubtKind.choices)

    class Meta:
        model = LabelDoubt
        fields: list[str] = []


class DoubtPages(CursorPages):
    """The surest first; with each page comes whether another backbone has come since the last look."""

    ordering = ("-score", "id")  # type: ignore[assignment]

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """Keep of which campaign the page is."""
        self.campaign = fetch_campaign(request, view.kwargs["campaign_id"])
        return super().paginate_queryset(queryset, request, view)

    def get_paginated_response(self, data: Any) -> Response:
        """Return ``{next, previous, outdated, results}``."""
        answer = super().get_paginated_response(data)
        return Response({**answer.data, "outdated": is_outdated(self.campaign)})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe it."""
        described: dict[str, Any] = super().get_paginated_response_schema(schema)
        outdated = {"type": "boolean", "description": "Another backbone looks at the images since the last look"}
        return {
            **described,
            "required": [*described["required"], "outdated"],
            "properties": {**described["properties"], "outdated": outdated},
        }


class DoubtsView(generics.ListAPIView[LabelDoubt]):
    """The review list of a campaign."""

    serializer_class = LabelDoubtSerializer
    filterset_class = DoubtFilter
    pagination_class = DoubtPages
    queryset = LabelDoubt.objects.none()

    def get_queryset(self) -> Any:
        """Return the campaign's doubts, the surest first."""
        campaign = fetch_campaign(self.request, self.kwargs["campaign_id"])
        require_role(user_of(self.request), campaign, VIEW)
        return LabelDoubt.objects.filter(campaign=campaign).select_related("image", "decided_by")


class DoubtView(APIView):
    """One doubt."""

    @extend_schema(request=DecisionSerializer, responses=LabelDoubtSerializer)
    def patch(self, request: Request, campaign_id: int, doubt_id: int) -> Response:
        """Keep what was given, change it to what is suggested, or take the decision back."""
        campaign = fetch_campaign(request, campaign_id)
        form = DecisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        chosen = LabelDoubt.objects.filter(campaign=campaign, pk=doubt_id)
        doubt = chosen.select_related("campaign", "image__campaign", "given", "suggested", "change").first()
        if doubt is None:
            raise NotFound("There is no such doubt in this campaign; a newer look may have replaced it.")
        return Response(LabelDoubtSerializer(decide(user=user_of(request), doubt=doubt, state=form.validated_data["state"])).data)


class DoubtRunsView(APIView):
    """Runs that look for wrong labels."""

    @extend_schema(request=DoubtingSerializer, responses={202: RunSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Look for labels that are probably wrong; what is open of the last list is replaced."""
        form = DoubtingSerializer(data=request.data or {})
        form.is_valid(raise_exception=True)
        run = start_doubting(user=user_of(request), campaign=fetch_campaign(request, campaign_id), **form.validated_data)
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


urlpatterns: list[URLPattern | URLResolver] = [
    path("campaigns/<int:campaign_id>/label-doubts", DoubtsView.as_view()),
    path("campaigns/<int:campaign_id>/label-doubts/<int:doubt_id>", DoubtView.as_view()),
    path("campaigns/<int:campaign_id>/label-doubt-runs", DoubtRunsView.as_view()),
]
