"""Fetch a picture from an address that a person gave, under the same rules as calls to models."""

from __future__ import annotations

from typing import Final

from campaigns.errors import InvalidInput
from models_registry.egress import EgressError, Limits, Outgoing, fetch_once
from models_registry.services.policy import egress_policy

WITHIN_S: Final = 20.0


def fetch_picture(url: str, *, cap_bytes: int) -> bytes:
    """Return the bytes at an address; raises InvalidInput that says why there are none."""
    limits = Limits(total_s=WITHIN_S, connect_s=5.0, read_s=WITHIN_S, cap_bytes=cap_bytes)
    try:
        received = fetch_once(egress_policy(), limits, Outgoing(url, {"Accept": "image/*"}, b"", "GET", whose="picture"))
    except EgressError as error:
        raise InvalidInput(f"The picture could not be fetched. {error.detail}", code=error.code) from error
    return received.body
