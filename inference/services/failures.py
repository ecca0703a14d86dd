"""Why an image got no answer, in one word to group by and one sentence to read."""

from dataclasses import dataclass
from typing import Final

NOT_TRIED: Final = "not_tried"
NOT_THE_MODELS: Final = frozenset({NOT_TRIED, "unreadable_image", "internal_error"})
"""What a model is not to be blamed for."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An image without an answer. ``silent``: of all tries, none got a word: no connection, no answer in time, or "not now"."""

    image_id: int
    code: str
    reason: str
    silent: bool = False
    latency_ms: float | None = None
