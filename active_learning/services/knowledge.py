"""Gather what a pool is ranked by: embeddings, and what a model says of its images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from active_learning.acquisition.strategies import Strategy
from active_learning.acquisition.values import Floats
from active_learning.models import Round
from active_learning.services.answers import Answers, answers_of_classes, read_answers
from active_learning.services.embeddings import EmbeddedImages, ensure_embeddings
from active_learning.services.ranking import Known, Vectors
from active_learning.services.registration import best_checkpoint
from active_learning.services.truth import held_back
from campaigns.errors import Conflict
from campaigns.models import Campaign, Image, ImageState, Split, Task
from campaigns.querysets import ImageQuerySet
from campaigns.runs import RunContext
from inference.services import predict_pool
from inference.services.local import load_predictor
from models_registry.models import ModelKind, RegisteredModel
from models_registry.networks.backbones import DEFAULT_SIZE

EMBEDDED_FIELDS = ("pk", "sha256", "path")

NOT_LABELED = (ImageState.UNLABELED, ImageState.EXCLUDED)


def pool_of(campaign: Campaign) -> ImageQuerySet:
    """Return the images not yet labeled that may be asked; the test split is never asked."""
    pool: ImageQuerySet = Image.objects.filter(campaign=campaign).pool()
    return pool


def labeled_of(campaign: Campaign) -> ImageQuerySet:
    """Return the images that people labeled, but for those held back."""
    labeled: ImageQuerySet = Image.objects.filter(campaign=campaign).exclude(state__in=NOT_LABELED).exclude(split=Split.TEST)
    return labeled


def ids_of(images: ImageQuerySet) -> tuple[int, ...]:
    """Return the images' ids, ascending: the order in which a ranking breaks ties."""
    return tuple(images.order_by("pk").values_list("pk", flat=True))


def embed(context: RunContext, campaign: Campaign, images: ImageQuerySet, *, size: str = DEFAULT_SIZE) -> EmbeddedImages:
    """Return the embeddings of images, in the order of their ids; those that are missing are computed."""
    return ensure_embeddings(context, campaign, list(images.order_by("pk").only(*EMBEDDED_FIELDS)), size=size)


@dataclass(frozen=True, eq=False)
class RoundModel:
    """The model that a round ranks by. ``head_size``: of a head on stored embeddings, the backbone's size; empty for all others."""

    model: RegisteredModel
    head_size: str = ""


def model_of(round_: Round) -> RoundModel | None:
    """Return the round's model in the version that the round was started with."""
    model = round_.model
    if model is None:
        return None
    model.version = round_.model_version
    checkpoint = best_checkpoint(model) if model.kind == ModelKind.INTERNAL else None
    classifies = round_.campaign.task == Task.CLASSIFICATION
    frozen = classifies and checkpoint is not None and checkpoint.config.get("method") == "fast_head"
    return RoundModel(model, str(checkpoint.config.get("size", DEFAULT_SIZE)) if frozen and checkpoint is not None else "")


def know_pool(context: RunContext, round_: Round, strategy: Strategy, *, prefill: bool) -> Known:
    """Gather what the strategy goes by; what is there already is not computed again.

    Raises Conflict where the model answers about no image at all.
    """
    campaign, asked = round_.campaign, model_of(round_)
    pool = pool_of(campaign)
    size = asked.head_size if asked is not None and asked.head_size else DEFAULT_SIZE
    wants_answers = asked is not None and strategy.reads("probabilities")
    embedded = None
    if "embeddings" in strategy.needs or (wants_answers and asked is not None and asked.head_size):
        embedded = embed(context, campaign, pool, size=size)
    answers = _answers(context, campaign, asked, pool, embedded, prefill=prefill) if asked is not None and wants_answers else None
    return Known(
        pool=ids_of(pool),
        answers=answers,
        vectors=None if embedded is None else Vectors(embedded.image_ids, embedded.matrix),
        labeled=_labeled_vectors(context, campaign, size) if embedded is not None else None,
        failures=dict(embedded.failures) if embedded is not None else {},
    )


def _labeled_vectors(context: RunContext, campaign: Campaign, size: str) -> Floats:
    return embed(context, campaign, labeled_of(campaign), size=size).matrix


def _answers(
    context: RunContext, campaign: Campaign, asked: RoundModel, pool: ImageQuerySet, embedded: EmbeddedImages | None, *, prefill: bool
) -> Answers:
    """Return what the model says of the pool: a head is asked at once, any other model image by image, its answers kept."""
    if asked.head_size and embedded is not None:
        return _head_answers(campaign, asked.model, embedded)
    context.progress(message=f"{asked.model.name} looks at the pool", force=True)
    result = predict_pool(context, model=asked.model, image_ids=ids_of(pool), campaign=campaign, prefill=prefill)
    if result.failed:
        context.log(result.complaint)
    if result.failed and not result.answered + result.skipped:
        raise Conflict(result.complaint, code="model_unanswered")
    return read_answers(campaign=campaign, model=asked.model, version=asked.model.version, images=pool)


def _head_answers(campaign: Campaign, model: RegisteredModel, embedded: EmbeddedImages) -> Answers:
    from inference.protocols.local import ClassifierPredictor  # beside torch, which the web process never sees

    predictor = load_predictor(model)
    assert isinstance(predictor, ClassifierPredictor)
    return answers_of_classes(embedded.image_ids, predictor.probabilities(embedded.keys), campaign=campaign, model=model)


def answer(context: RunContext, round_: Round, image_ids: list[int], *, prefill: bool) -> None:
    """Let the round's model answer about images that it has not answered about, and draft its answers."""
    asked = model_of(round_)
    if asked is not None and image_ids:
        predict_pool(context, model=asked.model, image_ids=image_ids, campaign=round_.campaign, prefill=prefill)


def answer_held_back(context: RunContext, round_: Round) -> None:
    """Let the round's model answer about the held-back images; nothing is drafted on them, lest a draft becomes the truth."""
    context.progress(message="Measuring on the held-back images", force=True)
    answer(context, round_, list(ids_of(held_back(round_.campaign))), prefill=False)


def embedded_truth(context: RunContext, campaign: Campaign, images: ImageQuerySet, truth: Mapping[int, object]) -> EmbeddedImages:
    """Return the embeddings of those images whose truth is known."""
    rows = [image for image in images.order_by("pk").only(*EMBEDDED_FIELDS) if image.pk in truth]
    return ensure_embeddings(context, campaign, rows, message="Measuring on the held-back images")
