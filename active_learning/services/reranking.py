"""Rank an open round again after a few labels: refit the fast head on stored embeddings, and let the queue follow at once.

No model is registered and nothing is drafted: what is new is the order of the images that wait. The head is fitted in memory, so
a run that dies leaves nothing half done, and the next attempt begins anew. Tasks without a fast head are ranked again by what is
stored of them, the model's last answers and the embeddings, now that more images are labeled.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from active_learning.acquisition.strategies import STRATEGIES, Strategy
from active_learning.models import RankedImage, Round, RoundPlan, RoundState
from active_learning.services.agreements import measure_agreement
from active_learning.services.answers import Answers, read_answers
from active_learning.services.audits import keep_picks, picked_in, predictions, with_picks
from active_learning.services.embeddings import EmbeddedImages
from active_learning.services.evaluation import HEAD_DECAY, HEAD_STEPS, evaluate_head
from active_learning.services.knowledge import embed, ids_of, labeled_of, model_of, pool_of
from active_learning.services.plans import new_labels, newest_revision, plan_of
from active_learning.services.ranking import Known, Place, Vectors, rank, strategy_named, write_rows
from active_learning.services.rounds import AUDIT_SHARE, RoundOptions, start_round
from active_learning.services.rounds import KIND as ROUND
from active_learning.services.snapshots import latest_revisions, pictures_of
from active_learning.services.truth import whole_labels
from active_learning.training.families import FAMILIES
from active_learning.training.fast_head import Examples, fit_head, fit_temperature
from campaigns.errors import Conflict, DomainError, NotFound
from campaigns.models import UNFINISHED, Campaign, Image, ImageState, Label, Revision, Run, Task
from campaigns.options import CampaignOptions
from campaigns.runs import RunContext
from models_registry.networks.heads import LinearHead

LEAST_FIRST: Final = 2000  # places that a new ranking writes at least; nobody labels as many before the next one
VALIDATED: Final = 5  # one in so many labeled images tells the temperature
LEAST_VALIDATED: Final = 20
COVERAGE: Final = "maxherding"


@dataclass(frozen=True, eq=False)
class Head:
    """A head fitted on what people labeled: its columns are labels of the campaign."""

    linear: LinearHead
    label_ids: tuple[int, ...]
    names: tuple[str, ...]
    labeled: int

    def answers(self, image_ids: tuple[int, ...], vectors: Any) -> Answers:
        """Return what it says of images by their embeddings."""
        said = self.linear.probabilities(vectors).astype(np.float64)
        if not self.linear.multi_label:
            said /= said.sum(axis=1, keepdims=True)
        return Answers(image_ids, self.label_ids, self.names, said, multi_label=self.linear.multi_label)


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
    known, head = _know(context, campaign, round_)
    context.progress(message="Ranking the images that wait", force=True)
    done, count = _labeled_in(round_), len(known.pool)
    strategy = _strategy(round_, known)
    first = max(LEAST_FIRST, round_.size, 4 * plan.every)
    seed = round_.seed + newest
    places = rank(known, strategy=strategy, size=max(plan.every, min(round_.size, first)), seed=seed, audit_share=0)
    held, others = _held(round_, places)
    share, rng = _audit_share(round_, strategy), np.random.default_rng([seed, 1])
    places = [*held, *with_picks(round_, others, first=first, done=done + len(held), share=share, rng=rng)]
    labeled = head.labeled if head is not None else labeled_of(campaign).count()
    picks = picked_in(places)
    rewrite(round_, places)
    keep_picks(round_, picks, predicted=predictions(known.answers if head is not None else None, picks), labeled=labeled)
    _remember(plan, newest)
    since = _seconds_since(newest)
    context.log(f"ranked {count} images by {strategy.name} with {labeled} labels in {time.monotonic() - began:.2f} s")
    _measure(context, round_, known, head, labeled)
    return {
        "round": round_.number, "labeled": labeled, "ranked": count, "strategy": strategy.name, "refitted": head is not None,
        "seconds": round(time.monotonic() - began, 3), "seconds_since_label": since,
    }  # fmt: skip


def _without_round(campaign: Campaign, plan: RoundPlan, round_: Round | None) -> dict[str, object]:
    """Begin the first round where none is open; where nothing waits, there is nothing to rank."""
    if round_ is not None or not pool_of(campaign).exists():
        return {"ranked": 0, "message": "Every image is labeled."}
    if plan.set_by is None or Run.objects.filter(campaign=campaign, kind=ROUND, state__in=UNFINISHED).exists():
        return {"ranked": 0, "message": "No round is open."}
    options = RoundOptions(train=campaign.task in FAMILIES and campaign.task == Task.CLASSIFICATION)
    began = start_round(user=plan.set_by, campaign=campaign, strategy=plan.strategy, size=plan.size, options=options)
    return {"ranked": 0, "round": began.number, "message": f"No round was open; round {began.number} began."}


def _remember(plan: RoundPlan, newest: int) -> None:
    RoundPlan.objects.filter(pk=plan.pk, last_revision__lt=newest).update(last_revision=newest)


def _seconds_since(revision: int) -> float | None:
    at = Revision.objects.filter(pk=revision).values_list("created_at", flat=True).first()
    return round((timezone.now() - at).total_seconds(), 2) if at else None


def _labeled_in(round_: Round) -> int:
    return RankedImage.objects.filter(round=round_).exclude(image__state=ImageState.UNLABELED).count()


def _held(round_: Round, places: Sequence[Place]) -> tuple[list[Place], list[Place]]:
    """Part a ranking into the images that people have open now, which stay in front as they were, and all others."""
    waiting = Image.objects.filter(campaign=round_.campaign_id, leased_until__gt=timezone.now(), state=ImageState.UNLABELED)
    held = set(waiting.values_list("pk", flat=True))
    before = {
        image: (parts, why)
        for image, parts, why in RankedImage.objects.filter(round=round_, image__in=held).values_list("image_id", "parts", "why")
    }
    priority = dict(waiting.values_list("pk", "priority"))
    mine = sorted((place for place in places if place.image_id in held), key=lambda place: -priority.get(place.image_id, 0.0))
    others = [place for place in places if place.image_id not in held]
    top = places[0].score if places else 0.0
    kept = []
    for place in mine:
        parts, why = before.get(place.image_id, (place.parts, place.why))
        kept.append(place._replace(score=top, parts=parts, why=why))
    return kept, others


def _audit_share(round_: Round, strategy: Strategy) -> float:
    if strategy.name == "random":
        return 0.0  # every image is drawn at random there
    return float(round_.run.params.get("audit_share", AUDIT_SHARE)) if round_.run is not None else AUDIT_SHARE


def _strategy(round_: Round, known: Known) -> Strategy:
    """Return the round's strategy; where it ranks by answers and none are stored, the images' coverage decides."""
    strategy = strategy_named(round_.strategy)
    if known.answers is None and strategy.reads("model") and "model" in strategy.needs:
        return STRATEGIES[COVERAGE]
    return strategy


def _know(context: RunContext, campaign: Campaign, round_: Round) -> tuple[Known, Head | None]:
    """Gather what the pool is ranked by, from what is stored; only the head is new."""
    asked = model_of(round_)
    size = {"size": asked.head_size} if asked is not None and asked.head_size else {}
    pool = embed(context, campaign, pool_of(campaign), **size)
    matrix = pool.matrix
    taught = embed(context, campaign, labeled_of(campaign), **size)
    vectors = taught.matrix
    head = refit(campaign, taught, vectors) if campaign.task == Task.CLASSIFICATION else None
    answers = head.answers(pool.image_ids, matrix) if head is not None else _stored_answers(campaign, round_)
    known = Known(
        pool=ids_of(pool_of(campaign)), answers=answers, vectors=Vectors(pool.image_ids, matrix), labeled=vectors,
        failures=dict(pool.failures),
    )  # fmt: skip
    return known, head


def _stored_answers(campaign: Campaign, round_: Round) -> Answers | None:
    asked = model_of(round_)
    if asked is None:
        return None
    answers = read_answers(campaign=campaign, model=asked.model, version=asked.model.version, images=pool_of(campaign))
    return answers if answers.image_ids else None


def refit(campaign: Campaign, taught: EmbeddedImages, vectors: Any) -> Head | None:
    """Fit the head on the labels at hand, its temperature on a fifth of them; None while fewer than two labels are in use."""
    entries = latest_revisions(campaign)
    said = dict(zip((image for image, _ in entries), (whole_labels(each.annotations) for each in pictures_of(entries)), strict=True))
    labels = [(label.pk, label.name) for label in Label.objects.filter(campaign=campaign)]
    multi_label = CampaignOptions.from_document(campaign.settings).multi_label
    bits = np.array([[label in said.get(image, ()) for label, _ in labels] for image in taught.image_ids], np.float32)
    bits = bits.reshape(len(taught.image_ids), len(labels))
    known = np.array([image in said for image in taught.image_ids], bool)
    rows = np.flatnonzero(known & ((bits.sum(axis=1) == 1) | multi_label))
    used = np.flatnonzero(bits[rows].any(axis=0))
    if not len(used) or (len(used) < 2 and not multi_label):
        return None
    values = bits[rows][:, used] if multi_label else bits[rows][:, used].argmax(axis=1)
    head = _fitted(Examples(vectors[rows], values), classes=len(used), multi_label=multi_label)
    return Head(head, tuple(labels[k][0] for k in used), tuple(labels[k][1] for k in used), len(rows))


def _fitted(examples: Examples, *, classes: int, multi_label: bool) -> LinearHead:
    head = fit_head(examples, classes=classes, decay=HEAD_DECAY, steps=HEAD_STEPS)
    if len(examples) < LEAST_VALIDATED:
        return head
    validated = np.arange(len(examples)) % VALIDATED == 0
    others = fit_head(examples.at(np.flatnonzero(~validated)), classes=classes, decay=HEAD_DECAY, steps=HEAD_STEPS)
    held = examples.at(np.flatnonzero(validated))
    return head.at_temperature(fit_temperature(others.logits(held.embeddings), held.values, multi_label=multi_label))


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
        fresh = [place for place in places if place.image_id not in moved]
        Image.objects.filter(pk__in=ranking.order_by().values("image"), priority__gt=base).update(priority=base)
        ranking.delete()
        write_rows(round_, [place._replace(rank=n) for n, place in enumerate([*kept, *fresh], start=1)])
        _write_priorities({place.image_id: base + len(fresh) - n for n, place in enumerate(fresh)})


def _write_priorities(priorities: Mapping[int, float]) -> None:
    table = connection.ops.quote_name(Image._meta.db_table)
    rows = [(priority, image) for image, priority in priorities.items()]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET priority = %s WHERE id = %s", rows)


def _measure(context: RunContext, round_: Round, known: Known, head: Head | None, labeled: int) -> None:
    """Measure what the labels brought; the ranking stands already, so that nobody waits for it."""
    if head is None:
        return
    measure_agreement(round_, known.answers, labeled=labeled)
    try:
        evaluate_head(context, round_, head.linear, head.label_ids, labeled=labeled)
    except DomainError as error:
        context.log(error.detail)
