"""How JSON columns are written and read: by orjson, which takes a tenth of the time on documents full of coordinates."""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson

LARGE = 100_000  # characters


class DocumentEncoder(json.JSONEncoder):
    """Write a document. Numbers were checked to be finite before: orjson would write NaN as null."""

    def encode(self, o: Any) -> str:
        """Return the JSON text."""
        return orjson.dumps(o, default=self.default, option=orjson.OPT_NON_STR_KEYS).decode()


class DocumentDecoder(json.JSONDecoder):
    """Read a document."""

    def decode(self, s: str, *args: Any) -> Any:
        """Return the value of a JSON text."""
        if len(s) < LARGE:
            return orjson.loads(s)
        with resting_collector():
            return orjson.loads(s)


@dataclass(frozen=True, slots=True)
class DraftText:
    """Drafts of one image as the JSON text of their list, written where they were made; ``labels``: the ids that they name."""

    text: bytes
    labels: frozenset[int]

    @classmethod
    def of(cls, annotations: list[dict[str, Any]]) -> "DraftText":
        """Write drafts."""
        return cls(orjson.dumps(annotations), frozenset(each["label"] for each in annotations))

    def annotations(self) -> list[dict[str, Any]]:
        """Read them again."""
        read: list[dict[str, Any]] = orjson.loads(self.text)
        return read


@contextmanager
def resting_collector() -> Iterator[None]:
    """Let the garbage collector rest while a large document is read, and best until it is gone again.

    Each vertex is a list, so the collector would walk through all of them again and again, which takes several times
    as long as the reading itself. Documents hold no cycles, so there is nothing to collect.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
