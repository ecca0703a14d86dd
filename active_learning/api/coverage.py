"""The coverage map."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.services.mapping_out import read_map, start_map
from campaigns.api.base import fetch_campaign, idempotent, user_of
from campaigns.api.serializers import RunSerializer


class CoverageMapSerializer(serializers.Serializer[Any]):
    """Columns of equal length, one row an image; places lie in the unit square. ``run`` is null where no map is drawn yet."""

    run = serializers.IntegerField(allow_null=True)
    outdated = serializers.BooleanField(help_text="Another backbone looks at the images since it was drawn")
    missing = serializers.IntegerField(help_text="Images that came after it was drawn")
    unreadable = serializers.IntegerField(help_text="Images without a place, since their files could not be read")
    ids = serializers.ListField(child=serializers.IntegerField())
    x = serializers.ListField(child=serializers.FloatField())
    y = serializers.ListField(child=serializers.FloatField())
    label = serializers.ListField(child=serializers.IntegerField(allow_null=True))  # type: ignore[assignment]
    split = serializers.ListField(child=serializers.CharField(allow_blank=True))
    state = serializers.ListField(child=serializers.CharField())
    round = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    uncertainty = serializers.ListField(child=serializers.FloatField(allow_null=True))


class CoverageMapView(APIView):
    """Where a campaign's images lie beside each other."""

    @extend_schema(responses=CoverageMapSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return the map as it was drawn last, with what its images are now."""
        found = read_map(user=user_of(request), campaign=fetch_campaign(request, campaign_id))
        # As it is: a serializer would touch each of half a million values.
        return Response(vars(found))


class MapRunsView(APIView):
    """Runs that draw the map."""

    @extend_schema(request=None, responses={202: RunSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Draw the map anew in the background."""
        run = start_map(user=user_of(request), campaign=fetch_campaign(request, campaign_id))
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


urlpatterns: list[URLPattern | URLResolver] = [
    path("campaigns/<int:campaign_id>/map", CoverageMapView.as_view()),
    path("campaigns/<int:campaign_id>/map-runs", MapRunsView.as_view()),
]
