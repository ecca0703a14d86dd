"""Find images that look alike: to one of the campaign, to a picture from elsewhere, or to each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.db.models import Count, Max

from active_learning.embeddings import EmbeddingStore, content_key
from active_learning.embeddings.index import NearestIndex
from active_learning.embeddings.similarity import Chunks, clusters, nearest, similar_pairs
from active_learning.models import SpaceKind
from active_learning.services.embeddings import EXACT_UP_TO, campaign_store, ensure_embeddings, keep_index
from active_learning.services.filling import check_agrees, current_space, embedding_in, model_to_ask, no_embedding, own_backbone
from campaigns.errors import Conflict, InvalidInput, NotFound
from campaigns.filters import selected_ids
from campaigns.imagery import Refused, encoded, read_rgb
from campaigns.models import Campaign, Image, Run, User
from campaigns.permissions import MANAGE, VIEW, require_role
from campaigns.runs import RunContext, enqueue_run
from campaigns.storage import image_path
from inference.services.serving import ask_about_picture, embed_picture

KIND: Final = "likeness"
MOST_ANSWERED: Final = 1000
MOST_PAIRS: Final = 5000
DEFAULT_DUPLICATE: Final = 0.97
GLANCE_PX: Final = 64
PART_SIDE_PX: Final = 1024  # a part of an image is read at most so long: a network sees far less


@dataclass(frozen=True)
class Looked:
    """Images of a campaign whose embeddings are stored, and how many have none yet."""

    ids: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int64]
    missing: int
    store: EmbeddingStore

    def chunks(self, start: int, end: int) -> npt.NDArray[np.float32]:
        """Return the vectors of rows ``start`` to ``end``."""
        return self.store.load(self.keys[start:end])


@dataclass(frozen=True)
class Similar:
    """An image and how similar it is, -1 to 1."""

    image: Image
    similarity: float


@dataclass(frozen=True)
class Found:
    """Similar images, the most similar first; ``missing``: so many images could not be compared, since nobody looked at them yet."""

    similar: list[Similar]
    missing: int


def start_looking(*, user: User, campaign: Campaign, threshold: float = DEFAULT_DUPLICATE) -> Run:
    """Queue a run that embeds the campaign's images where that is missing, and finds those that are nearly the same."""
    require_role(user, campaign, MANAGE)
    if not campaign.images.exists():
        raise InvalidInput("This campaign has no images yet.", code="nothing_selected")
    if not 0.5 <= threshold <= 1.0:
        raise InvalidInput("threshold lies between 0.5 and 1; nearly the same begins at about 0.97.", code="invalid_threshold")
    with transaction.atomic():
        return enqueue_run(user=user, kind=KIND, campaign=campaign, params={"threshold": threshold})


def execute_looking(context: RunContext) -> dict[str, object]:
    """Embed what is missing; tell pairs and clusters of images that are nearly the same, and those that two splits share."""
    campaign = context.run.campaign
    if campaign is None:
        raise NotFound("The campaign of this run was removed.")
    images = list(campaign.images.order_by("id"))
    embedded = ensure_embeddings(context, campaign, images)
    keys, store = embedded.keys, embedded.store
    keep_index(context, store)

    def chunks(start: int, end: int) -> npt.NDArray[np.float32]:
        context.progress()  # a person may ask to stop
        return store.load(keys[start:end])

    context.progress(message="Comparing the images", force=True)
    pairs = similar_pairs(chunks, len(keys), threshold=float(context.run.params["threshold"]), limit=MOST_PAIRS)
    ids = embedded.image_ids
    splits = {image.pk: image.split for image in images}
    leaks = [pair for pair in pairs if is_leak(splits[ids[pair.one]], splits[ids[pair.other]])]
    return {
        "compared": len(ids),
        "unreadable": len(embedded.failures),
        "pairs": [_pair(ids, pair.one, pair.other, pair.similarity) for pair in pairs[:MOST_ANSWERED]],
        "pairs_found": len(pairs),
        "clusters": [[ids[place] for place in places] for places in clusters(pairs)][:MOST_ANSWERED],
        "leaks": [_pair(ids, pair.one, pair.other, pair.similarity) for pair in leaks[:MOST_ANSWERED]],
    }


def is_leak(one: str, other: str) -> bool:
    """Say whether two images that are nearly the same lie in two fixed splits, so that a model is tested on what it learned."""
    return one != other and bool(one) and bool(other)


def _pair(ids: Sequence[int], one: int, other: int, similarity: float) -> list[Any]:
    return [ids[one], ids[other], round(similarity, 4)]


def similar_to_image(
    *, user: User, campaign: Campaign, image: Image, limit: int = 10, threshold: float = -1.0, selection: Any = "all"
) -> Found:
    """Return the images of a selection that look most like one of the campaign, itself left out.

    Raises Conflict when nobody has looked at the image yet, which ``start_looking`` does, or when nobody can.
    """
    require_role(user, campaign, VIEW)
    store = campaign_store(campaign)
    key = content_key(image.sha256)
    if len(store.missing([key])):
        raise _not_looked_at(image)
    looked = _looked(user, campaign, selection, store)
    return _nearest(store.load([key])[0], looked, limit=limit, threshold=threshold, without=image.pk)


def _not_looked_at(image: Image) -> Conflict:
    """Return why an image has no embedding: of a file that cannot be read, looking again would change nothing."""
    try:
        read_rgb(image_path(image), GLANCE_PX)
    except (Refused, OSError) as error:
        return Conflict(f"{image.name} cannot be read: {error}", code="unreadable_image")
    return Conflict("Nobody has looked at this image yet. Let Winnow look at the campaign's images first.", code="not_looked_at")


def similar_to_vector(
    *, user: User, campaign: Campaign, vector: npt.NDArray[np.floating], limit: int = 10, threshold: float = -1.0, selection: Any = "all"
) -> Found:
    """Return the images of a selection that look most like what a vector (D,) stands for."""
    require_role(user, campaign, VIEW)
    return _nearest(vector, _looked(user, campaign, selection, campaign_store(campaign)), limit=limit, threshold=threshold)


def vector_of_picture(*, user: User, campaign: Campaign, content: bytes, name: str) -> npt.NDArray[np.float32]:
    """Return what a picture from elsewhere looks like (D,), by the backbone that the campaign chose; nothing is kept of it."""
    require_role(user, campaign, VIEW)
    space = current_space(campaign)
    if space is None or space.kind == SpaceKind.INSTALLED:
        return np.array(embed_picture(content=content, name=name, by="" if space is None else space.facts["size"]), np.float32)
    if space.kind == SpaceKind.WEIGHTS:
        wanted = {**asdict(own_backbone(space)), "path": str(own_backbone(space).path)}
        return np.array(embed_picture(content=content, name=name, by=wanted), np.float32)
    said = embedding_in(ask_about_picture(model=model_to_ask(space), content=content, name=name))
    if said is None:
        raise no_embedding(space.title)
    check_agrees(space, said)
    return np.array(said.vector, np.float32)


def part_of_image(*, user: User, image: Image, box: tuple[float, float, float, float]) -> bytes:
    """Return a part of an image as a PNG, as a network would see it alone; ``box``: (x0, y0, x1, y1) in pixels, cut to the image.

    Raises InvalidInput for a box that has no pixel in common with the image.
    """
    require_role(user, image.campaign, VIEW)
    if not all(math.isfinite(value) for value in box):
        raise InvalidInput("crop is x0,y0,x1,y1 in pixels of the image.", code="invalid_crop")
    left, top = (max(0, math.floor(value)) for value in box[:2])
    right, bottom = min(image.width, math.ceil(box[2])), min(image.height, math.ceil(box[3]))
    if right <= left or bottom <= top:
        raise InvalidInput("The crop lies outside the image. Draw it on the picture.", code="invalid_crop")
    return encoded(read_rgb(image_path(image), PART_SIDE_PX, window=(left, top, right - left, bottom - top)), format="png")


def _looked(user: User, campaign: Campaign, selection: Any, store: EmbeddingStore) -> Looked:
    facts = campaign.images.order_by().aggregate(count=Count("pk"), newest=Max("pk"))
    looked = _all_looked(campaign.pk, facts["count"], facts["newest"] or 0, store.folder, len(store))
    if selection == "all":
        return replace(looked, store=store)
    wanted = np.array(selected_ids(campaign, selection, reader=user), np.int64)
    chosen = np.isin(looked.ids, wanted)
    return Looked(looked.ids[chosen], looked.keys[chosen], len(wanted) - int(chosen.sum()), store)


@lru_cache(maxsize=8)
def _all_looked(campaign: int, count: int, newest: int, folder: Path, rows: int) -> Looked:
    """Return all of a campaign's images that have an embedding; kept as long as neither images nor embeddings come or go."""
    store = campaign_store(Campaign.objects.get(pk=campaign))
    listed = Image.objects.filter(campaign=campaign).order_by("id").values_list("pk", "sha256").iterator()
    pairs = [(pk, content_key(sha256)) for pk, sha256 in listed]
    ids, keys = (np.array([pair[at] for pair in pairs], np.int64) for at in (0, 1))
    there = ~np.isin(keys, store.missing(keys)) if len(keys) else np.zeros(0, bool)
    return Looked(ids[there], keys[there], int((~there).sum()), store)


def _likely(vector: npt.NDArray[np.floating], looked: Looked, limit: int) -> Looked:
    """Return those among which the nearest lie, by the index; all of them where they are few, or where the index names too few."""
    count = len(looked.ids)
    if count <= EXACT_UP_TO:
        return looked
    rows = NearestIndex(looked.store).candidates(vector, limit, share=count / max(1, len(looked.store)))
    if rows is None:
        return looked
    chosen = np.isin(looked.keys, looked.store.keys()[rows])
    if int(chosen.sum()) < limit:
        return looked
    return replace(looked, ids=looked.ids[chosen], keys=looked.keys[chosen])


def _nearest(vector: npt.NDArray[np.floating], looked: Looked, *, limit: int, threshold: float, without: int = 0) -> Found:
    if not 1 <= limit <= MOST_ANSWERED:
        raise InvalidInput(f"limit is a whole number from 1 to {MOST_ANSWERED}.", code="invalid_limit")
    looked = _likely(vector, looked, limit + (1 if without else 0))
    chunks: Chunks = looked.chunks
    near = nearest(vector, chunks, len(looked.ids), limit=limit + (1 if without else 0), threshold=threshold)
    found = [(int(looked.ids[each.place]), each.similarity) for each in near]
    images = Image.objects.in_bulk([pk for pk, _ in found])
    kept = [Similar(images[pk], similarity) for pk, similarity in found if pk != without and pk in images]
    return Found(kept[:limit], looked.missing)
