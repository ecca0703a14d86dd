"""Add images."""

from typing import Any, Final

from django.urls import URLPattern
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.errors import InvalidInput
from campaigns.models import Campaign

IMPORT_SCHEMA: Final[dict[str, Any]] = {"request": OpenApiTypes.OBJECT, "responses": {200: OpenApiTypes.OBJECT}}


def create_images(request: Request, campaign: Campaign) -> Response:
    """Add images to a campaign (replaced by the import service)."""
    raise InvalidInput("Import is not ready.")


urlpatterns: list[URLPattern] = []
