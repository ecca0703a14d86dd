"""Why an image is asked: its place in the open round, the parts of its score, and the labeled images that look most like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from active_learning.embeddings import content_key
from active_learning.embeddings.similarity import nearest
from active_learning.models import RankedImage, RoundState
from active_learning.services.embeddings import campaign_store
from active_learning.services.knowledge import labeled_of
from active_learning.services.labeled_areas import labeled_bounds
from active_learning.services.truth import Annotations, accepted, submitted_of
from campaigns.models import Image, Label, User
from campaigns.permissions import VIEW, require_role
from campaigns.services.annotations import is_control
from inference.areas import Bounds

NEIGHBOURS: Final = 5


@dataclass(frozen=True)
class Neighbour:
    """A labeled image, how much it looks like the one asked about (-1 to 1), and the names of its labels."""

    image: Image
    similarity: float
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Why:
    """``ranked``: its place in the open round, None where that does not ask for it; ``labeled``: areas of it that were handed in.

    ``looked_at``: whether its embedding is stored.
    ``withheld``: what a model said of it is not to be told, since it is a control that is labeled as if no model existed.
    """

    ranked: RankedImage | None
    labeled: tuple[Bounds, ...]
    neighbours: tuple[Neighbour, ...]
    looked_at: bool
    withheld: bool = False


def why_asked(*, user: User, image: Image) -> Why:
    """Return why the open round asks for an image."""
    require_role(user, image.campaign, VIEW)
    ranked = RankedImage.objects.filter(image=image, round__state=RoundState.OPEN).select_related("round", "round__model").first()
    labeled = tuple(labeled_bounds([image.pk]).get(image.pk, ()))
    store = campaign_store(image.campaign)
    key = content_key(image.sha256)
    withheld = ranked is not None and ranked.round.model_id is not None and is_control(image)
    if len(store.missing([key])):
        return Why(ranked, labeled, (), looked_at=False, withheld=withheld)
    return Why(ranked, labeled, _neighbours(image, store.load([key])[0]), looked_at=True, withheld=withheld)


def _neighbours(image: Image, vector: npt.NDArray[np.float32]) -> tuple[Neighbour, ...]:
    store = campaign_store(image.campaign)
    rows = labeled_of(image.campaign).exclude(pk=image.pk).order_by("pk").values_list("pk", "sha256")
    pairs = [(pk, content_key(sha256)) for pk, sha256 in rows]
    ids, keys = (np.array([pair[at] for pair in pairs], np.int64) for at in (0, 1))
    there = ~np.isin(keys, store.missing(keys)) if len(keys) else np.zeros(0, bool)
    ids, keys = ids[there], keys[there]
    near = nearest(vector, lambda start, end: store.load(keys[start:end]), len(keys), limit=NEIGHBOURS)
    found = [(int(ids[each.place]), each.similarity) for each in near]
    images = Image.objects.in_bulk([pk for pk, _ in found])
    said = submitted_of(Image.objects.filter(pk__in=list(images)))  # truth that is held back stays so
    names = dict(Label.objects.filter(campaign=image.campaign).values_list("pk", "name"))
    return tuple(Neighbour(images[pk], similarity, _names(said.get(pk, []), names)) for pk, similarity in found if pk in images)


def _names(annotations: Annotations, names: Mapping[int, str]) -> tuple[str, ...]:
    given = [names.get(each["label"]) for each in accepted(annotations)]
    return tuple(dict.fromkeys(name for name in given if name is not None))
