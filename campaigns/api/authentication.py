"""Who asks: a browser by its session, a script by its token."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from campaigns.disk import refuses_writes
from campaigns.models import ApiToken, User
from campaigns.services.accounts import digest_of

USED_EVERY = timedelta(minutes=5)
READING = frozenset({"GET", "HEAD", "OPTIONS"})


def _note_use(token: ApiToken, now: datetime) -> None:
    """Write down when a token was used last; whoever reads may do so though the disk has no room for that."""
    try:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    except DatabaseError as error:
        if not refuses_writes(error):
            raise


class TokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer <token>``, or SentiSight's ``X-Auth-token``."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the token's user; None when no token was sent."""
        text = self._token(request)
        if not text:
            return None
        now = timezone.now()
        alive = ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), user__is_active=True)
        token = alive.select_related("user").filter(digest=digest_of(text)).first()
        if token is None:
            raise exceptions.AuthenticationFailed("This token is unknown or has expired. Make a new one under Settings.")
        if token.scopes and (request.method in READING) is False and "write" not in token.scopes:
            raise exceptions.AuthenticationFailed("This token may only read. Make one with the scope write.")
        if token.last_used_at is None or token.last_used_at < now - USED_EVERY:
            _note_use(token, now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Make the answer to a missing sign-in 401 instead of 403."""
        return 'Bearer realm="winnow"'

    @staticmethod
    def _token(request: Request) -> str:
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return text.strip()
        return request.headers.get("X-Auth-token", "").strip()


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session; writing needs the ``X-CSRFToken`` header."""


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tell the OpenAPI schema about tokens."""

    target_class = "campaigns.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tell the OpenAPI schema about sessions."""

    target_class = "campaigns.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
