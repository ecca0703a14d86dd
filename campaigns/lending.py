"""Addresses of single images that need no login: signed, for one image in one form, and good for ten minutes.

For model servers that fetch an image themselves. Whoever holds such an address sees that one image and nothing else;
a person's token is never given away for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http.request import validate_host

from campaigns.errors import Conflict, NotFound

GOOD_FOR_S: Final = 600
SALT: Final = "campaigns.lending"


@dataclass(frozen=True, slots=True)
class Loan:
    """One image and the form in which it is lent, as ``campaigns.imagery.as_picture`` takes it; with a window, no more than that part."""

    image: int
    format: str = ""
    bands: tuple[int, ...] = ()
    max_side: int | None = None
    window: tuple[int, int, int, int] | None = None


def lent_path(loan: Loan) -> str:
    """Return the path of an address that lends an image from now on."""
    token = signing.dumps([loan.image, loan.format, list(loan.bands), loan.max_side, loan.window], salt=SALT)
    return f"/api/v1/lent-images/{token}"


def read_loan(token: str) -> Loan:
    """Return what an address lends; raises NotFound when it is forged, or too old."""
    try:
        image, form, bands, max_side, window = signing.loads(token, salt=SALT, max_age=GOOD_FOR_S)
        return Loan(image, form, tuple(bands), max_side, None if window is None else tuple(window))
    except signing.SignatureExpired:
        raise NotFound("This address was good for ten minutes, and they are over.", code="address_expired") from None
    except (signing.BadSignature, TypeError, ValueError):
        raise NotFound("There is no such image, or the address was changed.", code="address_invalid") from None


def base_address(caller: str) -> str:
    """Return where the server at the URL ``caller`` reaches this deployment; raises Conflict when nobody has said so.

    For a server on this machine it is this machine, at the port that the web server listens on.
    """
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL)
    if settings.LOCAL_PORT and _is_here(urlsplit(caller).hostname or "") and validate_host("127.0.0.1", settings.ALLOWED_HOSTS):
        return f"http://127.0.0.1:{settings.LOCAL_PORT}"
    raise Conflict(
        "This model's server fetches images by their address, and nobody has said where it reaches Winnow. Set WINNOW_PUBLIC_URL, for "
        'example to https://label.example.org, or let the images travel inside the question: {"extra": {"image": "data"}} in the options.',
        code="no_public_url",
    )


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
