"""How much of what a model says has a label in a campaign, from its stored answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from campaigns.models import Label
from inference.models import Prediction
from models_registry.models import CampaignModel

LATEST: Final = 1000
"""So many of the newest answers are looked at."""

ClassKey = tuple[int | None, str]


@dataclass(frozen=True, slots=True)
class ClassShare:
    """One class in the answers. ``mass``: the sum of its confidences; ``images``: in how many answers it stands at all."""

    index: int | None
    name: str
    label_id: int | None
    mass: float
    images: int


@dataclass(frozen=True)
class Coverage:
    """What the model's newest answers in a campaign fall on. ``unmapped``: the share of their mass on classes without a label."""

    answers: int
    classes: tuple[ClassShare, ...]
    unmapped: float | None
    unfed: tuple[int, ...]
    unheard: tuple[int, ...]


def coverage_of(attached: CampaignModel) -> Coverage:
    """Add up the newest answers of the model's current version.

    ``unfed``: labels that no class stands for. ``unheard``: labels that some class stands for, and no answer fell on.
    """
    rows = Prediction.objects.filter(
        image__campaign=attached.campaign_id, model=attached.model_id, model_version=attached.model.version
    ).order_by("-id")
    mass: Counter[ClassKey] = Counter()
    images: Counter[ClassKey] = Counter()
    answers = 0
    for document in rows.values_list("document", flat=True)[:LATEST].iterator(chunk_size=100):
        answers += 1
        found = mass_of(document["items"])
        mass.update(found)
        images.update({key: 1 for key, value in found.items() if value > 0})
    labels: dict[int, int] = dict(attached.mappings.values_list("class_index", "label_id"))
    classes = [ClassShare(key[0], key[1], labels.get(key[0]) if key[0] is not None else None, mass[key], images[key]) for key in mass]
    total = sum(mass.values())
    lost = sum(each.mass for each in classes if each.label_id is None)
    fed, heard = set(labels.values()), {each.label_id for each in classes if each.images}
    own = list(Label.objects.filter(campaign=attached.campaign_id).values_list("pk", flat=True))
    return Coverage(
        answers, tuple(sorted(classes, key=lambda each: -each.mass)), lost / total if total else None,
        tuple(pk for pk in own if pk not in fed), tuple(pk for pk in own if answers and pk in fed and pk not in heard),
    )  # fmt: skip


def mass_of(items: Iterable[Mapping[str, Any]]) -> Counter[ClassKey]:
    """Return the sum of confidences by class in one answer; a thing without a confidence counts as 1.

    Of a raster each of its classes counts as one thing: its pixels lie in a file.
    """
    mass: Counter[ClassKey] = Counter()
    for item in items:
        for key, value in _said(item):
            mass[key] += value  # type: ignore[assignment]
    return mass


def _said(item: Mapping[str, Any]) -> Iterable[tuple[ClassKey, float]]:
    if item["kind"] == "classification":
        return [((score["index"], score["class"]), score["confidence"]) for score in item["scores"]]
    if item["kind"] == "raster":
        return [((each["index"], each["name"]), 1.0) for each in item["classes"]]
    if item["kind"] == "embedding":
        return []
    confidence = item.get("confidence")
    return [((item["index"], item["class"]), 1.0 if confidence is None else confidence)]
