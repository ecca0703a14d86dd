"""Wrong boxes and outlines: where what people accepted and what a model says of the same image do not go together.

A thing of the model and one of the people are the same thing when they overlap the most, the largest overlaps first. What a model
says that nobody drew may be missing; the same thing under another label may be named wrong; the same thing in another
place may be placed badly; what the model does not see counts only as much as the model finds that label elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import shapely

from inference.comparing import region_of

Document = Mapping[str, Any]
SAME_PLACE: Final = 0.5
"""Things that overlap so much (IoU) are in the same place."""
SAME_THING: Final = 0.1
"""Things that overlap less than this are two."""
SURE: Final = 0.5


class Wrong(StrEnum):
    """What is probably wrong."""

    LABEL = "label"
    MISSING = "missing"
    PLACE = "place"
    EXTRA = "extra"


@dataclass(frozen=True)
class WrongObject:
    """One thing that is probably wrong.

    ``drawn``: the people's annotation, None where it is missing; ``said``: the model's, None where it sees nothing. ``overlap``: their
    IoU. ``score``: how sure, 0 to 1; higher is looked at sooner.
    """

    kind: Wrong
    score: float
    drawn: Document | None
    said: Document | None
    overlap: float = 0.0


@dataclass(frozen=True)
class Judged:
    """What one image showed: findings, and how often the model found what people drew, by label (found, drawn)."""

    findings: tuple[WrongObject, ...]
    found: Mapping[int, int]
    drawn: Mapping[int, int]


def judge(drawn: Sequence[Document], said: Sequence[Document], *, sure: float = SURE) -> Judged:
    """Compare what people drew in an image with what a model says of it, both in the campaign's labels.

    A thing of the model without a confidence counts as sure. Things without an extent are passed over.
    """
    ours, theirs = _regions(drawn), _regions([each for each in said if _sureness(each) >= sure])
    pairs = _matched([region for _, region in ours], [region for _, region in theirs])
    findings: list[WrongObject] = []
    for (one, other), overlap in pairs.items():
        findings += _pair(ours[one][0], theirs[other][0], overlap)
    met = {one for one, _ in pairs}, {other for _, other in pairs}
    findings += [WrongObject(Wrong.EXTRA, 1.0, document, None) for place, (document, _) in enumerate(ours) if place not in met[0]]
    findings += [
        WrongObject(Wrong.MISSING, _sureness(document), None, document) for place, (document, _) in enumerate(theirs) if place not in met[1]
    ]
    found = Counter(ours[one][0]["label"] for one, other in pairs if ours[one][0]["label"] == theirs[other][0]["label"])
    return Judged(tuple(findings), found, Counter(document["label"] for document, _ in ours))


def ranked(judged: Iterable[tuple[int, Judged]]) -> list[tuple[int, WrongObject]]:
    """Return the findings of images by (id, what they showed), the surest first.

    What the model does not see scores as much as it finds that label elsewhere, and never more than half: silence is the weakest sign.
    """
    rows = list(judged)
    found: Counter[int] = Counter()
    drawn: Counter[int] = Counter()
    for _, each in rows:
        found.update(each.found)
        drawn.update(each.drawn)
    listed = [(image, _weighed(finding, found, drawn)) for image, each in rows for finding in each.findings]
    return sorted(listed, key=lambda row: (-row[1].score, row[0]))


def _weighed(finding: WrongObject, found: Counter[int], drawn: Counter[int]) -> WrongObject:
    if finding.kind is not Wrong.EXTRA or finding.drawn is None:
        return finding
    label = finding.drawn["label"]
    # Its own miss is left out of the recall that it is judged by.
    recall = found[label] / (drawn[label] - 1) if drawn[label] > 1 else 0.0
    return WrongObject(Wrong.EXTRA, 0.5 * min(1.0, recall), finding.drawn, None)


def _pair(drawn: Document, said: Document, overlap: float) -> list[WrongObject]:
    if drawn["label"] != said["label"]:
        return [WrongObject(Wrong.LABEL, _sureness(said) * min(1.0, 0.5 + overlap), drawn, said, overlap)]
    if overlap < SAME_PLACE:
        return [WrongObject(Wrong.PLACE, _sureness(said) * (1 - overlap), drawn, said, overlap)]
    return []


def _sureness(document: Document) -> float:
    confidence = document.get("confidence")
    return 1.0 if confidence is None else float(confidence)


def _regions(documents: Sequence[Document]) -> list[tuple[Document, shapely.Geometry]]:
    found = [(document, region_of(document["shape"])) for document in documents]
    return [(document, region) for document, region in found if region is not None]


def _matched(ours: Sequence[shapely.Geometry], theirs: Sequence[shapely.Geometry]) -> dict[tuple[int, int], float]:
    """Pair regions one to one, the largest overlap first; ties by place."""
    if not ours or not theirs:
        return {}
    near = shapely.STRtree(theirs).query(ours, predicate="intersects").T
    overlaps = [(_iou(ours[one], theirs[other]), int(one), int(other)) for one, other in near]
    pairs: dict[tuple[int, int], float] = {}
    for overlap, one, other in sorted(overlaps, key=lambda each: (-each[0], each[1], each[2])):
        if overlap >= SAME_THING and all(one != taken and other != given for taken, given in pairs):
            pairs[one, other] = overlap
    return pairs


def _iou(one: shapely.Geometry, other: shapely.Geometry) -> float:
    both = one.intersection(other).area
    return float(both / (one.area + other.area - both))
