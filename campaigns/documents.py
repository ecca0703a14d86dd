"""The annotation document: what one annotation says, checked before it is stored.

    {"id": "k3f9", "label": 12, "shape": {...}, "origin": "human" | "prediction", "review": "draft" | "accepted",
     "confidence": 0.93 | null, "model": {"id": 3, "name": "Water", "version": "1"} | null, "attributes": {}}

``z``, a whole number, is written only where it is not 0: the higher lies on top. ``default`` is written only where it is true: on
at most one whole-image annotation of a set, the image's default label.

Shapes are in pixel space (x right, y down, (0, 0) the corner of the first pixel). Checking is a pure function of
the document and of a ``Frame``; every finding names its place.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from campaigns.attributes import Attribute, InvalidAttribute, checked_answers, missing_answers
from campaigns.errors import InvalidInput
from campaigns.geometry import WHOLE, InvalidShape, Skeleton, checked_shape, offered_shapes, point_names
from campaigns.label_rules import LabelRules

MAX_ANNOTATIONS: Final = 50_000
MAX_ID: Final = 64
KEYS: Final = frozenset({"id", "label", "shape", "origin", "review", "confidence", "model", "attributes", "z", "default"})
MAX_Z: Final = 1_000_000


@dataclass(frozen=True)
class Frame:
    """What annotations are checked against: the image's size in pixels, the campaign's task and label ids.

    ``attributes`` and ``skeletons``: what labels ask of their objects and of their points, by label id; those that ask
    nothing may be left out. ``shapes``: what the campaign chose to take; None means what its task takes. ``standing``:
    annotations by id as they stand, for rules that changed since: what a person may see, a person may go on editing.
    ``rules``: which labels of the whole image go together, where it may have several.
    """

    width: int
    height: int
    task: str
    labels: frozenset[int]
    multi_label: bool = False
    attributes: Mapping[int, tuple[Attribute, ...]] = field(default_factory=dict)
    skeletons: Mapping[int, Skeleton] = field(default_factory=dict)
    shapes: frozenset[str] | None = None
    standing: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rules: LabelRules = field(default_factory=LabelRules)


class Finding(Exception):
    """What is wrong, and where."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


def check_annotations(annotations: Any, frame: Frame) -> list[dict[str, Any]]:
    """Return the annotations in canonical form.

    Raises InvalidInput that names the first place at fault.
    """
    try:
        return _check_list(annotations, frame)
    except Finding as finding:
        message = f"{finding.where}: {finding.why}"
        raise InvalidInput(message, code="invalid_annotation", errors=[{"field": finding.where, "detail": finding.why}]) from finding


def label_counts(annotations: list[dict[str, Any]]) -> dict[int, int]:
    """Count annotations per label id; drafts that nobody has reviewed do not count."""
    return dict(Counter(a["label"] for a in annotations if a["review"] == "accepted"))


@dataclass(frozen=True)
class Use:
    """How a set uses a label: how often, for the image as a whole or not, and whether it is the image's default label."""

    count: int
    whole: bool = False
    default: bool = False


def label_uses(annotations: list[dict[str, Any]]) -> dict[int, Use]:
    """Say how annotations use each label; drafts that nobody has reviewed do not count.

    The default label is the marked one; an image's only label of the whole image is it unmarked.
    """
    accepted = [a for a in annotations if a["review"] == "accepted" and a["shape"]["type"] == "whole"]
    whole = {a["label"] for a in accepted}
    default = next((a["label"] for a in accepted if a.get("default")), next(iter(whole)) if len(whole) == 1 else None)
    return {label: Use(count, label in whole, label == default) for label, count in label_counts(annotations).items()}


def _check_list(annotations: Any, frame: Frame) -> list[dict[str, Any]]:
    if not isinstance(annotations, list):
        raise Finding("annotations", "expected a list")
    if len(annotations) > MAX_ANNOTATIONS:
        raise Finding("annotations", f"at most {MAX_ANNOTATIONS} fit one image, got {len(annotations)}")
    checked = [_check_annotation(annotation, f"annotations[{i}]", frame) for i, annotation in enumerate(annotations)]
    twice = [name for name, count in Counter(a["id"] for a in checked).items() if count > 1]
    if twice:
        raise Finding("annotations", f"the id {twice[0]!r} stands twice; every annotation needs its own")
    return checked


def _check_annotation(annotation: Any, where: str, frame: Frame) -> dict[str, Any]:
    if not isinstance(annotation, dict):
        raise Finding(where, "expected an object")
    unknown = set(annotation) - KEYS
    if unknown:
        raise Finding(f"{where}.{sorted(map(str, unknown))[0]}", "there is no such field")
    name = annotation.get("id")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_ID:
        raise Finding(f"{where}.id", f"expected a text of 1 to {MAX_ID} characters")
    label = annotation.get("label")
    if isinstance(label, bool) or not isinstance(label, int) or label not in frame.labels:
        raise Finding(f"{where}.label", f"{label!r} is no label of this campaign"[:200])
    return {
        "id": name,
        "label": label,
        "shape": check_shape(annotation.get("shape"), f"{where}.shape", frame, label=label, before=_shape_before(name, frame)),
        "origin": _one_of(annotation.get("origin", "human"), ("human", "prediction"), f"{where}.origin"),
        "review": _one_of(annotation.get("review", "accepted"), ("draft", "accepted"), f"{where}.review"),
        "confidence": _confidence(annotation.get("confidence"), f"{where}.confidence"),
        "model": _model(annotation.get("model"), f"{where}.model"),
        "attributes": _attributes(annotation.get("attributes"), f"{where}.attributes", frame.attributes.get(label, ())),
        **_z(annotation.get("z", 0), f"{where}.z"),
        **_default(annotation, f"{where}.default"),
    }


def _shape_before(name: str, frame: Frame) -> Mapping[str, Any] | None:
    standing = frame.standing.get(name)
    return standing["shape"] if standing else None


def allowed_shapes(task: str, chosen: Iterable[str] | None) -> frozenset[str]:
    """Return the shapes that a campaign takes: those it chose, else its task's. A label of the whole image is always taken."""
    return offered_shapes(task) if chosen is None else frozenset(chosen) | {WHOLE}


def check_shape(
    shape: Any, where: str, frame: Frame, *, label: int | None = None, before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return one shape in canonical form; raises Finding.

    label: whose skeleton its points follow. before: the same annotation's shape as it stands, whose type and names stay allowed.
    """
    kind = shape.get("type") if isinstance(shape, dict) else None
    allowed = allowed_shapes(frame.task, frame.shapes)
    if not isinstance(kind, str) or (kind not in allowed and kind != (before or {}).get("type")):
        raise Finding(f"{where}.type", f"this {frame.task} campaign takes {', '.join(sorted(allowed))}, not {kind!r}"[:300])
    try:
        checked = checked_shape(shape, width=frame.width, height=frame.height)
        skeleton = None if label is None else frame.skeletons.get(label)
        if skeleton is not None:
            skeleton.check_names(point_names(checked), known=point_names(before) if before else ())
        return checked
    except InvalidShape as error:
        raise Finding(where, str(error)) from error


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Finding(where, f"expected a number, got {value!r}"[:200])
    if not math.isfinite(value) or abs(value) > 1e9:
        raise Finding(where, "expected a finite number")
    return float(value)


def _confidence(value: Any, where: str) -> float | None:
    if value is None:
        return None
    number = _number(value, where)
    if not 0 <= number <= 1:
        raise Finding(where, f"expected a number from 0 to 1, got {number}")
    return number


def _one_of(value: Any, allowed: tuple[str, ...], where: str) -> str:
    if value not in allowed:
        raise Finding(where, f"expected {' or '.join(allowed)}, got {value!r}"[:200])
    return str(value)


def _model(value: Any, where: str) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("id"), int):
        raise Finding(where, "expected an object with id, name and version")
    return {"id": value["id"], "name": str(value.get("name", ""))[:200], "version": str(value.get("version", ""))[:100]}


def _attributes(value: Any, where: str, definitions: tuple[Attribute, ...]) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > 100:
        raise Finding(where, "expected an object with at most 100 names")
    try:
        return checked_answers(value, definitions)
    except InvalidAttribute as error:
        name, why = error.args
        raise Finding(f"{where}.{name}"[:200], why) from error


def _z(value: Any, where: str) -> dict[str, int]:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_Z:
        raise Finding(where, f"expected a whole number from -{MAX_Z} to {MAX_Z}")
    return {"z": value} if value else {}


def _default(annotation: dict[str, Any], where: str) -> dict[str, bool]:
    value = annotation.get("default", False)
    if not isinstance(value, bool):
        raise Finding(where, "expected true or false")
    if value and annotation["shape"]["type"] != "whole":
        raise Finding(where, "only a label of the whole image can be the default")
    return {"default": True} if value else {}


def check_one_default(annotations: list[dict[str, Any]]) -> None:
    """Raise InvalidInput where two labels of an image are the default."""
    marked = [i for i, annotation in enumerate(annotations) if annotation.get("default")]
    if len(marked) > 1:
        message = "An image has one default label: take it from the other in the same save."
        where = f"annotations[{marked[1]}].default"
        raise InvalidInput(message, code="one_default_only", errors=[{"field": where, "detail": "another label is the default"}])


def check_complete(annotations: list[dict[str, Any]], frame: Frame) -> None:
    """Raise InvalidInput where an accepted annotation lacks an attribute that its label requires, or labels do not go together."""
    for i, annotation in enumerate(annotations):
        missing = missing_answers(annotation["attributes"], frame.attributes.get(annotation["label"], ()))
        if missing and annotation["review"] == "accepted":
            message = f"Object {i + 1} needs {missing[0]!r} before the image can be submitted."
            where = f"annotations[{i}].attributes.{missing[0]}"
            raise InvalidInput(message, code="attribute_missing", errors=[{"field": where, "detail": "required"}])
    broken = frame.rules.broken_by({a["label"] for a in annotations if a["shape"]["type"] == WHOLE and a["review"] == "accepted"})
    if broken:
        raise InvalidInput(broken, code="label_rules", errors=[{"field": "annotations", "detail": broken}])
