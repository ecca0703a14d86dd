"""Gather what a pool is ranked by: embeddings, and what a model says of its images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from active_learning.acquisition.strategies import Strategy
from active_learning.acquisition.values import Floats
from active_learning.acquisition.weighing import Weighing
from active_learning.models import Round
from active_learning.services.answers import Answers, answers_of_classes, label_columns, read_answers
from active_learning.services.committees import other_models, with_committee, with_draws, with_members, with_unlike_objects
from active_learning.services.costs import expected_seconds, label_counts, mean_cardinality
from active_learning.services.embeddings import EmbeddedImages, ensure_embeddings
from active_learning.services.mirrors import with_mirror
from active_learning.services.objects import KNOWN_IMAGES, ObjectLooks, found_by, weights_of_labels
from active_learning.services.ranking import Known, Vectors
from active_learning.services.registration import best_checkpoint
from active_learning.services.truth import held_back
from campaigns.errors import Conflict
from campaigns.models import Campaign, Image, ImageState, Split, Task
from campaigns.querysets import ImageQuerySet
from campaigns.runs import RunContext
from inference.services import load_ensemble, predict_pool, require_unchanged
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


def embed(context: RunContext, campaign: Campaign, images: ImageQuerySet, *, size: str | None = None) -> EmbeddedImages:
    """Return the embeddings of images, in the order of their ids; those that are missing are computed.

    ``size``: of the installed backbone, which heads look through; None takes the backbone that the campaign chose.
    """
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
    return round_model(model, round_.campaign)


def round_model(model: RegisteredModel, campaign: Campaign) -> RoundModel:
    """Return a model in its version, with the size of its backbone where it is a head on stored embeddings."""
    checkpoint = best_checkpoint(model) if model.kind == ModelKind.INTERNAL else None
    classifies = campaign.task == Task.CLASSIFICATION
    config = checkpoint.config if checkpoint is not None else {}
    frozen = classifies and config.get("method") == "fast_head" and config.get("bands") is None  # those of bands are in another space
    return RoundModel(model, str(config.get("size", DEFAULT_SIZE)) if frozen else "")


def know_pool(context: RunContext, round_: Round, strategy: Strategy, *, prefill: bool, weighing: Weighing | None = None) -> Known:
    """Gather what the strategy goes by; what is there already is not computed again.

    Raises Conflict where the model answers about no image at all.
    """
    campaign, asked = round_.campaign, model_of(round_)
    pool = pool_of(campaign)
    size = asked.head_size if asked is not None and asked.head_size else None
    weighing = weighing or Weighing()
    wants_answers = asked is not None and (strategy.reads("probabilities") or weighing.cost or weighing.balance or weighing.unsure)
    embedded = None
    if "embeddings" in strategy.needs or weighing.no_twins or (wants_answers and asked is not None and asked.head_size):
        embedded = embed(context, campaign, pool, size=size)
    answers = None
    if asked is not None and wants_answers:
        answers = _doubted(context, round_, strategy, asked, pool, embedded, prefill=prefill).finite()
    known = Known(
        pool=ids_of(pool),
        answers=answers,
        vectors=None if embedded is None else Vectors(embedded.image_ids, embedded.matrix),
        labeled=_labeled_vectors(context, campaign, size) if embedded is not None else None,
        cardinality=mean_cardinality(campaign) if strategy.several else None,
        failures=dict(embedded.failures) if embedded is not None else {},
    )
    return known if answers is None or asked is None else _with_costs(context, campaign, strategy, asked, known, answers)


def _with_costs(context: RunContext, campaign: Campaign, strategy: Strategy, asked: RoundModel, known: Known, answers: Answers) -> Known:
    """Add what the campaign's people and objects tell: seconds, label counts, and what the objects look like."""
    described = None
    if strategy.reads("instances") and answers.probabilities is None:
        found = found_by(campaign, asked.model, answers.image_ids)
        described = partial(ObjectLooks, context, found)
    return replace(
        known,
        seconds=expected_seconds(campaign, answers),
        label_counts=label_counts(campaign, answers.label_ids),
        instances=described,
    )


def _doubted(
    context: RunContext, round_: Round, strategy: Strategy, asked: RoundModel, pool: ImageQuerySet, embedded: EmbeddedImages | None, *,
    prefill: bool,
) -> Answers:  # fmt: skip
    """Return the model's answers with what the strategy reads besides them."""
    campaign, model = round_.campaign, asked.model
    if strategy.reads("difficulty"):
        answer(context, round_, list(ids_of(labeled_of(campaign))[-KNOWN_IMAGES:]), prefill=False)
    answers = _answers(context, campaign, asked, pool, embedded, prefill=prefill)
    if strategy.reads("difficulty") and answers.probabilities is None:
        columns = label_columns(campaign, model)
        weights = weights_of_labels(campaign, model, model.version, labeled_of(campaign), columns.label_ids, columns.columns)
        answers = read_answers(campaign=campaign, model=model, version=model.version, images=pool, weights=weights)
    if strategy.reads("head"):
        answers = _with_draws(context, campaign, strategy, asked, answers, embedded, seed=round_.seed)
    if strategy.reads("committee"):
        answers = _with_committee(context, campaign, asked, answers)
    return with_mirror(context, campaign, answers, model, strategy) if strategy.reads("flip") else answers


def draws(model: RoundModel) -> bool:
    """Say whether a model gives several answers about one image: a head whose features can be dropped, or an ensemble."""
    return bool(model.head_size) or model.model.kind == ModelKind.ENSEMBLE


def _with_draws(
    context: RunContext, campaign: Campaign, strategy: Strategy, asked: RoundModel, answers: Answers, embedded: EmbeddedImages | None, *,
    seed: int,
) -> Answers:  # fmt: skip
    if asked.head_size and embedded is not None:
        return with_draws(answers, strategy, asked.model, embedded, seed=seed)
    if "head" not in strategy.needs:
        return answers
    if not draws(asked):
        raise Conflict(no_draws(strategy, asked.model.name), code="no_head")
    members = [member.model for member in load_ensemble(asked.model).members]
    return with_members(answers, _answers_of(context, campaign, members).values())


def no_draws(strategy: Strategy, name: str) -> str:
    """Say what a strategy lacks that compares several answers of one model."""
    return (
        f"{strategy.title} drops features of a fast head, or compares the members of an ensemble, and {name} is neither. "
        "Train a fast head, make an ensemble, or take a committee."
    )


def _with_committee(context: RunContext, campaign: Campaign, asked: RoundModel, answers: Answers) -> Answers:
    others = _answers_of(context, campaign, other_models(campaign, asked.model))
    if answers.probabilities is not None:
        return with_committee(answers, others.values())
    models = [asked.model, *(model for model in other_models(campaign, asked.model) if model.pk in others)]
    return with_unlike_objects(campaign, answers, models)


def _answers_of(context: RunContext, campaign: Campaign, models: Iterable[RegisteredModel]) -> dict[int, Answers]:
    """Return what other models say of the pool, by model; those that are silent take no part, which the run's log tells."""
    pool, found = pool_of(campaign), dict[int, Answers]()
    for model in models:
        member = round_model(model, campaign)
        embedded = embed(context, campaign, pool, size=member.head_size) if member.head_size else None
        try:
            found[model.pk] = _answers(context, campaign, member, pool, embedded, prefill=False).finite()
        except Conflict as silent:
            context.log(f"{model.name} takes no part: {silent}")
    return found


def _labeled_vectors(context: RunContext, campaign: Campaign, size: str | None) -> Floats:
    return embed(context, campaign, labeled_of(campaign), size=size).matrix


def _answers(
    context: RunContext, campaign: Campaign, asked: RoundModel, pool: ImageQuerySet, embedded: EmbeddedImages | None, *, prefill: bool
) -> Answers:
    """Return what the model says of the pool: a head is asked at once, any other model image by image, its answers kept."""
    if asked.head_size and embedded is not None:
        return _head_answers(campaign, asked.model, embedded)
    context.progress(message=f"{asked.model.name} looks at the pool", force=True)
    require_unchanged(asked.model)
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
        require_unchanged(asked.model)
        predict_pool(context, model=asked.model, image_ids=image_ids, campaign=round_.campaign, prefill=prefill)


def answer_held_back(context: RunContext, round_: Round) -> None:
    """Let the round's model answer about the held-back images; nothing is drafted on them, lest a draft becomes the truth."""
    context.progress(message="Measuring on the held-back images", force=True)
    answer(context, round_, list(ids_of(held_back(round_.campaign))), prefill=False)


def embedded_truth(context: RunContext, campaign: Campaign, images: ImageQuerySet, truth: Mapping[int, object]) -> EmbeddedImages:
    """Return the embeddings of those images whose truth is known."""
    rows = [image for image in images.order_by("pk").only(*EMBEDDED_FIELDS) if image.pk in truth]
    return ensure_embeddings(context, campaign, rows, message="Measuring on the held-back images")
