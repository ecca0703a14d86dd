"""Rank an open round again after a few labels: refit the fast head on stored embeddings, and let the queue follow at once.

No model is registered: what is new is the order of the images that wait, and the drafts of the next few. The head is fitted in memory, so
a run that dies leaves nothing half done, and the next attempt begins anew. Of objects and pixels, the head of the
round's model goes on learning where it is a fast one of ours, and is asked about the images that may come next. Otherwise they are ranked
again by what is stored of them, the model's last answers and the embeddings, now that more images are labeled.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from active_learning.acquisition.strategies import STRATEGIES, Strategy
from active_learning.acquisition.weighing import Weighing
from active_learning.models import RankedImage, Round, RoundPlan, RoundState
from active_learning.progress.replay import REPLAYED
from active_learning.services.agreements import measure_agreement
from active_learning.services.audits import keep_picks, picked_in, predictions, with_picks
from active_learning.services.evaluation import evaluate_head
from active_learning.services.knowledge import pool_of
from active_learning.services.plans import new_labels, newest_revision, plan_of
from active_learning.services.ranking import Place, rank, still_there, strategy_named, write_rows
from active_learning.services.redrafting import redraft
from active_learning.services.refitting import Gathered, gather
from active_learning.services.rounds import AUDIT_SHARE, DEFAULT_STRATEGY, RoundOptions, default_for, left_to_people, start_round
from active_learning.services.rounds import KIND as ROUND
from active_learning.training.families import FAMILIES
from campaigns.errors import Conflict, DomainError, NotFound
from campaigns.models import UNFINISHED, Campaign, Image, ImageState, Revision, Run, Task
from campaigns.runs import RunContext

LEAST_FIRST: Final = 2000  # places that a new ranking writes at least; nobody labels as many before the next one
COVERAGE: Final = "maxherding"


def execute_reranking(context: RunContext) -> dict[str, object]:
    """Rank the campaign's open round again, and once more as long as enough labels came in meanwhile."""
    campaign = context.run.campaign
    if campaign is None:
        raise NotFound("The campaign of this run was removed.")
    result: dict[str, object] = {}
    while True:
        plan = plan_of(campaign)
        if plan.pk is None or not plan.every or (result and new_labels(campaign, after=plan.last_revision) < plan.every):
            return result
        result = _pass(context, campaign, plan)


def _pass(context: RunContext, campaign: Campaign, plan: RoundPlan) -> dict[str, object]:
    began = time.monotonic()
    newest = newest_revision(campaign)
    round_ = Round.objects.filter(campaign=campaign, state=RoundState.OPEN).select_related("campaign", "model").first()
    if round_ is None or not pool_of(campaign).exists():
        result = _without_round(campaign, plan, round_)
        _remember(plan, newest)
        return result
    context.progress(message="Learning from the new labels", force=True)
    seed = round_.seed + newest
    found = gather(context, campaign, round_, rng=np.random.default_rng([seed, 2]))
    context.progress(message="Ranking the images that wait", force=True)
    strategy = _strategy(round_, found)
    places = _new_order(round_, found, strategy, plan, seed=seed)
    picks = picked_in(places)
    context.flush()  # nothing is written over the order of a worker that has taken over
    rewrite(round_, places)
    keep_picks(round_, picks, predicted=predictions(found.answers if found.head is not None else None, picks), labeled=found.labeled)
    _remember(plan, newest)
    since = _seconds_since(newest)
    drafted = redraft(round_, found, places)
    context.log(f"ranked {len(found.pool)} images by {strategy.name} with {found.labeled} labels in {time.monotonic() - began:.2f} s")
    _measure(context, round_, found)
    return {
        "round": round_.number, "labeled": found.labeled, "ranked": len(found.pool), "strategy": strategy.name,
        "refitted": found.refitted, "seconds": round(time.monotonic() - began, 3), "seconds_since_label": since,
        "drafted": drafted,
    }  # fmt: skip


def _new_order(round_: Round, found: Gathered, strategy: Strategy, plan: RoundPlan, *, seed: int) -> list[Place]:
    """Return the places to write: what people have open, then the ranking with its random picks."""
    first = max(LEAST_FIRST, round_.size, 4 * plan.every)
    params = round_.run.params if round_.run is not None else {}
    weighing = Weighing(balance=bool(params.get("balanced")), no_twins=bool(params.get("no_twins")))
    size = max(plan.every, min(round_.size, LEAST_FIRST))
    unsure = left_to_people(round_, found.known.answers) if params.get("unsure") else None
    places = rank(found.known, strategy=strategy, size=size, seed=seed, audit_share=0, weighing=weighing, unsure=unsure)
    held = _held(round_, set(found.pool), top=places[0].score if places else 0.0)
    taken = {place.image_id for place in held}
    pool = [image for image in found.pool if image not in taken]
    others = [place for place in places if place.image_id not in taken]
    # By lot every image is drawn at random already.
    share = 0.0 if strategy.name == "random" else float(params.get("audit_share", AUDIT_SHARE))
    rng = np.random.default_rng([seed, 1])
    return [*held, *with_picks(round_, others, pool=pool, first=first, done=_labeled_in(round_) + len(held), share=share, rng=rng)]


def _without_round(campaign: Campaign, plan: RoundPlan, round_: Round | None) -> dict[str, object]:
    """Begin the first round where none is open; where nothing waits, there is nothing to rank."""
    if round_ is not None or not pool_of(campaign).exists():
        return {"ranked": 0, "message": "Every image is labeled."}
    if plan.set_by is None or Run.objects.filter(campaign=campaign, kind=ROUND, state__in=UNFINISHED).exists():
        return {"ranked": 0, "message": "No round is open."}
    options = RoundOptions(train=campaign.task in FAMILIES and campaign.task == Task.CLASSIFICATION)
    strategy = plan.strategy or default_for(campaign)
    began = start_round(user=plan.set_by, campaign=campaign, strategy=strategy, size=plan.size, options=options)
    return {"ranked": 0, "round": began.number, "message": f"No round was open; round {began.number} began."}


def _remember(plan: RoundPlan, newest: int) -> None:
    RoundPlan.objects.filter(pk=plan.pk, last_revision__lt=newest).update(last_revision=newest)


def _seconds_since(revision: int) -> float | None:
    at = Revision.objects.filter(pk=revision).values_list("created_at", flat=True).first()
    return round((timezone.now() - at).total_seconds(), 2) if at else None


def _labeled_in(round_: Round) -> int:
    return RankedImage.objects.filter(round=round_).exclude(image__state=ImageState.UNLABELED).count()


def _held(round_: Round, pool: set[int], *, top: float) -> list[Place]:
    """Return the images that people have open now: they stay in front, in the order and with the reasons that they had."""
    waiting = Image.objects.filter(campaign=round_.campaign_id, leased_until__gt=timezone.now(), state=ImageState.UNLABELED)
    held = [image for image in waiting.order_by("-priority", "pk").values_list("pk", flat=True) if image in pool]
    rows = RankedImage.objects.filter(round=round_, image__in=held)
    before = {image: (parts, why) for image, parts, why in rows.values_list("image_id", "parts", "why")}
    return [Place(image, 0, top, *before.get(image, ({}, ""))) for image in held]


def _strategy(round_: Round, found: Gathered) -> Strategy:
    """Return the round's strategy, or what comes nearest where a new ranking lacks what it needs."""
    strategy = strategy_named(round_.strategy)
    if found.answers is None and "model" in strategy.needs:
        return STRATEGIES[COVERAGE]
    return strategy if strategy.needs <= REPLAYED and not strategy.several else STRATEGIES[DEFAULT_STRATEGY]


def rewrite(round_: Round, places: Sequence[Place]) -> None:
    """Put the new order in the place of the old, in one short transaction: the round's labeled images first, then the new places.

    The queue follows: the new places come before all others, in their order, and who was among them before falls back behind.
    Raises Conflict where another round opened meanwhile.
    """
    with transaction.atomic():
        if not Round.objects.filter(pk=round_.pk, state=RoundState.OPEN).update(pool_size=F("pool_size")):
            raise Conflict("Another round opened meanwhile; it has its own ranking.", code="round_is_closed")
        ranking = RankedImage.objects.filter(round=round_)
        labeled = ranking.exclude(image__state=ImageState.UNLABELED).order_by("rank")
        kept = [Place(*row) for row in labeled.values_list("image_id", "rank", "score", "parts", "why")]
        base, moved = float(round_.pool_size), {place.image_id for place in kept}
        fresh = still_there([place for place in places if place.image_id not in moved])
        Image.objects.filter(pk__in=ranking.order_by().values("image"), priority__gt=base).update(priority=base)
        areas = dict(ranking.exclude(areas=[]).values_list("image_id", "areas"))
        ranking.delete()
        # The areas that were found come from the model's answers, and stay.
        ranked = enumerate([*kept, *fresh], start=1)
        write_rows(round_, [place._replace(rank=n, areas=areas.get(place.image_id, [])) for n, place in ranked])
        _write_priorities({place.image_id: base + len(fresh) - n for n, place in enumerate(fresh)})


def _write_priorities(priorities: Mapping[int, float]) -> None:
    table = connection.ops.quote_name(Image._meta.db_table)
    rows = [(priority, image) for image, priority in priorities.items()]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET priority = %s WHERE id = %s", rows)


def _measure(context: RunContext, round_: Round, found: Gathered) -> None:
    """Measure what the labels brought; the ranking stands already, so that nobody waits for it."""
    if found.head is None:
        return
    measure_agreement(round_, found.answers, labeled=found.labeled)
    try:
        evaluate_head(context, round_, found.head.linear, found.head.label_ids, labeled=found.labeled)
    except DomainError as error:
        context.log(error.detail)
