"""Download a model with a server of its own."""

from __future__ import annotations

import re

from django.http import FileResponse
from django.urls import URLPattern, URLResolver, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from campaigns.api.base import fetch_campaign, user_of
from campaigns.api.imagery import PixelView
from inference.services.offline import pack_model
from inference.services.serving import servable_model

CHECKPOINT = OpenApiParameter("checkpoint", OpenApiTypes.STR, enum=["best", "last"], description="Of a model that was trained here.")


class ModelDownloadView(PixelView):
    """A model to take along."""

    @extend_schema(parameters=[CHECKPOINT], responses={(200, "application/zip"): OpenApiTypes.BINARY}, operation_id="download_model")
    def get(self, request: Request, campaign_id: int, model: str) -> FileResponse:
        """Return a ZIP: network, labels, thresholds, and a server in plain Python that answers the predict API offline."""
        campaign = fetch_campaign(request, campaign_id)
        chosen = servable_model(campaign, model)
        role = request.query_params.get("checkpoint", "best")
        archive = pack_model(user=user_of(request), campaign=campaign, model=chosen, role=role)
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", chosen.name).strip("-.")[:80] or "model"
        return FileResponse(archive, as_attachment=True, filename=f"{name}.zip", content_type="application/zip")


urlpatterns: list[URLPattern | URLResolver] = [path("campaigns/<int:campaign_id>/models/<str:model>/download", ModelDownloadView.as_view())]
