"""Train a segmenter: a head on every pixel's maps in seconds, or the whole network with a decoder in minutes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from torch import nn

from active_learning.training.bands import card_of
from active_learning.training.families import Job, Trained, Watcher
from active_learning.training.fast_head import Examples, fit_head, fit_temperature, reordered
from active_learning.training.label_maps import BACKGROUND, UNLABELED, PixelTargets
from active_learning.training.library_starts import continued_segmenter, started_segmenter
from active_learning.training.loop import Fitted, fit
from active_learning.training.metrics import measure
from active_learning.training.pixel_learners import PixelHeadLearner, SegmenterLearner, TileRows, said_of
from active_learning.training.pixel_metrics import GOAL, Counts, confusion, figures_of, rows_of
from active_learning.training.pixel_samples import (
    BATCH,
    MOST_TILES,
    FeatureCache,
    PixelSamples,
    SamplePlan,
    Seen,
    drawn_pixels,
    sampled,
    seen_tiles,
)
from active_learning.training.splits import divide
from active_learning.training.tiles import Tile, TileSet, decoded_tiles, plan_tiles, side_for
from active_learning.training.together import fit_together
from campaigns.errors import InvalidInput
from models_registry.networks.bands import BandScale
from models_registry.networks.checkpoint import format_of
from models_registry.networks.devices import arrays_of, put_arrays
from models_registry.networks.heads import LinearHead, softmax
from models_registry.networks.library_names import TORCHVISION_PREFIX
from models_registry.networks.library_segmenter_checkpoint import FORMAT as LIBRARY_FORMAT
from models_registry.networks.library_segmenter_checkpoint import LibrarySegmenterCheckpoint
from models_registry.networks.library_segmenters import LibrarySegmenter
from models_registry.networks.library_weights import BACKGROUND as VOID
from models_registry.networks.pyramid import PixelFeatures, features_of
from models_registry.networks.segmenter import WIDTHS, Decoder, Segmenter, normaliser, pixel_backbone
from models_registry.networks.segmenter_checkpoint import WINDOWS, SegmenterCheckpoint
from models_registry.networks.weights import find_weights

BEST: Final = "best-model.safetensors"
LATEST: Final = "last-model.safetensors"
PROBE_STEPS: Final = 40
PROBE_TILES: Final = 200
MEASURED_TILES: Final = 400
FEWEST_TILES: Final = 3  # of a single image, for one of them to be spared to measure on

Arrays = Mapping[str, npt.NDArray[Any]]
Make = Callable[[Mapping[str, Any]], SegmenterCheckpoint | LibrarySegmenterCheckpoint]


def train_segmenter(job: Job[PixelTargets], watcher: Watcher) -> Trained:
    """Train as the job says; called again after a crash with the same folder, it goes on where it was."""
    training = _Training(job, watcher)
    return training.train_head() if job.config.method == "fast_head" else training.train_network()


@dataclass(frozen=True)
class Division:
    """Places of the tiles that teach and of those that measure; ``drawn``: by chance. ``rows_held_out``: images that only measure."""

    train: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64]
    drawn: bool
    train_images: int
    rows_held_out: tuple[int, ...]

    @property
    def within_an_image(self) -> bool:
        """Whether both are parts of a single image."""
        return len(self.validation) > 0 and not self.rows_held_out


def divide_tiles(
    tiles: Sequence[Tile],
    unreadable: frozenset[int],
    values: npt.NDArray[Any],
    splits: Sequence[str],
    *,
    share: float,
    seed: int,
    groups: Sequence[int] = (),
) -> Division:
    """Divide tiles by their images, so that no image is on both sides; the tiles of a single image are divided themselves."""
    rng = np.random.default_rng(seed)
    of = np.array([tile.row for tile in tiles], np.int64)
    rows = np.array(sorted(set(of.tolist()) - unreadable), np.int64)
    if len(rows) != 1:
        known = rows.tolist()
        parts = divide(values[rows], [splits[row] for row in known], share, rng, [groups[row] for row in known] if groups else ())
        train, validation = rows[parts.train], rows[parts.validation]
        places = [np.flatnonzero(np.isin(of, each)) for each in (train, validation)]
        return Division(places[0], places[1], parts.drawn, len(train), tuple(validation.tolist()))
    own = np.flatnonzero(of == rows[0])
    count = round(share * len(own)) if len(own) >= FEWEST_TILES else 0
    held = np.sort(rng.permutation(own)[:count])
    return Division(np.setdiff1d(own, held), held, True, 1, ())


@dataclass
class _Training:
    """What both speeds share."""

    job: Job[PixelTargets]
    watcher: Watcher
    warnings: list[str] = field(default_factory=list)

    def train_head(self) -> Trained:
        """Fit a linear head on what the installed backbone sees of sampled pixels."""
        job, config = self.job, self.job.config
        tiles = self._planned(MOST_TILES * self._side_px**2)
        teach, ask, unreadable = sampled(
            job.rasters, job.targets.drawings, tiles, self._seen(tiles), SamplePlan.for_tiles(len(tiles), config.seed),
            on_progress=lambda done, failed: self.watcher.preparing(done, len(tiles), failed),
        )  # fmt: skip
        division = self._divided(tiles, unreadable)
        trust = self._trust(tiles)
        train, validation = _of(teach, division.train, trust), _of(ask, division.validation)
        start = self._start_head()
        learner = PixelHeadLearner(train, validation, classes=len(self._names), decay=config.weight_decay, start=start)
        fitted = fit(learner, job.plan(GOAL), job.folder, self.watcher)
        best, last = (LinearHead.from_arrays(arrays, temperature=1.0, multi_label=False) for arrays in (fitted.best, fitted.last))
        temperature = fit_temperature(best.logits(validation.embeddings), validation.values, multi_label=False)
        counts = self._confusion(Segmenter(self._backbone, best, self._scale), [tiles[place] for place in division.validation])
        probabilities = best.at_temperature(temperature).probabilities(validation.embeddings)
        metrics = self._metrics(division, counts, (probabilities, validation.values), fitted, unreadable)
        if division.drawn and len(validation) and not fitted.interrupted:
            # The tiles that were held out by chance measured their part; now they teach as well, for as many steps as were best.
            steps = fitted.progress.best_epoch
            every = _of(teach, np.concatenate([division.train, division.validation]), trust)
            best = fit_head(every, classes=len(self._names), decay=config.weight_decay, steps=steps, start=start)
            metrics["refitted"] = True
        heads = [head.at_temperature(temperature) for head in (best, last)]
        return self._keep(division, fitted, metrics, self._made(heads[0]), self._made(heads[1]))

    def train_network(self) -> Trained:
        """Train the backbone, the head and a decoder, setting out from a fitted head."""
        job = self.job
        library = self._library()  # first: weights that cannot be had are told before any picture is read
        side = side_for(job.rasters, self._side_px)
        planned = self._planned(None)
        tiles = decoded_tiles(
            job.folder, job.rasters, job.targets.drawings, planned, side_px=side, scale=self._scale,
            on_progress=lambda done, failed: self.watcher.preparing(done, len(planned), failed),
        )  # fmt: skip
        division = self._divided(tiles.tiles, tiles.unreadable)
        network = library or self._network(tiles, division)
        train = TileRows(tiles.pixels, tiles.labels, division.train, self._trust(tiles.tiles))
        validation = TileRows(tiles.pixels, tiles.labels, division.validation)
        learner = SegmenterLearner(train, validation, network, config=job.config, tell=self.watcher.note)
        fitted = fit_together(learner, job.plan(GOAL), job.folder, self.watcher)
        learner.put_weights(fitted.best)
        logits, values = learner.sampled_logits(validation, seed=job.config.seed)
        temperature = fit_temperature(logits, values, multi_label=False)
        probabilities = softmax(logits / np.float32(temperature))
        counts = learner.confusion(validation.first(MEASURED_TILES))
        metrics = self._metrics(division, counts, (probabilities, values), fitted, tiles.unreadable)
        best = self._made_of(network, temperature)
        learner.put_weights(fitted.last)
        return self._keep(division, fitted, metrics, best, self._made_of(network, temperature))

    def _trust(self, tiles: Sequence[Tile]) -> npt.NDArray[np.float32] | None:
        """Return how far each tile is to be trusted: as far as its image is."""
        trust = self.job.targets.trust
        return None if trust is None else trust[[tile.row for tile in tiles]]

    @property
    def _side_px(self) -> int:
        return WINDOWS[self.job.config.size]

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.job.targets.classes)

    @cached_property
    def _start(self) -> SegmenterCheckpoint | None:
        return SegmenterCheckpoint.load(self.job.start) if self.job.start is not None and self._library_start is None else None

    @cached_property
    def _library_start(self) -> LibrarySegmenterCheckpoint | None:
        start = self.job.start
        return LibrarySegmenterCheckpoint.load(start) if start is not None and format_of(start) == LIBRARY_FORMAT else None

    def _library(self) -> LibrarySegmenter | None:
        """Return the network of a library that is to learn: the one that was chosen, or that of the model to go on from."""
        config, start = self.job.config, self._library_start
        names = [VOID if each == BACKGROUND else each.name for each in self.job.targets.classes]
        if config.network is not None:
            return started_segmenter(config.network, names, seed=config.seed, scale=self._scale, weights=self.job.weights)
        if start is None:
            return None
        if start.scale != self._scale:
            raise InvalidInput(
                "start_from: that model sees other bands. Choose its bands, or no model to go on from.", code="invalid_training"
            )
        return continued_segmenter(start, self._names, seed=config.seed)

    def _made(self, head: LinearHead, backbone: Arrays | None = None, decoder: Arrays | None = None) -> Make:
        digest, size = find_weights().sha256, self.job.config.size
        return lambda about: SegmenterCheckpoint(head, self._names, size, digest, self._scale, backbone or {}, decoder or {}, about)

    def _made_of(self, network: Segmenter | LibrarySegmenter, temperature: float) -> Make:
        """Return what makes a checkpoint of a network as it is now."""
        if isinstance(network, Segmenter):
            head, decoder = network.head().at_temperature(temperature), arrays_of(_decoder_of(network))
            return self._made(head, arrays_of(network.backbone), decoder)
        name, arrays, size = f"{TORCHVISION_PREFIX}{network.architecture}", arrays_of(network), self.job.config.size
        return lambda about: LibrarySegmenterCheckpoint(name, arrays, self._names, size, temperature, self._scale, about)

    @property
    def _scale(self) -> BandScale | None:
        return self.job.scale

    @cached_property
    def _backbone(self) -> nn.Sequential:
        return pixel_backbone(self._scale)

    def _planned(self, most_pixels: int | None) -> list[Tile]:
        rng, job = np.random.default_rng(self.job.config.seed), self.job
        most = {} if most_pixels is None else {"most_pixels": most_pixels}
        return plan_tiles(job.rasters, job.targets.drawings, self._side_px, rng, **most)

    def _seen(self, tiles: Sequence[Tile]) -> Any:
        space = find_weights().sha256[:8] + ("" if self._scale is None else f"-{self._scale.name}")
        cache = FeatureCache(self.job.store.folder.parent / "pixel-maps", space)
        cache.trim()
        return seen_tiles(self.job.rasters, tiles, self._see, cache, self._scale)

    def _see(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> list[PixelFeatures]:
        return features_of(self._backbone, pictures, normaliser(self._scale))

    def _divided(self, tiles: Sequence[Tile], unreadable: frozenset[int]) -> Division:
        config, targets = self.job.config, self.job.targets
        if unreadable.issuperset(tile.row for tile in tiles):
            raise InvalidInput(
                "None of the labeled images can be read. Look at their files and the bands, and train again.", code="no_readable_images"
            )
        division = divide_tiles(
            tiles, unreadable, targets.contents, self.job.splits, share=config.validation, seed=config.seed, groups=self.job.groups
        )  # fmt: skip
        self.watcher.divided(len(division.train), len(division.validation), len(unreadable), "tiles")
        if division.within_an_image:
            self.warnings.append("A single image is labeled: the model is measured on other parts of the same image.")
        if unreadable:
            self.warnings.append(f"{len(unreadable)} images could not be read and stayed out.")
        return division

    def _start_head(self) -> LinearHead | None:
        start = self._start
        if start is None or not start.is_frozen or start.scale != self._scale or start.weights_sha256 != find_weights().sha256:
            return None  # another space: its head says nothing here
        return reordered(start.head, start.classes, self._names)

    def _network(self, tiles: TileSet, division: Division) -> Segmenter:
        """Return the network to train: from a checkpoint's own weights, or from the installed ones and a head fitted on them."""
        start, classes, width = self._start, len(self._names), WIDTHS[self.job.config.size]
        tuned = start is not None and not start.is_frozen and start.scale == self._scale
        backbone = pixel_backbone(self._scale, start.backbone if tuned and start is not None else None)
        decoder = Decoder(classes, width, seed=self.job.config.seed)
        if start is None or not tuned:
            return Segmenter(backbone, self._probe(tiles, division, backbone), self._scale, decoder)
        if start.size == self.job.config.size:
            put_arrays(decoder, _decoder_arrays(start, self._names))
        return Segmenter(backbone, reordered(start.head, start.classes, self._names), self._scale, decoder)

    def _probe(self, tiles: TileSet, division: Division, backbone: nn.Sequential) -> LinearHead:
        """Fit a head on the maps as they are, for the fine-tuning to set out from (Kumar et al. 2022, arXiv:2202.10054)."""
        rng = np.random.default_rng(self.job.config.seed)
        rows = np.sort(rng.permutation(division.train)[:PROBE_TILES])
        plan = SamplePlan.for_tiles(len(rows), self.job.config.seed)

        def see(pictures: Sequence[npt.NDArray[np.uint8]]) -> list[PixelFeatures]:
            return features_of(backbone, pictures, normaliser(self._scale))

        teach = _sampled_of(tiles, rows, see, plan)
        start = self._start_head()
        return fit_head(teach, classes=len(self._names), decay=self.job.config.weight_decay, steps=PROBE_STEPS, start=start)

    def _confusion(self, network: Segmenter, tiles: Sequence[Tile]) -> Counts:
        """Return the counts of a network's answers on whole tiles."""
        job, classes = self.job, len(self._names)
        total = np.zeros((classes, classes), np.int64)
        for place, seen in self._seen(tiles[:MEASURED_TILES]):
            if seen is not None:
                tile = tiles[place]
                labels = _known(job.targets.drawings[tile.row].label_map(tile.window), seen)
                total += confusion(said_of(network, seen.features.pixels), labels, classes)
        return total

    def _metrics(
        self,
        division: Division,
        counts: Counts,
        sample: tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]],
        fitted: Fitted,
        unreadable: frozenset[int],
    ) -> dict[str, Any]:
        progress = fitted.progress
        metrics: dict[str, Any] = {
            "images": {"train": division.train_images, "validation": len(division.rows_held_out), "unreadable": len(unreadable)},
            "tiles": {"train": len(division.train), "validation": len(division.validation)},
            **progress.told(),
        }
        if counts.sum():
            metrics["validation"] = {**measure(*sample), **figures_of(counts)}
            named = zip(self.job.targets.classes, rows_of(counts), strict=True)
            metrics["classes"] = [{"label": each.label, "name": each.name, **row} for each, row in named]
            metrics["confusion"] = counts.tolist()
        return metrics

    def _keep(self, division: Division, fitted: Fitted, metrics: dict[str, Any], best: Make, last: Make) -> Trained:
        """Write both checkpoints and say what came out."""
        job = self.job
        of_last = fitted.progress.of_last(metrics)
        paths: list[Path] = []
        for name, told, make in ((BEST, metrics, best), (LATEST, of_last, last)):
            about = {"config": job.config.as_document(), "metrics": told, "labels": [each.label for each in job.targets.classes]}
            make(about).save(job.folder / name)
            paths.append(job.folder / name)
        held_out = tuple(job.image_ids[row] for row in division.rows_held_out)
        useful = fitted.progress.epoch > 0 or job.config.method == "fine_tune"
        return Trained(
            paths[0], paths[1], job.targets.classes, metrics, fitted.progress.reason, tuple(self.warnings), useful,
            held_out=held_out, window_px=self._side_px, card=card_of(self._scale), last_metrics=of_last,
        )  # fmt: skip


See = Callable[[Sequence[npt.NDArray[np.uint8]]], list[PixelFeatures]]


def _of(samples: PixelSamples, tiles: npt.NDArray[np.int64], trust: npt.NDArray[np.float32] | None = None) -> Examples:
    rows = np.isin(samples.tiles, tiles)
    return Examples(samples.embeddings[rows], samples.values[rows], None if trust is None else trust[samples.tiles[rows]])


def _known(labels: npt.NDArray[np.int16], seen: Seen) -> npt.NDArray[np.int16]:
    return labels if seen.there is None else np.where(seen.there, labels, np.int16(UNLABELED))


def _sampled_of(tiles: TileSet, rows: npt.NDArray[np.int64], see: See, plan: SamplePlan) -> Examples:
    """Return pixels drawn from tiles that lie decoded."""
    numbers, values = [], []
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        for place, features in zip(part.tolist(), see([np.array(tiles.pixels[row]) for row in part]), strict=True):
            places = drawn_pixels(tiles.labels[place], plan.teaching, np.random.default_rng([plan.seed, place]), balanced=True)
            numbers.append(features.at(*places))
            values.append(tiles.labels[place][places].astype(np.int64))
    return Examples(np.concatenate(numbers), np.concatenate(values))


def _decoder_of(network: Segmenter) -> Decoder:
    assert network.decoder is not None
    return network.decoder


def _decoder_arrays(start: SegmenterCheckpoint, names: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """Return a checkpoint's decoder with its classes put in our order; new classes start from nothing."""
    place = {name: row for row, name in enumerate(start.classes)}
    rows = [place.get(name, -1) for name in names]
    known = np.array([row >= 0 for row in rows])
    arrays = dict(start.decoder)
    weight, bias = arrays["say.weight"][rows], arrays["say.bias"][rows]
    arrays["say.weight"] = np.where(known[:, None, None, None], weight, 0).astype(np.float32)
    arrays["say.bias"] = np.where(known, bias, 0).astype(np.float32)
    return arrays
