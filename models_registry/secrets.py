"""Secrets of models at rest: encrypted, bound to their model, and never guessed at.

The ciphertext is ``v1:`` and a Fernet token of ``{"model": id, "secret": text}``. Fernet authenticates no context, so
the model's id stands inside and is compared: a ciphertext copied to another model's row opens nothing.
"""

from __future__ import annotations

import base64
import hashlib

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from campaigns.errors import Conflict

PREFIX = "v1:"


class SecretUnreadable(Conflict):
    """The stored secret does not open with this deployment's keys."""

    default_code = "secret_unreadable"

    def __init__(self) -> None:
        super().__init__(
            "The model's stored secret cannot be read: the deployment's encryption keys have changed. Enter the secret again,"
            " or put the old key back behind the new one in FIELD_ENCRYPTION_KEYS."
        )


def encrypt(secret: str, *, model_id: int, kind: str = "model") -> str:
    """Return the ciphertext to store, under the newest key. ``kind``: what the id is of, where it is not a model's secret."""
    plain = orjson.dumps({kind: model_id, "secret": secret})
    return PREFIX + _keys().encrypt(plain).decode("ascii")


def decrypt(stored: str, *, model_id: int, kind: str = "model") -> str:
    """Return the secret; raise ``SecretUnreadable`` for a wrong key, another model's secret or anything else."""
    if not stored.startswith(PREFIX):
        raise SecretUnreadable
    try:
        document = orjson.loads(_keys().decrypt(stored[len(PREFIX) :].encode("ascii", "replace")))
        matches = document[kind] == model_id
        secret = document["secret"]
    except (InvalidToken, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise SecretUnreadable from error
    if not matches or not isinstance(secret, str):
        raise SecretUnreadable
    return secret


def _keys() -> MultiFernet:
    """Return the deployment's keys, newest first; a key may be any text, so 32 bytes are derived from it."""
    derived = (hashlib.sha256(key.encode()).digest() for key in settings.FIELD_ENCRYPTION_KEYS)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
