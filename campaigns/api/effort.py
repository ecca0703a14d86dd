"""What labeling cost: for people who plan, and for each person about herself."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, user_of
from campaigns.api.imagery import PixelView
from campaigns.effort import ORIGINS
from campaigns.formats.csv_table import guarded
from campaigns.services.effort import EffortRow, effort_of

PARAMETERS = [
    OpenApiParameter("user", int, description="One person's id"),
    OpenApiParameter("submitted_after", OpenApiTypes.DATETIME),
    OpenApiParameter("submitted_before", OpenApiTypes.DATETIME),
]
COLUMNS = ("shape", "origin", "objects", "active_s", "actions", "s_per_object", "actions_per_object")


class EffortQuerySerializer(serializers.Serializer[Any]):
    """Whose effort, and when it was submitted."""

    user = serializers.IntegerField(required=False)
    submitted_after = serializers.DateTimeField(required=False)
    submitted_before = serializers.DateTimeField(required=False)


class PersonSerializer(serializers.Serializer[Any]):
    """A person by name."""

    id = serializers.IntegerField()
    username = serializers.CharField()


class EffortRowSerializer(serializers.Serializer[Any]):
    """Objects of one shape and origin by one person: how many, and what they cost."""

    user = PersonSerializer()
    shape = serializers.CharField()
    origin = serializers.ChoiceField(choices=ORIGINS)
    objects = serializers.IntegerField()
    active_s = serializers.FloatField()
    actions = serializers.IntegerField()
    s_per_object = serializers.FloatField()
    actions_per_object = serializers.FloatField()


class EffortSerializer(serializers.Serializer[Any]):
    """All rows of a campaign."""

    rows = EffortRowSerializer(many=True)


def _rows(request: Request, campaign_id: int) -> list[EffortRow]:
    campaign = fetch_campaign(request, campaign_id)
    form = EffortQuerySerializer(data=request.query_params)
    form.is_valid(raise_exception=True)
    asked = form.validated_data
    return effort_of(
        user=user_of(request), campaign=campaign, person=asked.get("user"),
        after=asked.get("submitted_after"), before=asked.get("submitted_before"),
    )  # fmt: skip


class EffortView(APIView):
    """Seconds and actions an object."""

    @extend_schema(parameters=PARAMETERS, responses=EffortSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Add up by person, shape and origin; who neither manages nor reviews sees the own effort alone."""
        rows = _rows(request, campaign_id)
        return Response({"rows": [{"user": row.user, **{name: getattr(row, name) for name in COLUMNS}} for row in rows]})


class EffortTableView(PixelView):
    """The same for spreadsheets."""

    @extend_schema(parameters=PARAMETERS, responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request: Request, campaign_id: int) -> HttpResponse:
        """Download the rows as a table with a heading."""
        text = StringIO()
        table = csv.writer(text)
        table.writerow(["user", *COLUMNS])
        for row in _rows(request, campaign_id):
            table.writerow([guarded(row.user["username"]), *(getattr(row, name) for name in COLUMNS)])
        answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="effort-{campaign_id}.csv"'
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


urlpatterns = [
    path("campaigns/<int:campaign_id>/effort", EffortView.as_view()),
    path("campaigns/<int:campaign_id>/effort.csv", EffortTableView.as_view()),
]
