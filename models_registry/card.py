"""What people should know of a model before they use it: texts with names, checked for their length. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LIMITS: Final = {"input_bands": 300, "normalisation": 500, "licence": 200, "reference": 500, "notes": 5000}
"""Field → most characters. ``input_bands``: in the order of training; ``normalisation``: of pixels; ``reference``: where it comes from."""


class CardRejected(ValueError):
    """A card that cannot be kept: ``field`` names the text, ``why`` says what it takes."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


def checked_card(document: object) -> dict[str, str]:
    """Return the card as it is stored: texts that say something, nothing else."""
    if not isinstance(document, Mapping):
        raise CardRejected("", "is an object of texts.")
    card: dict[str, str] = {}
    for name, value in document.items():
        if name not in LIMITS:
            raise CardRejected(str(name), f"is not on the card; there are {', '.join(LIMITS)}.")
        if not isinstance(value, str) or len(value) > LIMITS[name] or "\0" in value:
            raise CardRejected(str(name), f"is a text of at most {LIMITS[name]} characters.")
        if value.strip():
            card[name] = value.strip()
    return card
