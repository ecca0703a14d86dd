"""Where a request came from, for the audit log."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from campaigns.models import ApiToken
from models_registry.services.auditing import Caller

LONGEST_AGENT = 120


def caller_of(request: Request) -> Caller:
    """Return the address (the peer's, or what the trusted proxy says) and what sent the request."""
    address = BaseThrottle().get_ident(request) or ""
    by = f'token "{request.auth.name}"' if isinstance(request.auth, ApiToken) else "web page"
    agent = "".join(character for character in request.headers.get("User-Agent", "") if character.isprintable())[:LONGEST_AGENT]
    return Caller(address, f"{by}, {agent}" if agent else by)
