"""One image for who holds its signed address."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from campaigns.api.imagery import PixelView, told
from campaigns.errors import NotFound
from campaigns.imagery import as_picture
from campaigns.lending import read_loan
from campaigns.models import Image
from campaigns.storage import image_path


class LentImageView(PixelView):
    """The picture that a signed address lends."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(auth=[], responses={(200, "image/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, token: str) -> HttpResponse:
        """Return the image; the address, made for a model's server, is good for ten minutes."""
        loan = read_loan(token)
        image = Image.objects.filter(pk=loan.image).first()
        if image is None:
            raise NotFound("The image of this address was removed.", code="address_invalid")
        size = (image.width, image.height) if loan.window is None else loan.window[2:]
        max_side = loan.max_side if loan.max_side is not None and max(size) > loan.max_side else None
        with told():
            content, kind = as_picture(image_path(image), format=loan.format, bands=loan.bands, max_side=max_side, window=loan.window)
        return HttpResponse(
            content,
            content_type=kind,
            headers={
                "Cache-Control": "private, no-store",
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "sandbox; default-src 'none'",
            },
        )


urlpatterns = [path("lent-images/<str:token>", LentImageView.as_view())]
