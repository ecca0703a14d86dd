"""Why an image got no answer, in one word to group by and one sentence to read."""

from dataclasses import dataclass
from typing import Final

NOT_TRIED: Final = "not_tried"


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An image without an answer. ``unreachable``: nothing at the model's address took the connection."""

    image_id: int
    code: str
    reason: str
    unreachable: bool = False
    latency_ms: float | None = None
