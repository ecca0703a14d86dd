"""An answer as a person reads it: its beginning, or the part around the place that was wrong, with that place marked. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from inference.decode.places import position_of, span_of

LENGTH: Final = 4096
BEFORE: Final = 1200
SEARCHED_BYTES: Final = 8 * 2**20
LONGEST_MARK: Final = 600
_PICTURES: Final = (b"\x89PNG", b"II*\x00", b"MM\x00*", b"II+\x00")
_BROKEN_AT: Final = re.compile(r"\(line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of an answer; ``mark``: (start, end) of the wrong place in ``text``, None when there is none to point at."""

    text: str
    mark: tuple[int, int] | None = None


def excerpt(body: bytes, *, where: str = "", why: str = "", wrong: bool = False) -> Excerpt:
    """Return what to show of an answer; of a picture only what it is."""
    if body[:4] in _PICTURES:
        return Excerpt(f"({'PNG' if body[1:4] == b'PNG' else 'TIFF'}, {len(body)} bytes)")
    text = body[:SEARCHED_BYTES].decode("utf-8", "replace")
    span = _wrong_place(text, where, why) if wrong else None
    start = 0 if span is None or span[0] < LENGTH - BEFORE else span[0] - BEFORE
    part = text[start : start + LENGTH]
    before, after = "…" if start else "", f"… ({len(body)} bytes)" if start + len(part) < len(text) or len(body) > SEARCHED_BYTES else ""
    if span is None:
        return Excerpt(f"{before}{part}{after}")
    shift = len(before) - start
    first, last = span[0] + shift, min(span[1], span[0] + LONGEST_MARK, start + len(part)) + shift
    return Excerpt(f"{before}{part}{after}", (first, max(first, last)))


def _wrong_place(text: str, where: str, why: str) -> tuple[int, int] | None:
    broken = _BROKEN_AT.search(why)
    if broken is not None and not where:
        at = position_of(text, int(broken[1]), int(broken[2]))
        return max(0, min(at, len(text)) - 1), min(len(text), at + 1)
    return span_of(text, where) if where else None
