"""Attributes of objects: what a label asks of each of its objects, and whether an answer fits.

    {"name": "species", "type": "choice", "options": ["oak", "beech"], "default": null, "required": true}

Types are boolean, number (with ``min`` and ``max``), text and choice. Every object may carry ``occluded`` and
``truncated`` besides (COCO's and Pascal VOC's words), true or false.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

TYPES: Final = ("boolean", "number", "text", "choice")
BUILT_IN: Final = ("occluded", "truncated")
MAX_DEFINITIONS: Final = 50
MAX_OPTIONS: Final = 200
MAX_TEXT: Final = 1000


class InvalidAttribute(ValueError):
    """A definition or an answer that cannot be used, with one sentence for a person."""


@dataclass(frozen=True)
class Attribute:
    """What a label asks of its objects. ``minimum`` and ``maximum`` bound numbers; None leaves a side open."""

    name: str
    type: str
    options: tuple[str, ...] = ()
    default: str | float | bool | None = None
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None

    @classmethod
    def from_document(cls, document: Any) -> Attribute:
        """Check one definition; raises InvalidAttribute."""
        if not isinstance(document, Mapping):
            raise InvalidAttribute("An attribute is an object with name and type.")
        unknown = sorted(set(document) - {"name", "type", "options", "default", "required", "min", "max"})
        if unknown:
            raise InvalidAttribute(f"An attribute has no {unknown[0]!r}.")
        name, kind = document.get("name"), document.get("type")
        if not isinstance(name, str) or not 0 < len(name.strip()) <= 100:
            raise InvalidAttribute("The name of an attribute needs 1 to 100 characters.")
        if name.strip() in (*BUILT_IN, "default"):
            raise InvalidAttribute(f"Every object has {name.strip()!r} already; choose another name.")
        if kind not in TYPES:
            raise InvalidAttribute(f"The type of {name!r} is one of {', '.join(TYPES)}.")
        if not isinstance(document.get("required", False), bool):
            raise InvalidAttribute(f"required of {name!r} is true or false.")
        found = cls(
            name=name.strip(), type=kind, options=_options(document, name), required=document.get("required", False),
            minimum=_bound(document, "min", name), maximum=_bound(document, "max", name),
        )  # fmt: skip
        if found.minimum is not None and found.maximum is not None and found.minimum > found.maximum:
            raise InvalidAttribute(f"min of {name!r} lies above its max.")
        default = document.get("default")
        return cls(**{**vars(found), "default": None if default is None else found.checked(default)})

    def as_document(self) -> dict[str, Any]:
        """Write the definition without what says nothing."""
        bounds = {"min": self.minimum, "max": self.maximum} if self.type == "number" else {}
        document = {"options": list(self.options), "default": self.default, "required": self.required or None, **bounds}
        return {"name": self.name, "type": self.type, **{key: value for key, value in document.items() if value not in (None, [])}}

    def checked(self, value: Any) -> str | float | bool:
        """Return an answer that fits; raises InvalidAttribute."""
        if self.type == "boolean":
            if not isinstance(value, bool):
                raise InvalidAttribute("expected true or false")
            return value
        if self.type == "number":
            return self._checked_number(value)
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise InvalidAttribute(f"expected a text of at most {MAX_TEXT} characters")
        if self.type == "choice" and value not in self.options:
            raise InvalidAttribute(f"expected one of {', '.join(self.options)}"[:300])
        return value

    def _checked_number(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise InvalidAttribute("expected a finite number")
        if self.minimum is not None and value < self.minimum:
            raise InvalidAttribute(f"expected at least {self.minimum:g}")
        if self.maximum is not None and value > self.maximum:
            raise InvalidAttribute(f"expected at most {self.maximum:g}")
        return value


def _options(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    options = document.get("options", [])
    if document.get("type") != "choice":
        return ()
    texts = isinstance(options, list) and all(isinstance(option, str) and 0 < len(option) <= 100 for option in options)
    if not texts or not 1 <= len(options) <= MAX_OPTIONS or len(set(options)) != len(options):
        raise InvalidAttribute(f"{name!r} needs 1 to {MAX_OPTIONS} options, all different, of 1 to 100 characters.")
    return tuple(options)


def _bound(document: Mapping[str, Any], key: str, name: str) -> float | None:
    value = document.get(key)
    if value is None or document.get("type") != "number":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidAttribute(f"{key} of {name!r} is a finite number.")
    return float(value)


def checked_definitions(documents: Any) -> list[dict[str, Any]]:
    """Return the definitions of a label in canonical form; raises InvalidAttribute."""
    if not isinstance(documents, list) or len(documents) > MAX_DEFINITIONS:
        raise InvalidAttribute(f"Attributes are a list of at most {MAX_DEFINITIONS}.")
    found = [Attribute.from_document(document) for document in documents]
    if len({attribute.name for attribute in found}) != len(found):
        raise InvalidAttribute("Two attributes of a label cannot have one name.")
    return [attribute.as_document() for attribute in found]


def needs_definitions(attributes: Any) -> bool:
    """Say whether answers can only be judged with the label's definitions at hand."""
    return isinstance(attributes, Mapping) and any(name not in BUILT_IN for name in attributes)


def checked_answers(answers: Mapping[str, Any], definitions: Iterable[Attribute]) -> dict[str, Any]:
    """Return an object's attributes; raises InvalidAttribute whose first argument is the name and second says why.

    Names that the label does not define stay as they are: imports bring them, and dropping them would lose work.
    """
    known = {attribute.name: attribute for attribute in definitions}
    checked: dict[str, Any] = {}
    for name, value in answers.items():
        try:
            checked[name] = _checked_answer(name, value, known.get(name))
        except InvalidAttribute as error:
            raise InvalidAttribute(name, str(error)) from error
    return checked


def _checked_answer(name: str, value: Any, definition: Attribute | None) -> Any:
    if value is None:
        return None
    if name in BUILT_IN:
        if not isinstance(value, bool):
            raise InvalidAttribute("expected true or false")
        return value
    if definition is not None:
        return definition.checked(value)
    if not isinstance(value, str | int | float | bool) or len(str(value)) > MAX_TEXT:
        raise InvalidAttribute("expected a text, a number, true, false or null")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidAttribute("expected a finite number")
    return value


def missing_answers(answers: Mapping[str, Any], definitions: Iterable[Attribute]) -> list[str]:
    """List the required attributes that have no answer."""
    return [attribute.name for attribute in definitions if attribute.required and answers.get(attribute.name) in (None, "")]
