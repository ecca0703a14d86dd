"""Exports."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.base import fetch_campaign, fetch_run, idempotent, user_of
from campaigns.api.imagery import PixelView
from campaigns.api.selecting import SelectionField
from campaigns.api.serializers import RunSerializer
from campaigns.formats import CONTENT_TYPES, WRITERS
from campaigns.models import Run
from campaigns.services.exporting import exported_file, start_export


class ExportSerializer(serializers.Serializer[Any]):
    """Which format, and which of the submitted and accepted images: a selection, or the filters of the list of images."""

    format = serializers.ChoiceField(choices=list(WRITERS))
    filter = serializers.DictField(required=False)
    images = SelectionField(required=False)
    ignore_below = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=1)


class ExportsView(generics.ListAPIView[Run]):
    """Exports of a campaign."""

    serializer_class = RunSerializer
    queryset = Run.objects.none()
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Run]:
        """Return the campaign's exports, newest first."""
        campaign = fetch_campaign(self.request, self.kwargs["campaign_id"])
        return Run.objects.filter(campaign=campaign, kind="export").select_related("created_by")

    @extend_schema(request=ExportSerializer, responses={202: RunSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Start an export; the run's result names the file."""
        campaign = fetch_campaign(request, campaign_id)
        form = ExportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        run = start_export(user=user_of(request), campaign=campaign, **form.validated_data)
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class RunFileView(PixelView):
    """The file of a run."""

    @extend_schema(responses={(200, kind): OpenApiTypes.BINARY for kind in CONTENT_TYPES.values()})
    def get(self, request: Request, run_id: int) -> FileResponse:
        """Download what an export wrote."""
        run = fetch_run(request, run_id)
        file = exported_file(run)
        kind = CONTENT_TYPES[run.params["format"]]
        answer = FileResponse(file.open("rb"), as_attachment=True, filename=file.name, content_type=kind)
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


urlpatterns = [
    path("campaigns/<int:campaign_id>/exports", ExportsView.as_view()),
    path("runs/<int:run_id>/file", RunFileView.as_view()),
]
