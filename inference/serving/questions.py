"""What a call of the predict API asks for, and its answer as documents. Pure: the web server and downloaded models share it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from campaigns.errors import InvalidInput, TooLarge
from inference.serving.things import Said, as_document

BEST: Final = "best"
LAST: Final = "last"
LARGEST_PICTURE_BYTES: Final = 256 * 2**20


@dataclass(frozen=True)
class Wanted:
    """How a model is to be asked. ``role``: which checkpoint of a model that was trained here.

    ``thresholds``: least confidence by label name or id, in place of the campaign's; ``threshold``: for all other labels.
    ``profile``: the name of thresholds that the model keeps, which hold where ``thresholds`` says nothing.
    """

    role: str = BEST
    thresholds: Mapping[str, float] = field(default_factory=dict)
    threshold: float | None = None
    profile: str = ""


@dataclass(frozen=True)
class AskedModel:
    """The model that answered, as documents name it; ``role`` is empty where it has no checkpoints."""

    id: int
    name: str
    version: str
    task: str
    role: str = ""


@dataclass(frozen=True)
class Served:
    """What a model says of one picture. ``thresholds``: what counted, by label name, where something other than the default did."""

    model: AskedModel
    width: int
    height: int
    said: Said
    thresholds: Mapping[str, float]
    latency_ms: float


def predicted_document(served: Served, name: str) -> dict[str, Any]:
    """Return an answer in our own form; ``name``: of the picture."""
    model = served.model
    return {
        "model": {"id": model.id, "name": model.name, "version": model.version, "checkpoint": model.role},
        "image": {"name": name, "width": served.width, "height": served.height},
        "task": model.task,
        "thresholds": dict(served.thresholds),
        "latency_ms": round(served.latency_ms, 1),
        **as_document(served.said),
    }


def read_wanted(query: Mapping[str, str], role: str = "") -> Wanted:
    """Read the query of an address. ``role``: what the address itself says. Raises InvalidInput."""
    try:
        threshold = float(query["threshold"]) if "threshold" in query else None
        thresholds = json.loads(query.get("thresholds", "{}"))
    except (ValueError, RecursionError) as error:
        raise InvalidInput('threshold is a number from 0 to 1, thresholds a JSON object like {"Water": 0.4}.') from error
    if not isinstance(thresholds, dict) or (threshold is not None and not 0.0 <= threshold <= 1.0):
        raise InvalidInput('threshold is a number from 0 to 1, thresholds a JSON object like {"Water": 0.4}.')
    chosen = role or query.get("checkpoint", BEST)
    if chosen not in (BEST, LAST):
        raise InvalidInput("checkpoint is best or last.", code="invalid_checkpoint")
    return Wanted(chosen, thresholds, threshold, query.get("profile", ""))


def with_profile(wanted: Wanted, profiles: Mapping[str, Mapping[int, float]]) -> Wanted:
    """Put the thresholds of the profile that is asked for in its place; raises InvalidInput for one that the model does not have."""
    if not wanted.profile:
        return wanted
    if wanted.profile not in profiles:
        known = ", ".join(sorted(profiles)) or "none"
        raise InvalidInput(f"The model has no profile {wanted.profile[:100]!r} here. It has: {known}.", code="unknown_profile")
    kept: dict[str, float] = {str(label): value for label, value in profiles[wanted.profile].items()}
    return replace(wanted, thresholds={**kept, **wanted.thresholds}, profile="")


def by_label(thresholds: Mapping[str, Any], names: Mapping[int, str]) -> dict[int, float]:
    """Return thresholds by label id; raises InvalidInput for what is no label and for what is no threshold."""
    ids = {name: label for label, name in names.items()}
    found: dict[int, float] = {}
    for name, value in thresholds.items():
        label = ids.get(name, int(name) if name.isdecimal() and len(name) < 19 else -1)
        if label not in names:
            raise _invalid(f"thresholds.{name}", f"{name[:100]!r} is no label of this campaign.")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
            raise _invalid(f"thresholds.{name}", "A threshold is a number from 0 to 1.")
        found[label] = float(value)
    return found


def _invalid(field_name: str, why: str) -> InvalidInput:
    return InvalidInput(why, code="invalid_thresholds", errors=[{"field": field_name, "detail": why}])


def no_picture() -> InvalidInput:
    """Return the complaint that a request carries no picture."""
    return InvalidInput('Send the bytes of a picture, a form with a file "image", {"url": "…"} or {"base64": "…"}.', code="no_picture")


def checked_picture(content: bytes) -> bytes:
    """Return the bytes of a picture that is neither empty nor too large; raises InvalidInput or TooLarge."""
    if not content:
        raise InvalidInput("The picture is empty.", code="no_picture")
    if len(content) > LARGEST_PICTURE_BYTES:
        raise TooLarge(f"A picture has at most {LARGEST_PICTURE_BYTES // 2**20} MiB. Import it into a campaign instead.")
    return content


def decoded(text: str) -> bytes:
    """Return what Base64 text holds, a data URL's too; raises InvalidInput."""
    try:
        return base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("base64 does not hold Base64 text.", code="invalid_base64") from error
