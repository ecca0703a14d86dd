"""What is seen in labeled images by heads that did not learn from them: each fold of the images is told by a head of the others.

A model that learned from a wrong label repeats it, surely. So labels that a model of ours was trained on are not compared with its own
answers, but with those of fast heads that are trained here, briefly, and thrown away.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from active_learning.services.refitting_finders import Patience, brief_folder, job_of
from active_learning.services.snapshots import LabeledImage, latest_labeled
from active_learning.services.training import family_of
from active_learning.training.config import TrainingConfig
from active_learning.training.families import Trained
from campaigns.models import Campaign
from campaigns.runs import RunCancelled, RunContext
from inference.endpoints import model_card
from inference.prefill import DraftRules
from inference.services.local import LocalAsker
from inference.services.planning import Plan, draft_rules, images_by_id
from inference.store import Answered
from models_registry.checkpoints import answering_checkpoint
from models_registry.models import ModelKind, RegisteredModel

FOLDS: Final = 3
SEED: Final = 11
LEAST_STEPS, MOST_STEPS, PASSES, BATCH = 128, 256, 8, 4
"""Of a finder: at least so many steps of training; more where the images are many, each seen about eight times, and at least once."""
PIXEL_STEPS: Final = 30
LIMIT_MINUTES: Final = 20.0
AT_ONCE: Final = 500
WAIT_S: Final = 0.5
Annotations = Sequence[Mapping[str, Any]]


def learned_here(model: RegisteredModel) -> Mapping[str, Any] | None:
    """Return the config of a model of ours that sees colours, whose answers about labeled images may be learned by heart, else None."""
    checkpoint = answering_checkpoint(model) if model.kind == ModelKind.INTERNAL else None
    return None if checkpoint is None or checkpoint.config.get("bands") is not None else checkpoint.config


def said_out_of_fold(
    context: RunContext, campaign: Campaign, model: RegisteredModel, image_ids: Collection[int], document: Mapping[str, Any]
) -> dict[int, Annotations]:
    """Return by image what a head that did not learn from it says of it; images that cannot be read are left out.

    ``document``: the config of ``model``, which tells the labels and the size. Raises InvalidInput where a fold has nothing to learn.
    """
    labeled = latest_labeled(campaign)
    fold = _fold_of(labeled, image_ids)
    found: dict[int, Annotations] = {}
    for number in range(FOLDS):
        asked = [image for image in image_ids if fold[image] == number]
        taught = [each for each in labeled if fold.get(each.image.pk) != number]
        context.progress(message=f"Learning without one part of the images, {number + 1} of {FOLDS}", force=True)
        with brief_folder() as work:
            config = _config(campaign, document, len(taught))
            trained = family_of(campaign).load()(job_of(campaign, config, work, labeled=taught), Patience(context))
            if context.should_stop():
                raise RunCancelled
            if trained.useful:
                found.update(_asked(context, model, trained, asked, _rules(model, campaign, trained)))
    return found


def _fold_of(labeled: Sequence[LabeledImage], image_ids: Collection[int]) -> dict[int, int]:
    """Deal the images round the folds by chance; what teaches by areas alone is in none, what teaches nothing in any."""
    whole = {each.image.pk for each in labeled if each.areas is None}
    dealt = np.random.default_rng(SEED).permutation(sorted(set(image_ids) | whole)).tolist()
    return {image: place % FOLDS for place, image in enumerate(dealt)}


def _config(campaign: Campaign, document: Mapping[str, Any], images: int) -> TrainingConfig:
    """Return how the folds are trained: on the labels and at the size of the model, from zero, and briefly."""
    family = family_of(campaign)
    a_pass = math.ceil(images / BATCH)
    passes = max(1, round(min(MOST_STEPS, max(LEAST_STEPS, PASSES * a_pass)) / max(1, a_pass)))
    epochs = PIXEL_STEPS if family.name == "semantic segmentation" else passes
    kept = {name: document[name] for name in ("size", "labels", "unlabeled", "seed") if name in document}
    return family.config_from(
        {**kept, "method": "fast_head", "epochs": epochs, "patience": epochs, "minutes": LIMIT_MINUTES, "validation": 0}
    )


def _rules(model: RegisteredModel, campaign: Campaign, trained: Trained) -> DraftRules:
    """Return which labels a fold's classes stand for; its confidences are its own, and so no threshold of the model's is asked of them."""
    labels = {place: each.label for place, each in enumerate(trained.classes) if each.label}
    return replace(draft_rules(model, campaign), labels=labels, thresholds={}, model_threshold=None)


def _asked(
    context: RunContext, model: RegisteredModel, trained: Trained, image_ids: Sequence[int], rules: DraftRules
) -> Iterator[tuple[int, Annotations]]:
    from inference.protocols.local import load_predictor  # torch comes with it

    with LocalAsker(Plan(model, rules), load_predictor(path=trained.best, card=model_card(model))) as asker:
        for start in range(0, len(image_ids), AT_ONCE):
            images = list(images_by_id(list(image_ids[start : start + AT_ONCE])).values())
            while images or asker.in_flight:
                context.progress()
                asker.submit(images[: asker.appetite])
                images = images[asker.appetite :]
                for each in asker.collect(most=AT_ONCE, within_s=WAIT_S):
                    if isinstance(each, Answered) and isinstance(each.answer.drafts, list):
                        yield each.image_id, each.answer.drafts
