"""The registry: every strategy ranks the whole pool, the same way each time, with a reason an image."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from active_learning.acquisition import clustering, covering, diversity, herding, typicality
from active_learning.acquisition.audit import with_audit
from active_learning.acquisition.diversity import unit_rows
from active_learning.acquisition.reasons import AUDIT, TWIN
from active_learning.acquisition.strategies import STRATEGIES, default_strategy
from active_learning.acquisition.values import AcquisitionError, AcquisitionInput, Instances, Ranking, by_score
from active_learning.acquisition.weighing import Weighing, ranked

NAMES = st.sampled_from(sorted(STRATEGIES))
EVERY = pytest.mark.parametrize("name", sorted(STRATEGIES))
LABELS = ("coast", "land", "ocean")
MEASURED = ("bald", "changed", "vote_entropy", "divergence", "difficult", "peaks", "flip", "flip_masks", "flip_points")


def pool(
    seed: int = 0, count: int = 40, size: int = 8, labeled: int = 5, *, classes: int = 3, multi_label: bool = False, objects: bool = False
) -> AcquisitionInput:
    """Make a pool of which everything is known: what a model says of whole images, or of objects in them."""
    rng = np.random.default_rng([seed, 7])
    values = rng.random((count, classes)) + 0.01
    probabilities = values / 1.01 if multi_label else values / values.sum(axis=1, keepdims=True)
    names = (*MEASURED, "entropy", "margin", "least_confidence") if objects else MEASURED
    found = [(image, int(rng.integers(classes))) for image in range(count) for _ in range(int(rng.integers(0, 4)))]
    features = unit_rows(rng.standard_normal((len(found), 5)))

    def describe(rows):
        here = [n for place in rows.tolist() for n, (image, _) in enumerate(found) if image == place]
        place_of = {image: place for place, image in enumerate(rows.tolist())}
        image = np.array([place_of[found[n][0]] for n in here], dtype=np.int64)
        label = np.array([found[n][1] for n in here], dtype=np.int64)
        return Instances(image, label, features[here], np.ones(len(here)))

    return AcquisitionInput(
        count=count, size=size, rng=np.random.default_rng(seed), probabilities=None if objects else probabilities,
        multi_label=multi_label, labels=LABELS[:classes], embeddings=rng.standard_normal((count, 6)),
        labeled=rng.standard_normal((labeled, 6)), uncertainty={name: rng.random(count) for name in names},
        shares=values if objects else None, instances=describe if objects else None, keys=np.arange(count) * 3 + 5,
    )  # fmt: skip


def kinds(name: str) -> list[dict[str, bool]]:
    """Return the kinds of pools that a strategy is made for."""
    strategy = STRATEGIES[name]
    whole = [{"multi_label": several} for several in (False, True) if strategy.suits("classification", multi_label=several)]
    return whole + ([{"objects": True}] if strategy.tasks & {"detection", "instance", "semantic", "keypoints"} else [])


@EVERY
@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 30), st.integers(0, 40), st.integers(0, 4), st.integers(1, 3), st.randoms())
def test_every_strategy_ranks_the_whole_pool_with_a_reason_an_image(name, seed, count, size, labeled, classes, chance):
    """Pools without images, budgets beyond the pool, one class and no label among them."""
    kind = chance.choice(kinds(name))
    ranking = STRATEGIES[name](pool(seed, count, size, labeled, classes=classes, **kind))
    assert sorted(ranking.order.tolist()) == list(range(count))
    assert all(0 < len(why) <= 300 for why in ranking.why)
    assert np.isfinite(ranking.scores).all()
    assert all(np.isfinite(part).all() and (part >= 0).all() for part in ranking.parts.values())
    for part in ("uncertainty", "coverage", "gradient", "density", "changed"):
        assert (ranking.parts.get(part, np.zeros(1)) <= 1.5).all()


@EVERY
@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.randoms())
def test_the_same_inputs_give_the_same_ranking(name, seed, chance):
    kind = chance.choice(kinds(name))
    first, second = STRATEGIES[name](pool(seed, **kind)), STRATEGIES[name](pool(seed, **kind))
    np.testing.assert_array_equal(first.order, second.order)
    np.testing.assert_array_equal(first.scores, second.scores)
    assert first.why == second.why


@EVERY
@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.randoms())
def test_the_order_in_which_images_are_listed_does_not_matter(name, seed, chance):
    kind = chance.choice(kinds(name))
    here = pool(seed, **kind)
    shuffle = np.random.default_rng(seed).permutation(here.count)
    there = STRATEGIES[name](pool(seed, **kind).at(shuffle))
    ranking = STRATEGIES[name](here)
    np.testing.assert_array_equal(shuffle[there.order], ranking.order)
    np.testing.assert_allclose(there.scores, ranking.scores[shuffle], atol=1e-6)
    assert there.why == tuple(ranking.why[row] for row in shuffle.tolist())


@EVERY
def test_images_that_are_all_the_same_are_ranked_by_lot(name):
    """Duplicates throughout: nothing divides by zero, and the seed decides, not the order of the rows."""
    orders = []
    for seed in range(4):
        known = pool(seed, count=12, size=4, **kinds(name)[0])
        one = known.at(np.zeros(12, dtype=np.int64)) if known.keys is None else replace(known, keys=None).at(np.zeros(12, dtype=np.int64))
        ranking = STRATEGIES[name](replace(one, labeled=None, rng=np.random.default_rng(seed)))
        assert sorted(ranking.order.tolist()) == list(range(12))
        orders.append(tuple(ranking.order.tolist()))
    if not STRATEGIES[name].reads("embeddings"):
        assert len(set(orders)) > 1


@EVERY
def test_copies_by_the_hundred_are_ranked_like_anything_else(name):
    """Black tiles of a scene: their scores tie, and there are more of them than any greedy looks at in one go."""
    for kind in kinds(name):
        known = pool(3, count=150, size=30, **kind)
        rows = np.concatenate([np.zeros(100, dtype=np.int64), np.arange(100, 150)])
        ranking = STRATEGIES[name](replace(replace(known, keys=None).at(rows), keys=np.arange(150)))
        assert sorted(ranking.order.tolist()) == list(range(150))


@EVERY
@pytest.mark.parametrize("sure", [True, False])
def test_a_model_that_doubts_everything_alike_has_the_whole_pool_looked_at(name, sure):
    """As many equals as there are images: what comes first in the campaign is not preferred."""
    for kind in kinds(name):
        known = pool(1, count=150, size=5, **kind)
        certain = np.eye(3)[np.arange(150) % 3] if sure else np.full((150, 3), 0.5 if known.multi_label else 1 / 3)
        told = {each: np.zeros(150) if sure else np.ones(150) for each in known.uncertainty}
        ranking = STRATEGIES[name](
            replace(known, probabilities=None if known.probabilities is None else certain, uncertainty=told, shares=None, instances=None)
        )
        assert (ranking.order[:5] >= 50).any()


@pytest.mark.parametrize("name", sorted(name for name, strategy in STRATEGIES.items() if strategy.measures))
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 39), st.floats(0, 1))
def test_an_image_of_which_more_is_measured_never_falls_back(name, seed, row, more):
    """Nor does it change how the others follow each other."""
    known = replace(pool(seed, **kinds(name)[0]), embeddings=np.eye(40), labeled=None)  # no two alike, so that none is put off
    before = STRATEGIES[name](known).order.tolist()
    measured = next(iter(STRATEGIES[name].measures))
    raised = known.uncertainty[measured].copy()
    raised[row] += more
    again = replace(known, uncertainty={**known.uncertainty, measured: raised}, rng=np.random.default_rng(seed))
    after = STRATEGIES[name](again).order.tolist()
    assert after.index(row) <= before.index(row)
    assert [other for other in after if other != row] == [other for other in before if other != row]


@EVERY
@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_a_pool_beyond_what_is_compared_at_once_is_ranked_as_a_whole_and_the_same_way_each_time(name, seed, size):
    """Samples of candidates, of neighbours and of what clusters are fitted on, all much smaller than the pool."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (covering, herding, diversity):
            patch.setattr(module, "CANDIDATES", 24)
        patch.setattr(diversity, "BLOCK", 5)
        patch.setattr(clustering, "LEAST_SAMPLE", 16)
        patch.setattr(clustering, "ROWS_PER_CLUSTER", 2)
        patch.setattr(typicality, "ROWS_PER_CLUSTER", 7)
        first, second = (STRATEGIES[name](pool(seed, 120, size, **kinds(name)[0])) for _ in range(2))
    assert sorted(first.order.tolist()) == list(range(120))
    np.testing.assert_array_equal(first.order, second.order)
    np.testing.assert_array_equal(first.scores, second.scores)


@EVERY
def test_what_is_not_finite_never_ranks(name):
    known = pool()
    spoiled = known.embeddings.copy()
    spoiled[3] = np.nan
    with pytest.raises(AcquisitionError, match="not finite"):
        replace(known, embeddings=spoiled)
    with pytest.raises(AcquisitionError, match="not finite"):
        replace(known, uncertainty={"bald": np.where(np.arange(40) == 3, np.nan, 0.5)})


@EVERY
def test_whatever_else_is_asked_for_combines_with_any_strategy(name):
    for kind in kinds(name):
        known = replace(pool(5, **kind), seconds=np.linspace(1, 60, 40), label_counts=np.array([50.0, 3.0, 0.0]))
        ranking = ranked(STRATEGIES[name], known, Weighing(cost=True, balance=True, no_twins=True))
        assert sorted(ranking.order.tolist()) == list(range(40))
        assert {"cheapness", "rarity"} <= set(ranking.parts)
        plain = STRATEGIES[name](replace(known, rng=np.random.default_rng(5)))
        cheaper = known.seconds[ranking.order[:8]].mean()
        assert cheaper <= known.seconds[plain.order[:8]].mean() + 8


def test_another_seed_draws_another_order():
    assert STRATEGIES["random"](pool(1)).order.tolist() != STRATEGIES["random"](pool(2)).order.tolist()


def test_margin_asks_for_what_the_model_hesitates_on_and_says_so():
    probabilities = np.array([[0.02, 0.0, 0.98], [0.48, 0.07, 0.45], [0.3, 0.02, 0.68]])
    ranking = STRATEGIES["margin"](
        AcquisitionInput(count=3, size=1, rng=np.random.default_rng(0), probabilities=probabilities, labels=LABELS)
    )
    assert ranking.order.tolist() == [1, 2, 0]
    assert ranking.why[1] == "The model hesitates between coast (0.48) and ocean (0.45)."
    assert ranking.why[2] == "The model leans towards ocean (0.68) over coast (0.30)."
    assert ranking.why[0] == "The model is sure that it is ocean (0.98)."


def test_several_labels_are_named_by_how_unsure_the_model_is_of_each():
    probabilities = np.array([[0.45, 0.99, 0.7], [0.01, 0.99, 0.02]])
    given_input = AcquisitionInput(
        count=2, size=1, rng=np.random.default_rng(0), probabilities=probabilities, multi_label=True, labels=LABELS
    )
    assert STRATEGIES["margin"](given_input).why == (
        "The model is unsure of coast (0.45) and ocean (0.70).",
        "The model is sure of every label.",
    )


def test_near_duplicates_are_not_asked_twice_in_a_round():
    probabilities = np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0.8, 0.2, 0]])
    embeddings = np.array([[1, 0], [1, 0.01], [0, 1]])
    ranking = STRATEGIES["margin"](
        AcquisitionInput(count=3, size=2, rng=np.random.default_rng(0), probabilities=probabilities, labels=LABELS, embeddings=embeddings)
    )
    first, twin = (0, 1) if ranking.order[0] == 0 else (1, 0)
    assert ranking.order.tolist() == [first, 2, twin]
    assert ranking.why[twin] == TWIN


def test_boxes_and_pixels_rank_by_their_aggregated_uncertainty():
    unsure = {"margin": np.array([0.1, 0.9]), "entropy": np.array([0.9, 0.1])}
    known = AcquisitionInput(count=2, size=1, rng=np.random.default_rng(0), uncertainty=unsure, notes=("few", "many"))
    assert STRATEGIES["margin"](known).order.tolist() == [1, 0]
    assert STRATEGIES["entropy"](known).order.tolist() == [0, 1]
    assert STRATEGIES["margin"](known).why == ("few", "many")
    with pytest.raises(AcquisitionError, match="least_confidence"):
        STRATEGIES["least_confidence"](known)


def test_what_a_strategy_needs_is_asked_for_by_name():
    nothing = AcquisitionInput(count=2, size=1, rng=np.random.default_rng(0))
    for strategy in STRATEGIES.values():
        if strategy.needs:
            with pytest.raises(AcquisitionError, match="there are none"):
                strategy(nothing)
        assert strategy.needs | strategy.uses <= {
            "probabilities", "embeddings", "model", "head", "committee", "difficulty", "flip", "instances", "shares",
        }  # fmt: skip
        assert strategy.tasks
        assert strategy.paper or strategy.name == "random"
        assert strategy.description.endswith(".")


def test_without_a_model_uncertainty_herding_is_coverage():
    full = pool(3)
    blind = AcquisitionInput(count=full.count, size=8, rng=np.random.default_rng(3), embeddings=full.embeddings, labeled=full.labeled)
    assert (
        STRATEGIES["patches"](replace(blind, rng=np.random.default_rng(3))).order.tolist()
        == STRATEGIES["maxherding"](pool(3)).order.tolist()
    )
    np.testing.assert_array_equal(STRATEGIES["uherding"](blind).order, STRATEGIES["maxherding"](pool(3)).order)


@given(st.integers(0, 10_000), st.floats(0, 1), st.integers(0, 50))
def test_an_audit_takes_its_share_of_the_rounds_places_and_moves_nobody_else(seed, share, size):
    count = 40
    before = Ranking(order=np.arange(count), scores=-np.arange(count, dtype=float), parts={}, why=("",) * count)
    after = with_audit(before, size=size, share=share, rng=np.random.default_rng(seed))
    drawn = {row for row, why in enumerate(after.why) if why == AUDIT}
    assert len(drawn) == round(share * min(size, count))
    assert drawn <= set(after.order[: min(size, count)].tolist())
    assert [row for row in after.order.tolist() if row not in drawn] == [row for row in range(count) if row not in drawn]


def test_every_task_has_a_default_that_suits_it_at_any_number_of_labels():
    for task in ("classification", "detection", "instance", "semantic", "keypoints"):
        for labeled in (0, 1, 199, 200, 5000):
            assert STRATEGIES[default_strategy(task, labeled=labeled)].suits(task)
    assert default_strategy("classification", labeled=0) == "uherding"
    assert default_strategy("detection", labeled=199) == "maxherding"
    assert default_strategy("detection", labeled=200) == "ppal"


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 999))
def test_what_comes_before_keeps_its_order_and_scores_above_the_rest(first, rest, seed):
    rng = np.random.default_rng(seed)
    one, other = (
        by_score(rng.normal(size=n), rng=rng, parts={name: rng.random(n)}, why=("why",) * n) for n, name in ((first, "a"), (rest, "b"))
    )
    both = one.before(other)
    assert both.order.tolist() == [*one.order.tolist(), *(other.order + first).tolist()]
    assert set(both.parts) == {"a", "b"}
    assert not first or both.scores[:first].min() >= both.scores[first:].max()
