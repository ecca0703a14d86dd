"""Find out what an address speaks: pure rules over requests and replies. ``inference.services.probing`` carries them.

First every protocol may ask the address what it is (``Protocol.inquiries``), and read the replies (``recognise``).
Where none recognises its own, a drawn picture is sent in each protocol, and an answer that parses speaks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from inference.protocols.base import Protocol, Recognised
from inference.schema import Box, Classification, Embedding, Keypoints, Mask, Polygon, Prediction, PredictionRejected, Raster
from inference.wire import ModelCard, ModelClass, WireReply, WireRequest
from models_registry.addresses import same_server

MOST_INQUIRIES: Final = 40
MOST_CLASSES: Final = 1000
SOUND: Final = 0.6
"""How sure a parsed answer with something in it makes: many servers answer JSON, and few answer this JSON."""
EMPTY: Final = 0.2
WARNED: Final = 0.1
NAMED: Final = 0.1
SEVERAL: Final = {
    "classification": "classifications", "box": "boxes", "polygon": "polygons", "mask": "masks",
    "keypoints": "sets of keypoints", "raster": "rasters", "embedding": "embeddings",
}  # fmt: skip
WORTH_SAMPLING_BELOW: Final = 0.5
"""A server that said clearer what it is needs no picture."""

Key = tuple[str, str, tuple[tuple[str, str], ...], bytes]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A protocol that seems to answer, and what to register it with. ``evidence``: sentences that say why; ``choices``: see Recognised."""

    protocol: str
    title: str
    confidence: float
    url: str
    name: str = ""
    version: str = ""
    task: str = ""
    multi_label: bool = False
    classes: tuple[ModelClass, ...] = ()
    classes_of_tasks: Mapping[str, tuple[ModelClass, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


def all_inquiries(protocols: Iterable[Protocol], url: str) -> dict[str, tuple[WireRequest, ...]]:
    """Return what each protocol asks; what leads to another server is left out with all that its protocol asks."""
    asked = {protocol.name: protocol.inquiries(url) for protocol in protocols}
    return {name: requests for name, requests in asked.items() if requests and all(same_server(url, each.url) for each in requests)}


def key_of(request: WireRequest) -> Key:
    """Return what makes two requests the same one."""
    return request.method, request.url, tuple(sorted(request.headers.items())), request.body


def distinct(asked: Mapping[str, Sequence[WireRequest]]) -> dict[Key, WireRequest]:
    """Return every request once, at most ``MOST_INQUIRIES``: the first of each protocol come first."""
    found: dict[Key, WireRequest] = {}
    longest = max((len(each) for each in asked.values()), default=0)
    for place in range(longest):
        for requests in asked.values():
            if place < len(requests) and len(found) < MOST_INQUIRIES:
                found.setdefault(key_of(requests[place]), requests[place])
    return found


def recognised(
    protocols: Mapping[str, Protocol], url: str, asked: Mapping[str, Sequence[WireRequest]], replies: Mapping[Key, WireReply]
) -> list[Candidate]:
    """Return which protocols know their own in the replies, the surest first."""
    found = []
    for name, requests in asked.items():
        mine = [replies.get(key_of(each)) for each in requests]
        if all(each is None for each in mine):
            continue
        try:
            told = protocols[name].recognise(url, mine)
        except PredictionRejected:
            continue
        if told is not None and same_server(url, told.url):
            found.append(_from_told(protocols[name], told, requests, mine))
    return sorted(found, key=lambda each: -each.confidence)


def _from_told(protocol: Protocol, told: Recognised, requests: Sequence[WireRequest], replies: Sequence[WireReply | None]) -> Candidate:
    answered = [urlsplit(request.url).path or "/" for request, reply in zip(requests, replies, strict=True) if reply is not None]
    evidence = [f"It describes itself as {protocol.title} at {', '.join(answered)}."]
    if told.classes:
        evidence.append(f"It names its {len(told.classes)} classes.")
    evidence += told.notes
    return Candidate(
        protocol.name, protocol.title, max(0.0, min(1.0, told.confidence)), told.url, told.name, told.version, told.task,
        told.multi_label, told.classes[:MOST_CLASSES], dict(told.classes_of_tasks), dict(told.options), tuple(evidence), told.choices,
    )  # fmt: skip


def variants(protocol: Protocol) -> list[dict[str, Any]]:
    """Return the settings of its own to try a protocol with: each way to begin where it offers several, else none.

    A preset that can be left to the protocol ("auto") is: the answer's own names and shapes tell it.
    """
    preset = next((each for each in protocol.options if each.name == "preset" and each.in_extra), None)
    return [{}] if preset is None or "auto" in preset.choices else [{"preset": choice} for choice in preset.choices]


def completed(told: Candidate, sampled: Candidate) -> Candidate:
    """Return what a server said of itself with what its answer adds: the task and the classes, where it did not tell them."""
    return replace(
        told, task=told.task or sampled.task, classes=told.classes or sampled.classes, version=told.version or sampled.version,
        multi_label=told.multi_label or sampled.multi_label, evidence=told.evidence + sampled.evidence,
    )  # fmt: skip


def tasks_to_try(protocol: Protocol, wanted: str) -> list[str]:
    """Return the tasks to ask a protocol's sample with: the wanted one alone, else all, the commonest first."""
    if wanted:
        return [wanted] if wanted in protocol.tasks else []
    return [task for task in ("classification", "detection", "segmentation", "keypoints") if task in protocol.tasks]


def from_answer(protocol: Protocol, card: ModelCard, prediction: Prediction, *, latency_ms: float) -> Candidate:
    """Return what an answer about the drawn picture tells."""
    classes = classes_of(prediction)
    named = any(not each.name.isdecimal() for each in classes)
    speaks = bool([item for item in prediction.items if not isinstance(item, Embedding)])
    sure = (SOUND if speaks else EMPTY) + (NAMED if named else 0.0) - (WARNED if _odd(prediction) else 0.0)
    return Candidate(
        protocol.name, protocol.title, sure, card.url,
        version=prediction.model_version if prediction.model_version != "1" else "", task=task_of(prediction) or card.task,
        multi_label=any(isinstance(item, Classification) and item.mode == "multi" for item in prediction.items),
        classes=classes, options={"extra": dict(card.options.extra)} if card.options.extra else {},
        evidence=(f"It answered a drawn picture in {latency_ms:.0f} ms: {_told(prediction)}.",),
    )  # fmt: skip


def from_click(protocol: Protocol, card: ModelCard, *, latency_ms: float) -> Candidate:
    """Return what an outline of what was pointed at tells: a model for the smart tool."""
    told = f"It outlined the island of a drawn picture that was pointed at, in {latency_ms:.0f} ms: it answers clicks."
    return Candidate(
        protocol.name, protocol.title, SOUND, card.url, task=card.task, options={"extra": dict(card.options.extra)}, evidence=(told,)
    )  # fmt: skip


def classes_of(prediction: Prediction) -> tuple[ModelClass, ...]:
    """Return the classes that an answer names; one without a number gets the next free one."""
    named: dict[str, int | None] = {}
    for item in prediction.items:
        if isinstance(item, Classification):
            named.update({score.name: score.index for score in item.scores})
        elif isinstance(item, Raster):
            named.update({name: index for index, name in item.classes})
        elif not isinstance(item, Embedding):
            named.setdefault(item.name, item.index)
    taken = {index for index in named.values() if index is not None}
    free = (number for number in range(len(named) + len(taken)) if number not in taken)
    found = [ModelClass(next(free) if index is None else index, name) for name, index in list(named.items())[:MOST_CLASSES]]
    return tuple(sorted({each.index: each for each in found}.values(), key=lambda each: each.index))


def task_of(prediction: Prediction) -> str:
    """Return the task that an answer's items belong to; empty when they tell none."""
    for item in prediction.items:
        if isinstance(item, Classification):
            return "classification"
        if isinstance(item, Mask | Polygon | Raster):
            return "segmentation"
        if isinstance(item, Keypoints):
            return "keypoints"
        if isinstance(item, Box):
            return "detection"
    return ""


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates, the surest first; of one protocol the surest alone."""
    best: dict[str, Candidate] = {}
    for each in sorted(candidates, key=lambda candidate: -candidate.confidence):
        best.setdefault(each.protocol, each)
    return list(best.values())


def _odd(prediction: Prediction) -> bool:
    told = [each for each in prediction.warnings if "Add it to the model's classes" not in each]
    return bool(told or prediction.dropped)


def _told(prediction: Prediction) -> str:
    if not prediction.items:
        return "a sound answer with nothing in it"
    kinds: dict[str, int] = {}
    for item in prediction.items:
        kinds[item.kind] = kinds.get(item.kind, 0) + 1
    what = ", ".join(f"{count} {SEVERAL[kind] if count > 1 else kind}" for kind, count in kinds.items())
    names = [each.name for each in classes_of(prediction) if not each.name.isdecimal()][:6]
    return f"{what} ({', '.join(names)})" if names else what
