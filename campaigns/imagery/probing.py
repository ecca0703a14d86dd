"""Look at a file as a stranger: what is it, and can it be used?"""

import mmap
from pathlib import Path

from campaigns.imagery import pictures, rasters
from campaigns.imagery.facts import ImageFacts
from campaigns.imagery.refusal import LIMITS, Limits
from campaigns.imagery.sniffing import HEAD_BYTES, sniff


def probe(source: Path | bytes, name: str = "", *, limits: Limits = LIMITS) -> ImageFacts:
    """Return the facts of an image file or of its bytes; raise Refused with a code and a sentence.

    The name is only for messages of callers: what a file is, its bytes say. No pixel is decoded, except the ends of a TIFF
    and pictures whose end cannot be found otherwise.
    """
    del name
    if isinstance(source, Path):
        return _probe_path(source, limits)
    kind = sniff(source[:HEAD_BYTES])
    return rasters.facts_of(source, limits) if kind == "TIFF" else pictures.facts_of(kind, source, source, limits)


def _probe_path(path: Path, limits: Limits) -> ImageFacts:
    with path.open("rb") as file:
        kind = sniff(file.read(HEAD_BYTES))
        if kind == "TIFF":
            return rasters.facts_of(path.absolute(), limits)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content, memoryview(content) as view:
            return pictures.facts_of(kind, view, path, limits)
