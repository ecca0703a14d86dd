"""What the strategies are made of, against their definitions written out in full."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from active_learning.acquisition import covering
from active_learning.acquisition.badge import badge, residuals
from active_learning.acquisition.clustering import k_means
from active_learning.acquisition.covering import prob_cover, pure_radius
from active_learning.acquisition.detection import difficult_entropy, difficulty, label_weights, likeness, spread_medoids
from active_learning.acquisition.disagreement import Members, bald, changed, in_parts
from active_learning.acquisition.diversity import unit_rows
from active_learning.acquisition.scores import density, most_doubtful, odd_cardinality, top_doubtful
from active_learning.acquisition.segmentation import by_label, interleaved, power_noise
from active_learning.acquisition.values import AcquisitionError, Instances
from active_learning.acquisition.weighing import cheapness, rarity
from inference.uncertainty import entropy
from models_registry.networks.heads import LinearHead

SEEDS = st.integers(0, 10_000)


def head(rng: np.random.Generator, dimension: int = 12, classes: int = 4, *, multi_label: bool = False) -> LinearHead:
    """Draw a head."""
    weight = rng.standard_normal((classes, dimension)).astype(np.float32)
    zeros, ones = np.zeros(dimension, np.float32), np.ones(dimension, np.float32)
    return LinearHead(zeros, ones, weight, np.zeros(classes, np.float32), multi_label=multi_label)


@given(SEEDS, st.integers(1, 6), st.integers(2, 5))
def test_divergence_is_the_mutual_information_of_member_and_answer(seed, members, classes):
    answers = np.random.default_rng(seed).dirichlet(np.ones(classes), (members, 9))
    committee = Members()
    for one in answers:
        committee.add(one)
    mean = answers.mean(axis=0)
    divergences = np.sum(answers * np.log(answers / mean), axis=2).mean(axis=0) / np.log(classes)
    np.testing.assert_allclose(committee.divergence(), divergences, atol=1e-9)
    votes = np.eye(classes)[answers.argmax(axis=2)].mean(axis=0)
    np.testing.assert_allclose(committee.vote_entropy(), entropy(votes), atol=1e-9)


def test_members_that_agree_do_not_differ_and_those_that_are_sure_of_opposites_differ_most():
    same, apart = Members(), Members()
    for one, other in (((0.5, 0.5), (1.0, 0.0)), ((0.5, 0.5), (0.0, 1.0))):
        same.add(np.array([one]))
        apart.add(np.array([other]))
    assert same.divergence().tolist() == [0]
    assert apart.divergence() == pytest.approx(1)
    assert apart.vote_entropy() == pytest.approx(1)
    with pytest.raises(AcquisitionError, match="different"):
        same.add(np.array([[0.2, 0.3, 0.5]]))
    with pytest.raises(AcquisitionError, match="members"):
        Members().divergence()


@settings(max_examples=15)
@given(SEEDS, st.booleans(), st.integers(0, 30))
def test_draws_of_a_head_measure_the_same_in_one_part_as_in_several(seed, multi_label, count):
    rng = np.random.default_rng(seed)
    drawn, rows = head(rng, multi_label=multi_label), rng.standard_normal((count, 12)).astype(np.float32)
    for measure in (bald, changed):
        whole = measure(drawn, [rows], np.random.default_rng(seed))
        np.testing.assert_allclose(measure(drawn, [rows[:7], rows[7:]], np.random.default_rng(seed)), whole, atol=1e-6)
        assert whole.shape == (count,)
        assert ((whole >= 0) & (whole <= 1)).all()
    assert sum(len(part) for part in in_parts(rows)) == count


def test_an_image_near_the_border_changes_its_answer_when_features_are_missing_and_one_far_from_it_does_not():
    weight = np.vstack([np.ones(40), -np.ones(40)]).astype(np.float32)
    sure = LinearHead(np.zeros(40, np.float32), np.ones(40, np.float32), weight, np.zeros(2, np.float32))
    rng = np.random.default_rng(1)
    far = np.full(40, 1.0)
    near = np.where(np.arange(40) % 2, 1.0, -1.0) + 0.01
    rows = np.vstack([far, near]).astype(np.float32)
    share = changed(sure, [rows], rng, draws=60)
    assert share[0] == 0
    assert share[1] > 0.2
    told = bald(sure, [rows], rng, draws=60)
    assert told[1] > told[0] + 0.1


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.booleans(), st.integers(1, 30))
def test_badge_picks_by_distances_of_gradients_that_are_never_written_out(seed, multi_label, picks):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((30, 5)).astype(np.float32)
    probabilities = rng.random((30, 3)) if multi_label else rng.dirichlet(np.ones(3), 30)
    lacking = residuals(probabilities, multi_label=multi_label)
    gradients = np.einsum("nk,nd->nkd", lacking, points).reshape(30, -1)
    chosen = badge(points, lacking, picks, rng=np.random.default_rng(seed))
    assert len(set(chosen.tolist())) == picks
    assert chosen[0] == np.argmax(np.square(gradients).sum(axis=1))


def test_badge_spreads_over_gradients_that_point_elsewhere():
    """Four directions, a thousand images each: the first four picks meet all of them nearly always, those by length alone never."""
    rng = np.random.default_rng(0)
    directions = np.repeat(np.eye(4, dtype=np.float32), 1000, axis=0)
    lengths_ = np.repeat([4.0, 1.0, 1.0, 1.0], 1000)[:, None].astype(np.float32)
    points = directions * lengths_ + 0.001 * rng.standard_normal((4000, 4)).astype(np.float32)
    lacking = np.tile(np.array([[0.5, -0.5]], np.float32), (4000, 1))
    met = [len({int(row) // 1000 for row in badge(points, lacking, 4, rng=np.random.default_rng(seed))}) for seed in range(10)]
    assert np.mean(met) > 3.5


def test_badge_goes_on_where_all_gradients_are_the_same():
    chosen = badge(np.ones((6, 2), np.float32), np.full((6, 2), 0.5, np.float32), 6, rng=np.random.default_rng(0))
    assert sorted(chosen.tolist()) == list(range(6))


def test_the_radius_is_the_largest_at_which_nearly_all_balls_are_pure():
    rng = np.random.default_rng(4)
    angles = np.concatenate([rng.normal(center, 0.05, 200) for center in (0.0, 1.0, 2.0)])
    points = unit_rows(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    radius = pure_radius(points, 3, rng=rng)
    belongs = np.repeat([0, 1, 2], 200)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)

    def purity(of: float) -> float:
        return float(np.mean([(belongs[row <= of] == belongs[n]).all() for n, row in enumerate(apart)]))

    assert purity(radius * 0.999) >= 0.95
    assert purity(radius * 1.05) < 0.95


def test_balls_are_taken_by_how_much_they_newly_cover():
    rng = np.random.default_rng(2)
    sizes = (60, 30, 10)
    points = unit_rows(np.repeat(np.eye(3), sizes, axis=0) + 0.01 * rng.standard_normal((100, 3)))
    cover = prob_cover(points, 3, labeled=None, clusters=3, rng=rng)
    assert [int(np.searchsorted(np.cumsum(sizes), row, side="right")) for row in cover.picks] == [0, 1, 2]
    assert cover.gains.tolist() == pytest.approx([60, 30, 10], abs=2)  # a ball may just reach a neighbour of another group
    assert not cover.uncovered.any()
    again = prob_cover(points, 2, labeled=points[:1], clusters=3, rng=rng)
    assert [int(np.searchsorted(np.cumsum(sizes), row, side="right")) for row in again.picks] == [1, 2]


def balls_taken_one_by_one(
    points: np.ndarray, picks: int, radius: float, labeled: np.ndarray, lot: np.ndarray
) -> tuple[list[int], list[int]]:
    """ProbCover as its paper says it, with a matrix of who lies in whose ball; of several as good that of the lowest lot is taken."""
    least = np.float32(1 - radius**2 / 2)
    inside = points @ points.T >= least
    np.fill_diagonal(inside, True)
    open_ = (points @ labeled.T).max(axis=1, initial=-1) < least
    chosen, gains = list[int](), list[int]()
    for _ in range(picks):
        degree = np.where(np.isin(np.arange(len(points)), chosen), -1, (inside & open_).sum(axis=1))
        gains.append(max(int(degree.max()), 0))
        if degree.max() <= 0:
            open_ = ~np.isin(np.arange(len(points)), chosen)
            degree = np.where(open_, (inside & open_).sum(axis=1), -1)
        chosen.append(min(np.flatnonzero(degree == degree.max()).tolist(), key=lambda row: lot[row]))
        open_ &= ~inside[chosen[-1]]
    return chosen, gains


@pytest.mark.parametrize(("tile", "kept"), [(8, True), (16, False), (1024, True)])
@settings(max_examples=12, deadline=None)
@given(SEEDS, st.integers(1, 90), st.integers(0, 90), st.integers(0, 4), st.integers(1, 12), st.sampled_from([4, 16]))
def test_prob_cover_picks_as_the_greedy_that_compares_all_with_all(tile, kept, seed, count, picks, labeled, clusters, dimensions):
    """Duplicates and ties, balls of one, budgets beyond all that can be covered, and tiles that end in the midst of a byte."""
    rng = np.random.default_rng(seed)
    # Corners of a cube: their cosines are exact in whatever order they are summed, and many lie just at the radius.
    points, known = (rng.choice(np.float32([-1, 1]), (rows, dimensions)) / np.float32(dimensions**0.5) for rows in (count, labeled))
    picks = min(picks, count) if kept else count  # more picks than half the candidates: all rows are compared, and no cosine is kept
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(covering, "TILE_ROWS", tile)
        patch.setattr(covering, "CANDIDATES", covering.CANDIDATES if kept else 0)
        patch.setattr(covering, "COUNTED_ROWS", 7)
        cover = prob_cover(points, picks, labeled=known, clusters=clusters, rng=np.random.default_rng(seed))
    lot = np.random.default_rng(seed).permutation(count)
    expected, gains = balls_taken_one_by_one(points, picks, cover.radius, known, lot)
    assert cover.picks.tolist() == expected
    assert cover.gains.tolist() == gains


def test_balls_that_hold_as_many_are_drawn_and_not_taken_as_they_come():
    points = np.eye(12, dtype=np.float32)
    drawn = [prob_cover(points, 12, labeled=None, clusters=3, rng=np.random.default_rng(seed)).picks.tolist() for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert sorted(drawn[0]) == list(range(12)) != drawn[0]


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.integers(3, 70), st.integers(2, 12))
def test_the_radius_is_a_quantile_of_the_distances_to_strangers(seed, count, clusters):
    points = unit_rows(np.random.default_rng(seed).standard_normal((count, 4)))
    belongs = k_means(points, min(clusters, count), rng=np.random.default_rng(seed)).assignment
    strangers = np.where(belongs[:, None] == belongs[None], 2, np.linalg.norm(points[:, None] - points[None], axis=2)).min(axis=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(covering, "TILE_ROWS", 16)
        radius = pure_radius(points, clusters, rng=np.random.default_rng(seed))
    assert radius == pytest.approx(np.quantile(strangers, 0.05), abs=1e-3)


def test_objects_of_difficult_labels_weigh_more_and_crowds_do_not():
    weights = label_weights([0.0, 0.5, 1.0])
    assert weights.tolist() == sorted(weights.tolist())
    assert weights[0] == 1
    assert weights[2] == pytest.approx(1.2)
    assert difficulty([1.0, 0.0, 0.5], [1.0, 0.0, 0.5]).tolist() == pytest.approx([0, 1, 0.5])
    assert difficult_entropy([0.5], [1.2]) == pytest.approx(1)
    assert difficult_entropy([0.5] * 50, [1.2] * 50) == pytest.approx(1)
    assert difficult_entropy([0.5], [1.0]) < difficult_entropy([0.5], [1.2])
    assert difficult_entropy([], []) == 0


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(0, 25))
def test_images_are_alike_as_the_best_matches_of_their_objects_are(seed, count):
    rng = np.random.default_rng(seed)
    found = Instances(
        rng.integers(0, 5, count), rng.integers(0, 3, count), unit_rows(rng.standard_normal((count, 4))), rng.random(count) + 0.1
    )

    def towards(a: int, b: int) -> float:
        total = weight = 0.0
        for n in np.flatnonzero(found.image == a):
            same = np.flatnonzero((found.image == b) & (found.label == found.label[n]))
            weight += found.weight[n]
            total += found.weight[n] * max([0.0, *(found.features[same] @ found.features[n])])
        return total / weight if weight else 0.0

    alike = likeness(found, 5)
    for a, b in product(range(5), repeat=2):
        assert alike[a, b] == pytest.approx((towards(a, b) + towards(b, a)) / 2, abs=1e-5)


def test_images_are_picked_from_groups_of_unlike_objects():
    groups = np.repeat(np.arange(4), 5)
    alike = np.where(groups[:, None] == groups[None], 0.9, 0.05) + 0.1 * np.eye(20)
    picks = spread_medoids(np.clip(alike, 0, 1), 4, worth=np.linspace(1, 0.1, 20), rng=np.random.default_rng(0))
    assert sorted(groups[picks].tolist()) == [0, 1, 2, 3]
    assert spread_medoids(alike, 30, worth=np.linspace(1, 0.1, 20), rng=np.random.default_rng(0)).tolist() == list(range(20))


def test_several_labels_are_measured_by_the_least_sure_or_the_few_least_sure():
    probabilities = np.array([[0.5, 0.0, 0.0, 0.0], [0.3, 0.3, 0.3, 0.3]])
    assert most_doubtful(probabilities).tolist() == pytest.approx([1, 0.6])
    assert top_doubtful(probabilities, top=2).tolist() == pytest.approx([0.5, 0.6])
    assert top_doubtful(np.zeros((2, 0))).tolist() == [0, 0]


def test_an_unusual_number_of_labels_ranks_before_a_usual_one_of_the_same_doubt():
    probabilities = np.array([[0.9, 0.1, 0.1], [0.9, 0.9, 0.9], [0.9, 0.1, 0.1]])
    odd = odd_cardinality(probabilities, expected=1.0)
    assert odd[1] > odd[0] == odd[2] > 0
    assert odd_cardinality(np.zeros((2, 0)), None).tolist() == [0, 0]


@given(SEEDS, st.integers(0, 20))
def test_density_is_the_mean_cosine_with_everybody(seed, count):
    points = unit_rows(np.random.default_rng(seed).standard_normal((count, 4)))
    expected = np.clip((points @ points.T).mean(axis=1), 0, 1) if count else []
    np.testing.assert_allclose(density(points), expected, atol=1e-5)


@given(SEEDS, st.integers(0, 20), st.floats(0, 1))
def test_two_lists_are_interleaved_without_repeating_anything(seed, picks, share):
    rng = np.random.default_rng(seed)
    first, second = rng.permutation(30), rng.permutation(30)
    mixed = interleaved(first, second, picks, share).tolist()
    assert len(mixed) == len(set(mixed)) == picks


def test_every_label_has_its_turn_among_what_is_unsure_of_it():
    rng = np.random.default_rng(0)
    shares = np.zeros((90, 3))
    shares[:80, 0], shares[80:88, 1], shares[88:, 2] = 1, 1, 1
    turns = by_label(np.ones(90), shares, 6, rng=rng)
    assert np.bincount(shares[turns].argmax(axis=1), minlength=3).tolist() == [2, 2, 2]
    assert len(by_label(np.ones(90), shares, 200, rng=rng)) == 90
    assert not len(by_label(np.ones(90), np.zeros((90, 3)), 5, rng=rng))


def test_power_noise_draws_with_chances_as_powers_of_the_scores():
    scores, rng = np.array([0.5, 1.0]), np.random.default_rng(0)
    firsts = [int(np.argmax(power_noise(scores, rng=rng, power=2))) for _ in range(4000)]
    assert np.mean(firsts) == pytest.approx(0.8, abs=0.03)


def test_what_is_quick_and_what_is_rare_weighs_more_within_bounds():
    assert cheapness(np.array([1.0, 10.0, 100.0])).tolist() == [10, 1, 0.1]
    shares = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    weights = rarity(shares, np.array([99.0, 0.0]))
    assert weights[1] > 1 > weights[0]
    assert weights[2] == 1
