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
Placed = tuple[Document, shapely.Geometry]
SAME_PLACE: Final = 0.5
"""Things that overlap so much (IoU) are in the same place."""
SAME_THING: Final = 0.1
"""Things that overlap less than this are two."""
SURE: Final = 0.5
"""What is said with this confidence is meant, whatever the model; a timid one means what it says with less."""
LEAST_SURE: Final = 0.1
SAME_SAID: Final = 0.3
"""Two things that a model says of a label and that overlap so much are two guesses at one thing."""


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


def judge(drawn: Sequence[Document], said: Sequence[Document], *, sure: Mapping[int, float] | None = None) -> Judged:
    """Compare what people drew in an image with what a model says of it, both in the campaign's labels.

    ``sure``: by label, from which confidence on the model means what it says, see ``sure_from``. A thing of the model without a
    confidence counts as sure. Things without an extent are passed over.
    """
    least = sure or {}
    ours, theirs = _regions(drawn), _regions([each for each in said if _sureness(each) >= least.get(each["label"], SURE)])
    pairs = _matched([region for _, region in ours], [region for _, region in theirs])
    findings: list[WrongObject] = []
    for (one, other), overlap in pairs.items():
        findings += _pair(ours[one][0], theirs[other][0], overlap)
    met = {one for one, _ in pairs}, {other for _, other in pairs}
    findings += [WrongObject(Wrong.EXTRA, 1.0, document, None) for place, (document, _) in enumerate(ours) if place not in met[0]]
    for place in range(len(theirs)):
        if place not in met[1]:
            findings += _alone(theirs, ours, pairs, place)
    found = Counter(ours[one][0]["label"] for one, other in pairs if ours[one][0]["label"] == theirs[other][0]["label"])
    return Judged(tuple(findings), found, Counter(document["label"] for document, _ in ours))


def sure_from(compared: Iterable[tuple[int, Sequence[Document], Sequence[Document]]]) -> dict[int, float]:
    """Return by label from which confidence on a model means what it says: where its things agree best with what people drew, by F1.

    compared: (image, drawn, said). Never more than ``SURE`` and never less than ``LEAST_SURE``. A head that learned from few images finds
    the right things with little confidence.
    """
    drawn_of: Counter[int] = Counter()
    said_of: dict[int, list[tuple[float, bool]]] = {}
    for _, drawn, said in compared:
        ours, theirs = _regions(drawn), _regions(said)
        drawn_of.update(document["label"] for document, _ in ours)
        pairs = _matched([region for _, region in ours], [region for _, region in theirs], least=SAME_PLACE)
        right = {other for one, other in pairs if ours[one][0]["label"] == theirs[other][0]["label"]}
        for place, (document, _) in enumerate(theirs):
            said_of.setdefault(document["label"], []).append((_sureness(document), place in right))
    return {label: min(SURE, max(LEAST_SURE, _best_by_f1(rows, drawn_of[label]))) for label, rows in said_of.items()}


def _best_by_f1(rows: Sequence[tuple[float, bool]], drawn: int) -> float:
    """Return the confidence with the highest F1 of all from it on; the highest of equals. rows: (confidence, whether it is right)."""
    best, threshold, right = 0.0, SURE, 0
    for count, (confidence, is_right) in enumerate(sorted(rows, reverse=True), start=1):
        right += is_right
        f1 = 2 * right / (count + drawn)
        if f1 > best:
            best, threshold = f1, confidence
    return threshold


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


def _alone(theirs: Sequence[Placed], ours: Sequence[Placed], pairs: Mapping[tuple[int, int], float], place: int) -> list[WrongObject]:
    """Return what is wrong where a thing of the model met none of the people's: it is missing, unless it is a guess at one that was met.

    A weak guess that lies where a thing was drawn badly meets it, and the strong one beside it tells where it belongs.
    """
    document, region = theirs[place]
    for one, other in pairs:
        known, near = theirs[other]
        if known["label"] != document["label"] or not region.intersects(near) or _iou(region, near) < SAME_SAID:
            continue
        overlap = _iou(region, ours[one][1])
        if _sureness(document) > _sureness(known) and overlap >= SAME_THING and ours[one][0]["label"] == document["label"]:
            return _pair(ours[one][0], document, overlap)
        if _sureness(document) <= _sureness(known):
            return []
    return [WrongObject(Wrong.MISSING, _sureness(document), None, document)]


def _matched(
    ours: Sequence[shapely.Geometry], theirs: Sequence[shapely.Geometry], *, least: float = SAME_THING
) -> dict[tuple[int, int], float]:
    """Pair regions one to one that overlap at least so much, the largest overlap first; ties by place."""
    if not ours or not theirs:
        return {}
    near = shapely.STRtree(theirs).query(ours, predicate="intersects").T
    overlaps = [(_iou(ours[one], theirs[other]), int(one), int(other)) for one, other in near]
    pairs: dict[tuple[int, int], float] = {}
    for overlap, one, other in sorted(overlaps, key=lambda each: (-each[0], each[1], each[2])):
        if overlap >= least and all(one != taken and other != given for taken, given in pairs):
            pairs[one, other] = overlap
    return pairs


def _iou(one: shapely.Geometry, other: shapely.Geometry) -> float:
    both = one.intersection(other).area
    return float(both / (one.area + other.area - both))
