"""The embeddings of a campaign's images: computed once, kept under the data directory, read by everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from active_learning.embeddings import EmbeddingStore, content_key
from active_learning.embeddings.index import NearestIndex
from active_learning.models import SpaceKind
from active_learning.services.filling import current_space, fill_space, space_store
from campaigns.models import Campaign, Image
from campaigns.runs import RunContext
from campaigns.storage import folder, image_path
from models_registry.networks.backbones import DEFAULT_SIZE, DIMENSION, SIZES, BackboneSpec, cores, loaded_backbone
from models_registry.networks.bands import BandScale, read_seen
from models_registry.networks.embedding import Source, embed_missing
from models_registry.networks.pictures import ROOM

EXACT_UP_TO: Final = 10_000
"""Among so many vectors a search looks at all of them; among more it goes by the index."""


@dataclass(frozen=True, eq=False)
class EmbeddedImages:
    """Images that have an embedding, in the order they were given, and why the others have none, by image id."""

    image_ids: tuple[int, ...]
    keys: npt.NDArray[np.int64]
    failures: Mapping[int, str]
    store: EmbeddingStore

    @property
    def matrix(self) -> npt.NDArray[np.float32]:
        """Read the vectors: (N, D) float32, one row per image of ``image_ids``."""
        return self.store.load(self.keys)


def embedding_store(size: str = DEFAULT_SIZE, scale: BandScale | None = None) -> EmbeddingStore:
    """Return the store of the installed backbone at a size, on bands or on colours. All campaigns share it: keys are of contents."""
    return EmbeddingStore(folder("embeddings") / BackboneSpec.of_size(size, scale).space, DIMENSION)


def source_of(image: Image, size: str = DEFAULT_SIZE, *, side_px: int = 0, scale: BandScale | None = None) -> Source:
    """Return how a network gets at an image, in colours as shown or in bands.

    ``side_px``: the side of the square that it sees, where ``size`` does not say it.
    """
    return Source(content_key(image.sha256), partial(_pixels, image, ROOM * (side_px or SIZES[size]), scale))


def _pixels(image: Image, max_side: int, scale: BandScale | None) -> npt.NDArray[np.uint8]:
    return read_seen(image_path(image), scale, max_side=max_side)[0]


def campaign_store(campaign: Campaign) -> EmbeddingStore:
    """Return the store of the backbone that a campaign chose; its images are compared in it."""
    return space_store(current_space(campaign))


def keep_index(context: RunContext, store: EmbeddingStore) -> None:
    """Bring a store's index up to date where it has so many vectors that looking at all of them takes long; a part of any run."""
    if len(store) <= EXACT_UP_TO:
        return
    context.progress(message="Sorting the images by how they look", force=True)
    if not NearestIndex(store).update(check=context.progress, threads=cores()):
        context.log("another run is sorting the images already")


def ensure_embeddings(
    context: RunContext, campaign: Campaign, images: Sequence[Image], *, size: str | None = None, message: str = "Looking at the images"
) -> EmbeddedImages:
    """Compute the embeddings that are missing and return all of them.

    ``size``: of the installed backbone, which heads are trained on; None takes the backbone that the campaign chose. A part of any
    run: it reports progress in images, stops when the run is cancelled (what was computed stays), and called again goes on where it
    was. Images that cannot be read are told, not raised.
    """
    space = current_space(campaign) if size is None else None
    if space is not None and space.kind != SpaceKind.INSTALLED:
        filled = fill_space(context, space, images, message=message)
        return _embedded(images, {**filled.unreadable, **filled.unanswered}, space_store(space))
    size = size or (DEFAULT_SIZE if space is None else str(space.facts["size"]))
    return embed_installed(context, images, size=size, message=message)


def embed_installed(
    context: RunContext, images: Sequence[Image], *, size: str = DEFAULT_SIZE, message: str = "Looking at the images"
) -> EmbeddedImages:
    """Let the installed backbone look at what it has not seen yet; as ``ensure_embeddings``."""
    store = embedding_store(size)
    sources = [source_of(image, size) for image in images]
    digest = BackboneSpec.of_size(size).weights_sha256
    failed = embed_missing(
        store,
        lambda: loaded_backbone(size, digest),
        sources,
        on_progress=lambda done, failures: context.progress(done=done, failed=failures, total=len(sources), message=message),
    )
    return _embedded(images, {failure.key: failure.reason for failure in failed}, store)


def _embedded(images: Sequence[Image], reasons: Mapping[int, str], store: EmbeddingStore) -> EmbeddedImages:
    keyed = [(image.pk, content_key(image.sha256)) for image in images]
    readable = [pair for pair in keyed if pair[1] not in reasons]
    return EmbeddedImages(
        tuple(pk for pk, _ in readable),
        np.array([key for _, key in readable], np.int64),
        {pk: reasons[key] for pk, key in keyed if key in reasons},
        store,
    )
