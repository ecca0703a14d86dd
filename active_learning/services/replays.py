"""Gather what a simulation asks again: the labeled images of a campaign, with what the frozen backbone sees of them, computed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.strategies import OBJECTS
from active_learning.acquisition.values import Floats, Rows
from active_learning.progress.replay import Asked, Material, split_for_test
from active_learning.services.embeddings import EmbeddedImages, ensure_embeddings, source_of
from active_learning.services.kinds import kind_of
from active_learning.services.knowledge import EMBEDDED_FIELDS
from active_learning.services.training import trained_classes
from active_learning.services.truth import Annotations, truth_of, whole_labels
from active_learning.training.config import TrainingConfig
from active_learning.training.families import FAMILIES
from active_learning.training.fast_head import Examples
from active_learning.training.targets import LabeledPicture
from active_learning.training.tiles import Raster, plan_tiles
from campaigns.errors import Conflict
from campaigns.models import Campaign, Image, Label, Split
from campaigns.options import CampaignOptions
from campaigns.runs import RunContext
from campaigns.storage import folder, image_path
from models_registry.networks.embedding import embed_missing
from models_registry.networks.weights import find_weights

LEAST_IMAGES: Final = 20
HELD_SHARE: Final = 0.3
SIZE: Final = "small"
WAITING: Final = 32
LOOKING: Final = "Looking at the images"


@dataclass(frozen=True, eq=False)
class Replay:
    """A campaign to be asked again.

    held: (N,) which images measure, none where they are drawn by lot. make: from the places of those to be asked, those to measure
    on, and a seed.
    """

    held: NDArray[np.bool_]
    make: Callable[[Rows, Rows, int], Asked]

    def __len__(self) -> int:
        return len(self.held)

    def at(self, seed: int) -> Asked:
        """Part what is asked from what is measured on: by the test split where there is one, else by lot, another for each seed."""
        if self.held.any() and not self.held.all():
            return self.make(np.flatnonzero(~self.held), np.flatnonzero(self.held), seed)
        asked, measured = split_for_test(len(self.held), HELD_SHARE, np.random.default_rng([seed, 3]))
        return self.make(asked, measured, seed)


def gather_replay(context: RunContext, campaign: Campaign) -> Replay:
    """Gather a campaign's labeled images, those that can be read.

    Raises Conflict where they are too few, or too much alike to learn anything from.
    """
    kind = kind_of(campaign)
    images = Image.objects.filter(campaign=campaign)
    truth = truth_of(images)
    rows = [image for image in images.order_by("pk").only(*EMBEDDED_FIELDS, "split", "width", "height") if image.pk in truth]
    embedded = ensure_embeddings(context, campaign, rows)
    row_of = {image.pk: image for image in rows}
    known = [row_of[pk] for pk in embedded.image_ids]
    said = [truth[image.pk] for image in known]
    if kind == "classification":
        return _of_labels(campaign, known, said, embedded)
    if kind in OBJECTS:
        return _of_objects(context, campaign, kind, known, said, embedded.matrix)
    return _of_pixels(context, campaign, known, said, embedded.matrix)


def _of_labels(campaign: Campaign, images: Sequence[Image], said: Sequence[Annotations], embedded: EmbeddedImages) -> Replay:
    labels = list(Label.objects.filter(campaign=campaign).values_list("pk", flat=True))
    bits = np.array([[label in whole_labels(each) for label in labels] for each in said], np.float32).reshape(len(images), len(labels))
    multi_label = CampaignOptions.from_document(campaign.settings).multi_label
    kept = np.arange(len(bits)) if multi_label else np.flatnonzero(bits.sum(axis=1) == 1)
    used = np.flatnonzero(bits[kept].any(axis=0))
    if len(kept) < LEAST_IMAGES or not len(used) or (len(used) < 2 and not multi_label):
        raise Conflict(
            f"{len(kept)} images with {len(used)} labels cannot be simulated; label at least {LEAST_IMAGES} with two labels.",
            code="too_few_labels",
        )
    values = bits[kept][:, used] if multi_label else bits[kept][:, used].argmax(axis=1)
    examples = Examples(embedded.matrix[kept], values)
    return Replay(_held(images, kept), lambda asked, measured, seed: Material(examples.at(asked), examples.at(measured), len(used)))


def _of_pixels(context: RunContext, campaign: Campaign, images: Sequence[Image], said: Sequence[Annotations], vectors: Floats) -> Replay:
    from active_learning.progress.pixel_replay import PixelMaterial, grids_of
    from active_learning.training.pixel_samples import MOST_TILES, FeatureCache, seen_tiles
    from models_registry.networks.pyramid import features_of
    from models_registry.networks.segmenter import normaliser, pixel_backbone

    targets = _targets(campaign, "semantic", images, said)
    kept = [images[row] for row in targets.rows.tolist()]
    rasters = [Raster(image_path(image), image.width, image.height, image.sha256) for image in kept]
    side = FAMILIES["semantic"].sides[SIZE]
    tiles = plan_tiles(rasters, targets.drawings, side, np.random.default_rng(0), most_pixels=MOST_TILES * side**2)
    backbone, normalise = pixel_backbone(), normaliser(None)
    cache = FeatureCache(folder("embeddings") / "pixel-maps", find_weights().sha256[:8])
    cache.trim()
    seen = seen_tiles(rasters, tiles, lambda pictures: features_of(backbone, pictures, normalise), cache, None)

    def watched() -> Any:
        for place, each in seen:
            context.progress(done=place, total=len(tiles), message=LOOKING)
            yield place, each

    grids, unreadable = grids_of(targets.drawings, tiles, watched())
    there = np.array([row for row in range(len(kept)) if row not in unreadable and grids.teaches(row)], np.int64)
    _enough(len(there))
    looks, classes = vectors[targets.rows], len(targets.classes)
    return Replay(
        _held(kept, there), lambda asked, measured, seed: PixelMaterial(there[asked], there[measured], looks, grids, classes, seed)
    )


def _of_objects(
    context: RunContext, campaign: Campaign, kind: str, images: Sequence[Image], said: Sequence[Annotations], vectors: Floats
) -> Replay:
    from active_learning.progress.object_replay import ObjectMaterial
    from active_learning.training.galleries import FrozenGallery, maps_embedder, maps_store

    targets = _targets(campaign, kind, images, said)
    side, first, weights = FAMILIES[kind].sides[SIZE], targets.anatomy.finest, find_weights()
    store, sources = maps_store(folder("embeddings"), weights, side, first), [source_of(image, side_px=side) for image in images]
    failed = embed_missing(
        store, lambda: maps_embedder(weights, side, first), sources, save_every=WAITING,
        on_progress=lambda done, failures: context.progress(done=done, failed=failures, total=len(sources), message=LOOKING),
    )  # fmt: skip
    unreadable = {failure.key for failure in failed}
    there = np.array([row for row, source in enumerate(sources) if source.key not in unreadable], np.int64)
    _enough(len(there))
    gallery = FrozenGallery(store, np.array([source.key for source in sources], np.int64), targets.scenes(side), side, first)
    sigmas = targets.sigmas() if targets.anatomy.part == "points" else None
    return Replay(
        _held(images, there),
        lambda asked, measured, seed: ObjectMaterial(
            there[asked], there[measured], vectors, gallery, targets.sizes, targets.anatomy, sigmas, seed
        ),
    )


def _targets(campaign: Campaign, kind: str, images: Sequence[Image], said: Sequence[Annotations]) -> Any:
    pictures = [LabeledPicture(each, image.width, image.height) for image, each in zip(images, said, strict=True)]
    return FAMILIES[kind].read_targets(pictures, trained_classes(campaign), TrainingConfig())


def _held(images: Sequence[Image], kept: Rows) -> NDArray[np.bool_]:
    return np.array([images[row].split == Split.TEST for row in kept.tolist()], bool)


def _enough(count: int) -> None:
    if count < LEAST_IMAGES:
        raise Conflict(f"{count} labeled images cannot be simulated; label at least {LEAST_IMAGES}.", code="too_few_labels")
