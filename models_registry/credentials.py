"""A model's secret on its way out: in a header, or plain for the protocols that have another place for it."""

from __future__ import annotations

import re

from campaigns.errors import InvalidInput
from models_registry import redaction, secrets
from models_registry.models import RegisteredModel

DEFAULT_HEADER = "Authorization"
# Headers that say what a request is; a secret in one of them would break it or change where it goes.
_TAKEN = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "accept", "accept-encoding", "connection", "upgrade", "te", "trailer",
     "user-agent", "idempotency-key", "expect"}
)  # fmt: skip
MAX_SECRET = 8_000


def check_header(name: str) -> str:
    """Return the name of a header that may carry a secret; raise InvalidInput for any other."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,99}", name) or name.casefold() in _TAKEN:
        raise InvalidInput(
            f"{name!r} is no header for a secret; write for example Authorization or X-API-Key.", code="invalid_header",
            errors=[{"field": "auth_header", "detail": "Letters, digits and hyphens, and none that HTTP itself uses."}],
        )  # fmt: skip
    return name


def check_secret(secret: str) -> str:
    """Return a secret that fits into a header; raise InvalidInput for any other, without repeating it."""
    text = secret.strip()
    if len(text) > MAX_SECRET or any(not 32 <= ord(character) < 127 for character in text):
        raise InvalidInput(
            "A secret is one line of plain characters, at most 8,000.", code="invalid_secret",
            errors=[{"field": "secret", "detail": "One line of plain ASCII characters."}],
        )  # fmt: skip
    return text


def plain_secret(model: RegisteredModel) -> str:
    """Return a model's secret, decrypted, which no log shows from now on; empty without one."""
    if not model.secret:
        return ""
    secret = secrets.decrypt(model.secret, model_id=model.pk)
    redaction.remember(secret)
    return secret


def credential_headers(model: RegisteredModel) -> dict[str, str]:
    """Return the header that carries a model's secret, decrypted; empty without one.

    A bare token in ``Authorization`` is sent as ``Bearer``; write the scheme in front ("Basic …") for another.
    """
    return headers_for(model.auth_header, plain_secret(model))


def headers_for(header: str, secret: str) -> dict[str, str]:
    """Return the header that carries a secret, which no log shows from now on; empty without one."""
    if not secret:
        return {}
    redaction.remember(secret)
    name = header or DEFAULT_HEADER
    return {name: f"Bearer {secret}" if name.casefold() == "authorization" and " " not in secret else secret}
