"""Rounds: rank the pool, ask people in that order, train, once more.

A round is one run that goes on where it was after any crash: train (if asked) → embed what the strategy needs →
let the model answer about the pool → rank → write the ranking → open → measure. The steps before ``open`` are
idempotent by what they write (checkpoint, embedding, prediction by model version); ``open`` is one transaction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from active_learning.acquisition.strategies import Strategy, default_strategy
from active_learning.acquisition.weighing import Weighing
from active_learning.models import RankedImage, Round, RoundState
from active_learning.services.abstention import require_spans, unsure_among
from active_learning.services.agreements import measure_agreement
from active_learning.services.answers import Answers
from active_learning.services.areas import write_areas
from active_learning.services.audits import forget_waiting, keep_picks, picked_in, predictions
from active_learning.services.committees import LEAST_MEMBERS
from active_learning.services.doubting import doubt_later
from active_learning.services.evaluation import evaluate_round, labels_behind
from active_learning.services.kinds import kind_of
from active_learning.services.knowledge import answer, draws, know_pool, labeled_of, no_draws, pool_of, round_model
from active_learning.services.ranking import rank, strategy_for, strategy_named, write_priorities, write_ranking
from active_learning.services.snapshots import latest_areas
from active_learning.services.training import check_training, train_now
from campaigns.errors import Conflict, InvalidInput, NotFound
from campaigns.models import UNFINISHED, Campaign, ImageState, Run, User
from campaigns.permissions import MANAGE, require_role
from campaigns.runs import RunContext, enqueue_run
from inference.services import renew_version
from models_registry.models import CampaignModel, RegisteredModel
from models_registry.services.current import answering, current_model

KIND = "round"
DEFAULT_STRATEGY = "uherding"
MOST_IMAGES = 1_000_000
AUDIT_SHARE = 0.05
MOST_AREAS = 20
# A head on stored embeddings ranks a pool without its answers being stored. As many as people may reach before the next
# round get theirs, with drafts; writing those of 50,000 images would hold up the next training by a minute.
ANSWERED_AHEAD = 5000


@dataclass(frozen=True)
class RoundOptions:
    """What a person may ask of a round besides strategy, size, model and seed.

    ``train``: train a model on what is labeled first, and rank by that one; ``training``: how, as a training's document.
    ``prefill``: draft the model's answers on the images of the round. ``audit_share``: part of the round that is drawn
    at random, 0 to 0.5, so that the accuracy among hard images can be told from that among all. ``cost_aware``: prefer
    images that are quick to label, ``balanced``: those of rare labels, ``no_twins``: put near duplicates off, ``unsure``: those first that
    the model leaves to people, by the spans that are saved with it. ``areas``: in
    how many places of an image the labeling page begins, 0 to 20; ``superpixels``: there, parts that hold together instead of squares.
    """

    train: bool = False
    training: Mapping[str, Any] = field(default_factory=dict)
    prefill: bool = True
    audit_share: float = AUDIT_SHARE
    cost_aware: bool = False
    balanced: bool = False
    no_twins: bool = False
    unsure: bool = False
    areas: int = 0
    superpixels: bool = False

    def __post_init__(self) -> None:
        if not (isinstance(self.areas, int) and 0 <= self.areas <= MOST_AREAS):
            raise InvalidInput(f"areas lies between 0 and {MOST_AREAS}.", code="invalid_round")
        if not (isinstance(self.audit_share, int | float) and math.isfinite(self.audit_share) and 0 <= self.audit_share <= 0.5):
            raise InvalidInput("audit_share must lie between 0 and 0.5.", code="invalid_round")
        if self.training and not self.train:
            raise InvalidInput("training says how to train; send train: true with it.", code="invalid_round")
        if self.unsure and self.train:
            raise InvalidInput(
                "What a model leaves to people is told by the spans saved with it, and one that is trained now has none. "
                "Rank by a model that has some.",
                code="invalid_round",
            )


def start_round(
    *,
    user: User,
    campaign: Campaign,
    strategy: str = DEFAULT_STRATEGY,
    size: int,
    model: RegisteredModel | None = None,
    seed: int = 0,
    options: RoundOptions | None = None,
) -> Round:
    """Queue the next round: its run ranks the pool and opens it, which closes the one before.

    Raises NotAllowed for who does not manage the campaign, Conflict while another round is being made, InvalidInput
    where there is nothing to rank or nothing to rank by.
    """
    require_role(user, campaign, MANAGE)
    options = options or RoundOptions()
    chosen = strategy_for(campaign, strategy)
    if not 1 <= size <= MOST_IMAGES:
        raise InvalidInput(f"A round asks for 1 to {MOST_IMAGES:,} images.", code="invalid_round")
    model = _model_for(chosen, campaign, model, options)
    if not pool_of(campaign).exists():
        raise InvalidInput(_why_empty(campaign), code="pool_is_empty")
    if model is not None:
        renew_version(model)
    with transaction.atomic():
        Campaign.objects.select_for_update().get(pk=campaign.pk)
        _settle_unfinished(campaign)
        number = (Round.objects.filter(campaign=campaign).aggregate(last=Max("number"))["last"] or 0) + 1
        run = enqueue_run(user=user, kind=KIND, campaign=campaign, params={"round": number, **asdict(options)})
        return Round.objects.create(
            campaign=campaign, number=number, strategy=chosen.name, size=size, seed=seed, model=model,
            model_version=model.version if model else "", run=run, created_by=user,
        )  # fmt: skip


def _why_empty(campaign: Campaign) -> str:
    """Say why there is nothing to rank, and what to do."""
    if not campaign.images.exists():
        return "There are no images yet. Add some first."
    return "Every image is labeled already; add images, or train on what there is."


def _model_for(strategy: Strategy, campaign: Campaign, model: RegisteredModel | None, options: RoundOptions) -> RegisteredModel | None:
    """Return the model to rank by: the one named, else the campaign's current one where the strategy makes use of one."""
    if options.train:
        if model is not None:
            raise InvalidInput("Name a model to rank by, or train one; not both.", code="invalid_round")
        _require_labels(campaign)
        check_training(campaign, options.training)
        if "head" in strategy.needs and options.training.get("method", "fast_head") != "fast_head":
            raise InvalidInput(no_draws(strategy, "a fine-tuned network"), code="no_head")
        _require_committee(strategy, answering(campaign).count() + 1)
        return None
    if model is not None and not answering(campaign).filter(model=model).exists():
        raise InvalidInput("This model is not attached to the campaign. Attach it first.", code="model_not_attached")
    weighs = options.cost_aware or options.balanced or options.unsure
    chosen = model or (current_model(campaign) if strategy.reads("model") or weighs else None)
    if chosen is None and ("model" in strategy.needs or weighs):
        what = f"{strategy.title} ranks" if "model" in strategy.needs else "What is quick to label, has rare labels or is unsure is told"
        raise InvalidInput(
            f"{what} by a model's answers, and the campaign has no model yet. "
            "Attach one, train one, or begin with MaxHerding or TypiClust, which need none.",
            code="no_model",
        )
    if options.unsure and chosen is not None:
        require_spans(CampaignModel.objects.select_related("campaign").get(campaign=campaign, model=chosen))
    _require_committee(strategy, answering(campaign).count())
    if chosen is not None and "head" in strategy.needs and not draws(round_model(chosen, campaign)):
        raise InvalidInput(no_draws(strategy, chosen.name), code="no_head")
    return chosen


def _require_committee(strategy: Strategy, models: int) -> None:
    if "committee" in strategy.needs and models < LEAST_MEMBERS:
        raise InvalidInput(
            f"{strategy.title} compares models, and the campaign has fewer than two. Attach or train another.", code="no_committee"
        )


def default_for(campaign: Campaign) -> str:
    """Return what to rank by in a campaign when nobody chooses."""
    return default_strategy(kind_of(campaign), labeled=labeled_of(campaign).count())


def _require_labels(campaign: Campaign) -> None:
    if not campaign.images.filter(state__in=(ImageState.SUBMITTED, ImageState.ACCEPTED)).exists() and not latest_areas(campaign):
        raise InvalidInput("Nothing is labeled yet; open the first round without training.", code="no_labels")


def _settle_unfinished(campaign: Campaign) -> None:
    """Let a round whose run has ended without opening it count as failed; refuse while one is on its way."""
    waiting = Round.objects.filter(campaign=campaign, state=RoundState.RANKING)
    busy = waiting.filter(run__state__in=UNFINISHED).first()
    if busy is not None:
        raise Conflict(f"Round {busy.number} is being made. Wait for its run {busy.run_id}, or cancel it.", code="round_in_progress")
    waiting.update(state=RoundState.FAILED)


def state_of(round_: Round) -> str:
    """Return where a round stands; one whose run ended before it opened has failed."""
    if round_.state == RoundState.RANKING and (round_.run is None or round_.run.state not in UNFINISHED):
        return RoundState.FAILED.value
    return str(round_.state)


def execute_round(context: RunContext) -> dict[str, object]:
    """Carry out a round's run; called again after a crash, it goes on where it was, and an open round stays as it is."""
    round_ = _round_of(context.run)
    _require_latest(round_)
    options = RoundOptions(**{name: value for name, value in context.run.params.items() if name != "round"})
    if round_.state in (RoundState.RANKING, RoundState.FAILED):
        _make(context, round_, options)
    context.progress(message="Drafting what may be asked next", force=True)
    answer(context, round_, _first_ids(round_, max(round_.size, ANSWERED_AHEAD)), prefill=options.prefill)
    evaluation = evaluate_round(context, round_)
    doubting = doubt_later(round_.campaign)
    return {
        "round": round_.number,
        "pool_size": round_.pool_size,
        "model": round_.model_id,
        "evaluation": evaluation.metrics if evaluation is not None else None,
        "doubts": doubting.pk if doubting is not None else None,
    }


def _require_latest(round_: Round) -> None:
    """Raise Conflict for another try at a round that a later one has come after: it would close the later one."""
    if round_.state in (RoundState.RANKING, RoundState.FAILED):
        later = Round.objects.filter(campaign=round_.campaign_id, number__gt=round_.number).exclude(state=RoundState.FAILED).first()
        if later is not None:
            raise Conflict(f"Round {later.number} came after this one. Begin another round instead.", code="round_is_outdated")


def _first_ids(round_: Round, count: int) -> list[int]:
    return list(RankedImage.objects.filter(round=round_, rank__lte=count).order_by("rank").values_list("image_id", flat=True))


def _round_of(run: Run) -> Round:
    round_ = Round.objects.select_related("campaign", "model").filter(run=run).first()
    if round_ is None:
        raise NotFound("The round of this run was removed.")
    return round_


def _make(context: RunContext, round_: Round, options: RoundOptions) -> None:
    """Do everything up to the open round. The images that it asks for have their drafts by then; the others get them later."""
    if options.train and round_.model is None:
        training = {"name": f"Round {round_.number}", "seed": round_.seed, **options.training}
        _adopt(round_, train_now(context, round_.campaign, training))
    strategy = strategy_named(round_.strategy)
    weighing = Weighing(cost=options.cost_aware, balance=options.balanced, no_twins=options.no_twins, unsure=options.unsure)
    known = know_pool(context, round_, strategy, prefill=options.prefill, weighing=weighing)
    context.progress(message="Ranking the pool", force=True)
    places = rank(
        known, strategy=strategy, size=round_.size, seed=round_.seed, audit_share=options.audit_share, weighing=weighing,
        unsure=left_to_people(round_, known.answers) if options.unsure else None,
    )  # fmt: skip
    places = write_ranking(round_, places, check=context.flush)
    labeled = labels_behind(round_.model, round_.campaign) if round_.model is not None else 0
    measure_agreement(round_, known.answers, labeled=labeled)
    picks = picked_in(places)
    forget_waiting(round_.campaign, but=round_)
    keep_picks(round_, picks, predicted=predictions(known.answers, picks), labeled=labeled)
    first = [place.image_id for place in places[: round_.size]]
    answer(context, round_, first, prefill=options.prefill)
    write_areas(context, round_, limit=options.areas, by_superpixels=options.superpixels)
    open_round(round_, pool_size=len(places))


def left_to_people(round_: Round, answers: Answers | None) -> frozenset[int]:
    """Return the images of which the round's model is unsure by its saved spans; none where it was detached since."""
    attached = CampaignModel.objects.select_related("campaign", "model").filter(campaign=round_.campaign, model=round_.model).first()
    return frozenset() if attached is None else frozenset(unsure_among(attached, answers))


def _adopt(round_: Round, model: RegisteredModel) -> None:
    round_.model, round_.model_version = model, model.version
    round_.save(update_fields=["model", "model_version"])


def open_round(round_: Round, *, pool_size: int) -> None:
    """Let the labeling queue follow the round's ranking and close the round before, in one transaction."""
    now = timezone.now()
    with transaction.atomic():
        opened = Round.objects.filter(pk=round_.pk, state__in=(RoundState.RANKING, RoundState.FAILED))
        if not opened.update(state=RoundState.OPEN, pool_size=pool_size, opened_at=now):
            raise Conflict("This round is open or closed already.", code="round_is_open")
        earlier = Round.objects.filter(campaign=round_.campaign_id, state=RoundState.OPEN).exclude(pk=round_.pk)
        earlier.update(state=RoundState.CLOSED, closed_at=now)
        write_priorities(round_, pool_size)
    round_.refresh_from_db()
