"""Rank a campaign's pool and write the ranking where the labeling queue finds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import orjson
from django.db import connection, transaction
from django.db.models import FloatField, OuterRef, Subquery, Value
from django.db.models.functions import Cast

from active_learning.acquisition import reasons
from active_learning.acquisition.audit import with_audit
from active_learning.acquisition.strategies import STRATEGIES, Strategy
from active_learning.acquisition.values import AcquisitionError, AcquisitionInput, Floats, Instances, Ranking, Rows
from active_learning.acquisition.weighing import Weighing
from active_learning.acquisition.weighing import ranked as ranked_by
from active_learning.models import RankedImage, Round, RoundState
from active_learning.services.answers import Answers
from active_learning.services.kinds import kind_of
from campaigns.errors import Conflict, InvalidInput
from campaigns.models import Campaign, Image
from campaigns.options import CampaignOptions

ROWS_PER_WRITE = 2000
UNANSWERED = "The model has no answer for this image."
UNREADABLE = "This image could not be read."
MAX_WHY = 300


@dataclass(frozen=True, eq=False)
class Vectors:
    """Embeddings (N, D) of images, one row an id."""

    image_ids: tuple[int, ...]
    matrix: Floats


@dataclass(frozen=True, eq=False)
class Known:
    """What a ranking can go by: the pool, what a model said of it, what its images and the labeled ones look like.

    instances: what the objects of some of the answers' images look like, by image id; seconds: (N,) with the rows of the
    answers; label_counts: (K,) with their labels; cardinality: labels an image. failures: why an image has no answer or no
    embedding, by image id.
    """

    pool: tuple[int, ...]
    answers: Answers | None = None
    vectors: Vectors | None = None
    labeled: Floats | None = None
    instances: Callable[[Sequence[int]], Callable[[Rows], Instances]] | None = None
    seconds: Floats | None = None
    label_counts: Floats | None = None
    cardinality: float | None = None
    failures: Mapping[int, str] = field(default_factory=dict)


class Place(NamedTuple):
    """One image's place: rank 1 is asked first. ``areas``: where in it to look, as documents."""

    image_id: int
    rank: int
    score: float
    parts: dict[str, float]
    why: str
    areas: Sequence[Any] = ()


def rank(
    known: Known,
    *,
    strategy: Strategy,
    size: int,
    seed: int,
    audit_share: float,
    weighing: Weighing | None = None,
    unsure: Set[int] | None = None,
) -> list[Place]:
    """Rank the whole pool; images that nothing is known of come last, with the reason.

    ``unsure``: images that come before the others, each part by the strategy; what is drawn at random is drawn of all.
    Raises InvalidInput where the strategy lacks what it ranks by.
    """
    rows = _rankable(known, strategy)
    first = [image for image in rows if unsure is not None and image in unsure]
    rest = [image for image in rows if unsure is None or image not in unsure]
    rows = first + rest
    try:
        ranking = ranked_by(strategy, _acquisition_input(known, rest, strategy, size=size, seed=seed), weighing or Weighing())
        if first:
            left = ranked_by(strategy, _acquisition_input(known, first, strategy, size=size, seed=seed), weighing or Weighing())
            ranking = replace(left, why=tuple(f"{reasons.LEFT} {why}"[:MAX_WHY] for why in left.why)).before(ranking)
        if strategy.name != "random":
            ranking = with_audit(ranking, size=size, share=audit_share, rng=np.random.default_rng([seed, 1]))
    except AcquisitionError as error:
        raise InvalidInput(f"{strategy.title} cannot rank this pool: {error}", code="cannot_rank") from error
    ranked = _places(ranking, rows)
    there = set(rows)
    least = min((place.score for place in ranked), default=0.0)
    unknown = (image for image in known.pool if image not in there)
    last = [Place(image, len(rows) + n, min(least, 0.0), {}, _why_left(known, image)) for n, image in enumerate(unknown, start=1)]
    return ranked + last


def _rankable(known: Known, strategy: Strategy) -> list[int]:
    """Return the images of the pool that have what the strategy goes by, in the pool's order."""
    rankable = set(known.pool)
    if strategy.reads("probabilities") and known.answers is not None:
        rankable &= set(known.answers.image_ids)
    if "embeddings" in strategy.needs and known.vectors is not None:
        finite = np.flatnonzero(np.isfinite(known.vectors.matrix).all(axis=1))
        rankable &= {known.vectors.image_ids[row] for row in finite.tolist()}
    return [image for image in known.pool if image in rankable]


def _acquisition_input(known: Known, rows: Sequence[int], strategy: Strategy, *, size: int, seed: int) -> AcquisitionInput:
    answers = known.answers if strategy.reads("probabilities") else None
    vectors = known.vectors
    if vectors is not None and (not strategy.needs or not set(rows) <= set(vectors.image_ids)):
        vectors = None
    said = None if answers is None else _picked(answers.image_ids, rows)
    seconds, shares = _worth(known, rows)
    return AcquisitionInput(
        count=len(rows),
        size=size,
        rng=np.random.default_rng(seed),
        probabilities=answers.probabilities[said] if answers is not None and answers.probabilities is not None else None,
        multi_label=bool(answers and answers.multi_label),
        labels=known.answers.labels if known.answers is not None else (),
        uncertainty={name: values[said] for name, values in answers.uncertainty.items()} if answers is not None else {},
        notes=tuple(answers.notes[row] for row in said) if answers is not None and answers.notes and said is not None else (),
        embeddings=None if vectors is None else _rows_of(vectors, rows),
        labeled=None if vectors is None else known.labeled,
        shares=shares,
        instances=known.instances(rows) if known.instances is not None else None,
        seconds=seconds,
        label_counts=known.label_counts,
        cardinality=known.cardinality,
        keys=np.array(rows, dtype=np.int64),
    )


def _worth(known: Known, rows: Sequence[int]) -> tuple[Floats | None, Floats | None]:
    """Return seconds (N,) and shares (N, K) of images, whether the strategy itself reads answers or not.

    An image that the model has not answered about takes as long as most, and says nothing of labels.
    """
    answers = known.answers
    if answers is None or not answers.image_ids:
        return None, None
    place = {image: n for n, image in enumerate(answers.image_ids)}
    found = np.array([place.get(image, -1) for image in rows], dtype=np.int64)
    shares = answers.shares if answers.shares is not None else answers.probabilities
    if shares is not None:
        shares = np.where(found[:, None] >= 0, shares[found], 0.0)
    seconds = None if known.seconds is None else np.where(found >= 0, known.seconds[found], np.median(known.seconds))
    return seconds, shares


def _rows_of(vectors: Vectors, rows: Sequence[int]) -> Floats:
    # Nearly always all of them: the copy of a quarter of a gigabyte is worth avoiding.
    return vectors.matrix if vectors.image_ids == tuple(rows) else vectors.matrix[_picked(vectors.image_ids, rows)]


def _picked(image_ids: Sequence[int], rows: Sequence[int]) -> list[int]:
    """Return where the images of ``rows`` stand among ``image_ids``."""
    place = {image: n for n, image in enumerate(image_ids)}
    return [place[image] for image in rows]


def _places(ranking: Ranking, rows: Sequence[int]) -> list[Place]:
    names, scores = list(ranking.parts), ranking.scores.tolist()
    columns = np.round(np.column_stack([*ranking.parts.values()]), 6).tolist() if names else [()] * len(rows)
    return [
        Place(rows[row], rank, scores[row], dict(zip(names, columns[row], strict=True)), ranking.why[row])
        for rank, row in enumerate(ranking.order.tolist(), start=1)
    ]


def _why_left(known: Known, image: int) -> str:
    if image in known.failures:
        return f"Asked last: {known.failures[image]}"[:MAX_WHY]
    return UNANSWERED if known.answers is not None else UNREADABLE


def still_there(places: Sequence[Place], *, after: int = 0) -> list[Place]:
    """Leave out the images that were removed while they were ranked, and close the ranks; ``after``: how many stand before them."""
    there: set[int] = set()
    for start in range(0, len(places), ROWS_PER_WRITE):
        ids = [place.image_id for place in places[start : start + ROWS_PER_WRITE]]
        there.update(Image.objects.filter(pk__in=ids).values_list("pk", flat=True))
    kept = (place for place in places if place.image_id in there)
    return [place._replace(rank=rank) for rank, place in enumerate(kept, start=after + 1)]


def write_ranking(round_: Round, places: Sequence[Place], *, check: Callable[[], None] = lambda: None) -> list[Place]:
    """Write a round's ranking, replacing what an earlier attempt left, and return it without what was removed meanwhile.

    Nobody is asked by it yet. ``check`` is called before every part, and may raise where another worker makes the round by now.
    Raises Conflict where that one has opened it.
    """
    check()
    with transaction.atomic():
        _require_unopened(round_)
        RankedImage.objects.filter(round=round_).delete()
    kept: list[Place] = []
    for start in range(0, len(places), ROWS_PER_WRITE):
        check()
        with transaction.atomic():
            _require_unopened(round_)
            part = still_there(places[start : start + ROWS_PER_WRITE], after=len(kept))
            write_rows(round_, part)
        kept += part
    return kept


def _require_unopened(round_: Round) -> None:
    if not Round.objects.filter(pk=round_.pk, state__in=(RoundState.RANKING, RoundState.FAILED)).exists():
        raise Conflict("This round is open or closed already.", code="round_is_open")


def write_rows(round_: Round, places: Sequence[Place]) -> None:
    """Insert rows by one prepared statement: ``bulk_create`` takes ten times as long, seconds at 50,000 images."""
    table = connection.ops.quote_name(RankedImage._meta.db_table)
    rows = [
        (round_.pk, each.image_id, each.rank, each.score, orjson.dumps(each.parts).decode(), each.why, orjson.dumps(each.areas).decode())
        for each in places
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} (round_id, image_id, rank, score, parts, why, areas) VALUES (%s, %s, %s, %s, %s, %s, %s)", rows
        )


def write_priorities(round_: Round, count: int) -> int:
    """Make the labeling queue follow the ranking, by one statement; return how many images it moved.

    The first of N images gets priority N and the last 1, so that images that join later, with priority 0, come after them.
    """
    rank_of = RankedImage.objects.filter(round=round_, image=OuterRef("pk")).values("rank")[:1]
    ranked = Image.objects.filter(pk__in=RankedImage.objects.filter(round=round_).order_by().values("image"))
    return ranked.update(priority=Value(float(count + 1)) - Cast(Subquery(rank_of), FloatField()))


def strategy_named(name: str) -> Strategy:
    """Return a strategy; raises InvalidInput that lists those there are."""
    if name not in STRATEGIES:
        raise InvalidInput(f"There is no strategy {name!r}. Known: {', '.join(STRATEGIES)}.", code="unknown_strategy")
    return STRATEGIES[name]


def suited_strategies(campaign: Campaign) -> list[Strategy]:
    """Return the ways to rank that make sense in a campaign, the baseline first."""
    kind, multi_label = kind_of(campaign), CampaignOptions.from_document(campaign.settings).multi_label
    return [strategy for strategy in STRATEGIES.values() if strategy.suits(kind, multi_label=multi_label)]


def strategy_for(campaign: Campaign, name: str) -> Strategy:
    """Return a strategy that makes sense in a campaign; raises InvalidInput that lists those that do."""
    wanted, suited = strategy_named(name), suited_strategies(campaign)
    if wanted not in suited:
        raise InvalidInput(
            f"{wanted.title} does not rank images of this campaign. Those that do: {', '.join(each.name for each in suited)}.",
            code="unsuited_strategy",
        )
    return wanted
