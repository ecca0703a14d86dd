"""Why an image is asked: its place in the open round, the parts of its score, its areas, and its nearest labeled neighbours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from active_learning.acquisition.strategies import STRATEGIES
from active_learning.embeddings import content_key
from active_learning.embeddings.similarity import nearest
from active_learning.models import RankedImage, RoundState
from active_learning.services.embeddings import embedding_store
from active_learning.services.knowledge import labeled_of
from campaigns.models import Image, LabelUse, SetState, User
from campaigns.permissions import VIEW, require_role
from campaigns.services.annotations import is_control

NEIGHBOURS: Final = 4
MOST_COMPARED: Final = 20_000


@dataclass(frozen=True)
class Neighbour:
    """A labeled image, how similar it is (-1 to 1), and the labels that people gave it."""

    image: Image
    similarity: float
    labels: tuple[str, ...]


@dataclass(frozen=True)
class WhyAsked:
    """Why an image is asked now. ``ranked``: its place in the open round, None where that does not ask for it.

    ``withheld``: what the model said is left out, since the image is a control that is labeled as if no model existed.
    """

    ranked: RankedImage | None
    strategy: str = ""
    withheld: bool = False
    neighbours: list[Neighbour] = field(default_factory=list)


def why_asked(*, user: User, image: Image) -> WhyAsked:
    """Tell why an image is asked, as the open round of its campaign sees it."""
    require_role(user, image.campaign, VIEW)
    open_ = RankedImage.objects.filter(image=image, round__campaign=image.campaign_id, round__state=RoundState.OPEN)
    ranked = open_.select_related("round").order_by("-round__number").first()
    title = STRATEGIES[ranked.round.strategy].title if ranked is not None and ranked.round.strategy in STRATEGIES else ""
    withheld = ranked is not None and ranked.round.model_id is not None and is_control(image)
    return WhyAsked(ranked, title, withheld, _neighbours(image))


def _neighbours(image: Image) -> list[Neighbour]:
    """Return the labeled images that look most like it, where somebody has looked at it and them."""
    store = embedding_store()
    key = content_key(image.sha256)
    if len(store.missing([key])):
        return []
    newest = labeled_of(image.campaign).exclude(pk=image.pk).order_by("-pk").values_list("pk", "sha256")[:MOST_COMPARED]
    rows = [(pk, content_key(sha256)) for pk, sha256 in newest]
    keys = np.array([known for _, known in rows], dtype=np.int64)
    there = np.flatnonzero(~np.isin(keys, store.missing(keys))) if len(keys) else np.zeros(0, dtype=np.int64)
    found = nearest(
        store.load([key])[0], lambda start, end: store.load(keys[there[start:end]]), len(there), limit=NEIGHBOURS, threshold=-1.0
    )
    ids = [rows[there[each.place]][0] for each in found]
    images, labels = Image.objects.in_bulk(ids), _labels_of(ids)
    return [Neighbour(images[pk], each.similarity, labels.get(pk, ())) for pk, each in zip(ids, found, strict=True) if pk in images]


def _labels_of(image_ids: list[int]) -> dict[int, tuple[str, ...]]:
    given = LabelUse.objects.filter(annotation_set__image__in=image_ids, annotation_set__state__in=(SetState.SUBMITTED, SetState.ACCEPTED))
    names: dict[int, dict[str, None]] = {}
    for image, name in given.order_by("-count", "label__name").values_list("annotation_set__image", "label__name"):
        names.setdefault(image, {})[name] = None
    return {image: tuple(some) for image, some in names.items()}
