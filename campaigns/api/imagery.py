"""The pixels of an image: the file, tiles, thumbnails, statistics. All of them never change, so browsers keep them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.http import FileResponse, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.urls import path
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_image
from campaigns.errors import DomainError, InvalidInput, NotFound
from campaigns.geometry import Georeference, Ground, ground_of
from campaigns.imagery import CONTENT_TYPES, Refused, Style, Tile, band_statistics, render_tile, thumbnail
from campaigns.imagery.render import CONTENT_TYPES as TILE_TYPES
from campaigns.models import Image
from campaigns.storage import image_path

Number = TypeVar("Number", int, float)

IMMUTABLE = "private, max-age=31536000, immutable"
# Pyramids of rasters up to this size are made while the first tile waits; larger ones only in the background.
BUILD_AT_ONCE_PX = 60_000_000


class AnyAccept(BaseContentNegotiation):
    """Answer in the address's own format, whatever an <img> says that it accepts."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Take the first."""
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """Take the first."""
        return renderers[0], renderers[0].media_type


class PixelView(APIView):
    """What all pixel answers share."""

    content_negotiation_class = AnyAccept


@contextmanager
def told() -> Iterator[None]:
    """Translate what imagery refuses into a problem document."""
    try:
        yield
    except Refused as refused:
        raise _problem(refused) from refused
    except FileNotFoundError as error:
        raise NotFound("The file of this image is gone from the data directory; restore it from a backup.", code="file_missing") from error


def _problem(refused: Refused) -> DomainError:
    if refused.code in ("no_such_tile", "outside"):
        return NotFound(refused.detail, code=refused.code)
    return InvalidInput(refused.detail, code=refused.code)


def _unchanging(request: Request, image: Image, what: str, make: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Answer with what never changes: 304 when the browser has it, otherwise what ``make`` makes."""
    etag = f'"{image.sha256[:24]}-{hashlib.sha256(what.encode()).hexdigest()[:8]}"'
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")]
    with told():
        answer = HttpResponseNotModified() if etag in known else make()
    answer["ETag"] = etag
    answer["Cache-Control"] = IMMUTABLE
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


class FileView(PixelView):
    """The original bytes."""

    @extend_schema(responses={(200, kind): OpenApiTypes.BINARY for kind in CONTENT_TYPES.values()})
    def get(self, request: Request, image_id: int) -> HttpResponseBase:
        """Return the file as it was uploaded; a page that opens it by itself can run nothing in it."""
        image = fetch_image(request, image_id)

        def make() -> HttpResponseBase:
            answer = FileResponse(image_path(image).open("rb"), content_type=CONTENT_TYPES.get(image.format, "application/octet-stream"))
            answer["Content-Disposition"] = content_disposition_header(False, image.name.rsplit("/", 1)[-1]) or "inline"
            answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
            return answer

        return _unchanging(request, image, "file", make)


class ThumbnailView(PixelView):
    """A small picture."""

    @extend_schema(
        parameters=[OpenApiParameter("size", int, description="Longest side in pixels, 64 to 1024; 256 by default")],
        responses={(200, "image/jpeg"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, image_id: int) -> HttpResponseBase:
        """Return a thumbnail, upright and stretched for the eye."""
        image = fetch_image(request, image_id)
        size = _numbers(request, "size", int) or (256,)
        return _unchanging(
            request, image, f"thumbnail-{size[0]}", lambda: HttpResponse(thumbnail(image_path(image), size[0]), content_type="image/jpeg")
        )


class TileView(PixelView):
    """A tile."""

    @extend_schema(
        parameters=[
            OpenApiParameter("extension", str, OpenApiParameter.PATH, enum=list(TILE_TYPES)),
            OpenApiParameter("bands", str, description="One band number, or three for red, green and blue: 4,3,2"),
            OpenApiParameter("min", str, description="The value shown black: one number, or one a band"),
            OpenApiParameter("max", str, description="The value shown white: one number, or one a band"),
            OpenApiParameter("gamma", float, description="Above 1 brightens the middle"),
        ],
        responses={(200, kind): OpenApiTypes.BINARY for kind in TILE_TYPES.values()},
    )
    def get(self, request: Request, image_id: int, z: int, x: int, y: int, extension: str) -> HttpResponseBase:
        """Return 256 x 256 pixels of the image's own grid: origin at the top left, full resolution at its max_zoom."""
        image = fetch_image(request, image_id)
        if extension not in TILE_TYPES:
            raise NotFound(f"Tiles come as {', '.join(TILE_TYPES)}.")
        with told():
            tile, style = Tile(z, x, y, image.width, image.height), _style(request)

        def make() -> HttpResponseBase:
            build = image.width * image.height <= BUILD_AT_ONCE_PX
            content = render_tile(image_path(image), tile, style, format=extension, build=build)
            return HttpResponse(content, content_type=TILE_TYPES[extension])

        return _unchanging(request, image, f"{tile}{style}{extension}", make)


def _style(request: Request) -> Style:
    gamma = _numbers(request, "gamma", float)
    return Style(
        bands=_numbers(request, "bands", int),
        low=_numbers(request, "min", float),
        high=_numbers(request, "max", float),
        gamma=gamma[0] if gamma else 1.0,
    )


def _numbers(request: Request, name: str, kind: type[Number]) -> tuple[Number, ...] | None:
    text = request.query_params.get(name, "")
    if not text:
        return None
    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError:
        raise InvalidInput(f"{name} is a number, or several with commas, not {text[:40]!r}.", code="invalid_number") from None


class BandSerializer(serializers.Serializer[Any]):
    """Values of one band; without further wishes it is shown from p2 (black) to p98 (white)."""

    index = serializers.IntegerField()
    name = serializers.CharField(allow_blank=True)
    min = serializers.FloatField()
    max = serializers.FloatField()
    p2 = serializers.FloatField()
    p98 = serializers.FloatField()
    quantiles = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        help_text="Pairs of percent and value, rising.",
    )


class BandStatisticsSerializer(serializers.Serializer[Any]):
    """Values of every band."""

    bands = BandSerializer(many=True)


class StatisticsView(APIView):
    """What values the bands hold."""

    @extend_schema(responses=BandStatisticsSerializer)
    def get(self, request: Request, image_id: int) -> Response:
        """Return extremes and percentiles of each band, measured once on a part of the pixels."""
        image = fetch_image(request, image_id)
        with told():
            bands = band_statistics(image_path(image))
        return Response(BandStatisticsSerializer({"bands": bands}).data, headers={"Cache-Control": IMMUTABLE})


class LonLatGridSerializer(serializers.Serializer[Any]):
    """Degrees at points spread evenly over the image, edges included, row by row; interpolate between them."""

    lon = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    lat = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    error_px = serializers.FloatField()


class GeoreferenceSerializer(serializers.Serializer[Any]):
    """Where the image lies. ``measure`` says how lengths are told: along the ellipsoid, in units of the CRS, or in pixels."""

    crs = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    transform = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    measure = serializers.ChoiceField(choices=["geodesic", "planar", "pixels"])
    unit = serializers.CharField(allow_blank=True)
    unit_m = serializers.FloatField(allow_null=True, help_text="Metres in one unit of the CRS.")
    grid = LonLatGridSerializer(allow_null=True)


class GeoreferenceView(APIView):
    """Where the pixels lie on the ground."""

    @extend_schema(responses=GeoreferenceSerializer)
    def get(self, request: Request, image_id: int) -> Response:
        """Return the CRS, the affine, and longitude and latitude on a grid; all empty for an image that lies nowhere."""
        image = fetch_image(request, image_id)
        return Response(georeference_document(image), headers={"Cache-Control": IMMUTABLE})


def georeference_document(image: Image) -> dict[str, Any]:
    """Describe where an image lies, as the page reads it."""
    ground = Ground("", "pixels", "", None, None)
    if image.transform is not None and image.crs:
        ground = ground_of(Georeference(image.crs, tuple(image.transform)), image.width, image.height)
    grid = ground.grid and {
        "lon": ground.grid.lon.round(9).tolist(),
        "lat": ground.grid.lat.round(9).tolist(),
        "error_px": ground.grid.error_px,
    }
    return {
        "crs": image.crs, "name": ground.name, "transform": image.transform, "measure": ground.measure, "unit": ground.unit,
        "unit_m": ground.unit_m, "grid": grid,
    }  # fmt: skip


urlpatterns = [
    path("images/<int:image_id>/file", FileView.as_view()),
    path("images/<int:image_id>/thumbnail", ThumbnailView.as_view()),
    path("images/<int:image_id>/statistics", StatisticsView.as_view()),
    path("images/<int:image_id>/georeference", GeoreferenceView.as_view()),
    path("images/<int:image_id>/tiles/<int:z>/<int:x>/<int:y>.<str:extension>", TileView.as_view()),
]
