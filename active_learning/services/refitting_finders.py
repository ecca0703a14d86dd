"""Refit the fast head of a round's finder or segmenter on the labels at hand, and ask it about the images that may come next.

Nothing is registered and no answer is stored: what comes of it is the order of the images that wait, and the drafts of the next few.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.models import RankedImage, Round
from active_learning.services.annotators import measure_trust
from active_learning.services.embeddings import embedding_store, source_of
from active_learning.services.heads import fast_head_of
from active_learning.services.snapshots import LabeledImage, latest_labeled
from active_learning.services.training import family_of, read_targets
from active_learning.services.trusting import trusted_now
from active_learning.training.config import TrainingConfig
from active_learning.training.families import Job, Trained, Watcher
from active_learning.training.tiles import Raster
from campaigns.errors import InvalidInput
from campaigns.models import Campaign
from campaigns.runs import RunCancelled, RunContext
from campaigns.storage import folder, image_path
from inference.answers import Answer
from inference.endpoints import model_card
from inference.prefill import ModelTag
from inference.services.local import LocalAsker
from inference.services.planning import Plan, draft_rules, images_by_id
from inference.store import Answered
from models_registry.models import CampaignModel, LabelMapping, RegisteredModel

EPOCHS: Final = 6
"""An epoch of a finder goes once over the images, one of a segmenter's head is a step of L-BFGS; both set out from the head before."""
STEPS: Final = 30
LIMIT_MINUTES: Final = 0.5
ASKED: Final = 160
"""Images that the new head is asked about: half those that come next, half by lot, so that none is out of reach for ever."""
ASKING_S: Final = 20.0
WAIT_S: Final = 0.5
BRIEF: Final = "brief-"
LEFT_AFTER_S: Final = 6 * 3600.0
"""No brief training takes so long."""


@dataclass(frozen=True)
class Refitted:
    """What a refitted head says of some images. ``labeled``: images that it learned from."""

    answers: Mapping[int, Answer] = field(default_factory=dict)
    labeled: int = 0


class Patience(Watcher):
    """Ends with the run."""

    def __init__(self, context: RunContext) -> None:
        self._context = context

    def preparing(self, done: int, total: int, failed: int) -> None:
        """Notice a cancel while pictures are read."""
        if self._context.should_stop():
            raise RunCancelled

    def should_stop(self) -> bool:
        """Notice a cancel between steps."""
        return self._context.should_stop()


def refit_finder(
    context: RunContext, campaign: Campaign, round_: Round, pool: npt.NDArray[np.int64], *, rng: np.random.Generator
) -> Refitted | None:
    """Return what the refitted head of the round's model says; None where that model is no fast head of ours, or knows other labels."""
    model = round_.model
    known = None if model is None else fast_head_of(model)
    if model is None or known is None or not len(pool):
        return None
    path, document = known
    config = _config(campaign, document)
    try:
        with brief_folder() as work:
            job = job_of(campaign, config, work, labeled=latest_labeled(campaign), start=path)
            trained = family_of(campaign).load()(job, Patience(context))
            if context.should_stop():
                raise RunCancelled
            if not trained.useful or not _same_labels(campaign, model, trained):
                context.log("the labels that occur are not those of the round's model: train anew, so that its head can follow")
                return None
            labeled, asked = len(job.sources), _next(round_, pool, rng)
            return Refitted(_answers(context, round_, trained.best, asked, labeled=labeled), labeled)
    except InvalidInput as nothing:  # there is nothing to learn from any more
        context.log(nothing.detail)
        return None


@contextmanager
def brief_folder() -> Iterator[Path]:
    """Give a brief training a folder that goes with it; what killed runs left behind goes first."""
    whole = folder("training")
    for left in whole.glob(f"{BRIEF}*"):
        if time.time() - left.stat().st_mtime > LEFT_AFTER_S:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=BRIEF, dir=whole) as work:
        yield Path(work)


def _config(campaign: Campaign, document: Mapping[str, Any]) -> TrainingConfig:
    """Return how the head was trained, but briefly, on all labels, and going on from what it is."""
    steps = STEPS if family_of(campaign).name == "semantic segmentation" else EPOCHS
    kept = {name: document[name] for name in ("size", "labels", "unlabeled", "weight_decay", "seed") if name in document}
    return family_of(campaign).config_from(
        {**kept, "method": "fast_head", "epochs": steps, "patience": steps, "minutes": LIMIT_MINUTES, "validation": 0}
    )


def job_of(
    campaign: Campaign, config: TrainingConfig, work: Path, *, labeled: Sequence[LabeledImage], start: Path | None = None
) -> Job[Any]:
    """Return what a brief training of labeled images needs, all of them teaching, from zero or from a checkpoint on."""
    known = trusted_now(measure_trust(campaign, [each.image.pk for each in labeled if each.areas is None]), labeled)
    targets = known.weigh(read_targets(campaign, config, known.pictures), labeled)
    images = [labeled[row].image for row in targets.rows.tolist()]
    side_px = family_of(campaign).sides[config.size]
    return Job(
        config=config,
        targets=targets,
        sources=[source_of(image, side_px=side_px) for image in images],
        splits=["train"] * len(images),  # what is ranked by is not measured: rounds do that
        folder=work,
        store=embedding_store(config.size),
        start=start,
        image_ids=[image.pk for image in images],
        rasters=[Raster(image_path(image), image.width, image.height, image.sha256) for image in images],
    )


def _same_labels(campaign: Campaign, model: RegisteredModel, trained: Trained) -> bool:
    rows = LabelMapping.objects.filter(campaign_model__campaign=campaign, campaign_model__model=model)
    mapped = dict(rows.values_list("class_index", "label_id"))
    taught = {place: each.label for place, each in enumerate(trained.classes) if each.label}
    return mapped == taught


def _next(round_: Round, pool: npt.NDArray[np.int64], rng: np.random.Generator) -> list[int]:
    waiting = set(pool.tolist())
    ranked = RankedImage.objects.filter(round=round_).order_by("rank").values_list("image_id", flat=True)
    first = [image for image in ranked if image in waiting][: ASKED // 2]
    others = np.setdiff1d(pool, np.array(first, np.int64))
    return [*first, *rng.permutation(others)[: ASKED - len(first)].tolist()]


def _answers(context: RunContext, round_: Round, checkpoint: Path, image_ids: list[int], *, labeled: int) -> dict[int, Answer]:
    """Ask about images in this order until all have answered or the time is up; images that cannot be read have no answer."""
    from inference.protocols.local import load_predictor  # torch comes with it

    model, campaign, found = round_.model, round_.campaign, dict[int, Answer]()
    assert model is not None
    context.progress(message="Asking the new head what it sees", force=True)
    wanted = (round_.run is None or bool(round_.run.params.get("prefill", True))) and _attached(campaign, model)
    rules = draft_rules(model, campaign) if wanted else None
    if rules is not None:
        rules = replace(rules, model=ModelTag(model.pk, model.name, f"{round_.model_version}+{labeled}"))
    began, images = time.monotonic(), list(images_by_id(image_ids).values())
    images.sort(key=lambda image: image_ids.index(image.id))
    with LocalAsker(Plan(model, rules), load_predictor(path=checkpoint, card=model_card(model))) as asker:
        while (images or asker.in_flight) and time.monotonic() - began < ASKING_S:
            if context.should_stop():
                raise RunCancelled
            asker.submit(images[: asker.appetite])
            images = images[asker.appetite :]
            outcomes = asker.collect(most=asker.appetite, within_s=WAIT_S)
            found |= {each.image_id: each.answer for each in outcomes if isinstance(each, Answered)}
    return found


def _attached(campaign: Campaign, model: RegisteredModel) -> bool:
    return CampaignModel.objects.filter(campaign=campaign, model=model).exists()
