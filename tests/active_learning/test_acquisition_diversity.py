"""Coverage: block k-center against the exact greedy, k-means, TypiClust, herding, near duplicates."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from active_learning.acquisition import diversity, herding
from active_learning.acquisition.clustering import k_means
from active_learning.acquisition.diversity import block_k_center, distance, nearest_cosine, postponed_twins, reduced, unit_rows
from active_learning.acquisition.herding import adaptive_radius, herd
from active_learning.acquisition.typicality import typicality, typiclust

SEEDS = st.integers(0, 2**32 - 1)


def cloud(seed: int, count: int, dimensions: int = 16, clusters: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((count, dimensions))
    if clusters:
        points = 0.3 * points + 3 * rng.standard_normal((clusters, dimensions))[rng.integers(0, clusters, count)]
    return unit_rows(points)


def exact_k_center(points: np.ndarray, picks: int, labeled: np.ndarray | None = None) -> np.ndarray:
    """The greedy of Gonzalez, one pick a pass, as the definition says."""
    nearest = nearest_cosine(points, labeled)
    chosen = [] if labeled is not None else [int(np.argmax(points @ points.mean(axis=0)))]
    for row in chosen:
        nearest = np.maximum(nearest, points @ points[row])
    while len(chosen) < picks:
        nearest[chosen] = np.inf
        chosen.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, points @ points[chosen[-1]])
    return np.array(chosen)


def radius(points: np.ndarray, picks: np.ndarray, labeled: np.ndarray | None = None) -> float:
    nearest = np.maximum(nearest_cosine(points, points[picks]), nearest_cosine(points, labeled))
    return float(distance(nearest).max())


@settings(max_examples=25)
@given(SEEDS, st.sampled_from([0, 5, 40]), st.booleans())
def test_block_k_center_covers_as_well_as_the_exact_greedy(seed, clusters, with_labels):
    points = cloud(seed, 600, clusters=clusters)
    labeled = cloud(seed + 1, 7) if with_labels else None
    block = block_k_center(points, 90, labeled=labeled, block=16, candidates=128)
    assert len(set(block.picks.tolist())) == 90
    exact = radius(points, exact_k_center(points, 90, labeled), labeled)
    assert radius(points, block.picks, labeled) <= 1.1 * exact + 1e-3


@settings(max_examples=25)
@given(SEEDS, st.integers(1, 64))
def test_a_single_block_over_all_rows_is_the_exact_greedy(seed, picks):
    points = cloud(seed, 64, dimensions=4)
    np.testing.assert_array_equal(block_k_center(points, picks, block=64, candidates=64).picks, exact_k_center(points, picks))


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 120), st.integers(1, 20), st.integers(1, 60), st.integers(0, 3))
def test_every_pick_of_k_center_is_nearly_the_farthest_and_every_distance_is_exact(seed, picks, block, candidates, labels):
    points, labeled = cloud(seed, 150, dimensions=5, clusters=6), cloud(seed + 1, labels, dimensions=5) if labels else None
    found = block_k_center(points, picks, labeled=labeled, block=block, candidates=candidates)
    nearest = nearest_cosine(points, labeled)
    for place, row in enumerate(found.picks.tolist()):
        farthest = distance(nearest)
        farthest[found.picks[:place]] = 0
        if place or labels:  # without a label the first is the one in the middle
            assert farthest[row] >= 0.9 * farthest.max() - 1e-3
            assert found.pick_distances[place] == pytest.approx(farthest[row], abs=2e-3)
        nearest = np.maximum(nearest, points @ points[row])
    np.testing.assert_allclose(found.distances, distance(nearest), atol=2e-3)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 30))
def test_a_label_more_leaves_nothing_farther_and_nothing_less_covered(seed, labels):
    points, labeled = cloud(seed, 60, dimensions=5), cloud(seed + 1, labels + 1, dimensions=5)
    assert (nearest_cosine(points, labeled) >= nearest_cosine(points, labeled[:-1])).all()
    before, after = (herd(points, 1, labeled=known, weights=None, rng=np.random.default_rng(0)) for known in (labeled[:-1], labeled))
    assert after.gains[0] <= before.gains[0] + 1e-6
    assert (np.diff(herd(points, 60, labeled=labeled, weights=None, rng=np.random.default_rng(0)).gains) <= 1e-6).all()


def test_k_center_covers_the_corners_of_a_square_first():
    corners = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], dtype=np.float32)
    rng = np.random.default_rng(0)
    points = unit_rows(np.repeat(corners, 10, axis=0) + 0.05 * rng.standard_normal((40, 2)))
    assert {int(row) // 10 for row in block_k_center(points, 4).picks} == {0, 1, 2, 3}


def test_k_center_asks_for_the_whole_pool_and_for_nothing():
    points = cloud(1, 10)
    assert sorted(block_k_center(points, 10).picks.tolist()) == list(range(10))
    assert len(block_k_center(points, 0).picks) == 0
    assert len(block_k_center(points[:0], 0).picks) == 0


@settings(max_examples=20)
@given(SEEDS, st.integers(1, 60))
def test_k_means_assigns_every_row_to_its_nearest_center(seed, clusters):
    points = cloud(seed, 60, dimensions=5)
    found = k_means(points, clusters, rng=np.random.default_rng(seed))
    squared = ((points[:, None] - found.centers[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(squared[np.arange(60), found.assignment], squared.min(axis=1), atol=1e-5)
    np.testing.assert_allclose(found.squared, squared.min(axis=1), atol=1e-5)


def test_k_means_finds_clusters_that_are_there():
    rng = np.random.default_rng(3)
    truth = np.repeat(np.arange(8), 50)
    points = unit_rows(5 * rng.standard_normal((8, 12))[truth] + 0.2 * rng.standard_normal((400, 12)))
    found = k_means(points, 8, rng=rng).assignment
    together = found[:, None] == found[None]
    assert (together == (truth[:, None] == truth[None])).mean() > 0.95


def test_k_means_of_equal_rows_gives_as_many_centers_as_asked():
    assert len(k_means(np.ones((6, 3), dtype=np.float32), 4, rng=np.random.default_rng(0)).centers) == 4


def test_typiclust_asks_each_cluster_once_before_any_twice_and_leaves_the_labeled_ones_last():
    rng = np.random.default_rng(5)
    truth = np.repeat(np.arange(6), 40)
    places = np.eye(6, 12) * 5
    points = unit_rows(places[truth] + 0.3 * rng.standard_normal((240, 12)))
    labeled = unit_rows(places[:2] + 0.1 * rng.standard_normal((2, 12)))
    found = typiclust(points, 4, labeled=labeled, rng=rng)
    assert sorted(truth[found.picks].tolist()) == [2, 3, 4, 5]


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(1, 25), st.integers(0, 6))
def test_typiclust_asks_for_the_most_typical_image_that_is_left_of_the_least_labeled_largest_cluster(seed, picks, labels):
    points, labeled = cloud(seed, 90, dimensions=4, clusters=7), cloud(seed + 1, labels, dimensions=4)
    found = typiclust(points, picks, labeled=labeled, rng=np.random.default_rng(seed))
    clusters = k_means(points, labels + picks, rng=np.random.default_rng(seed))
    sizes = np.bincount(clusters.assignment, minlength=labels + picks)
    nearest = ((labeled[:, None] - clusters.centers[None]) ** 2).sum(axis=2).argmin(axis=1)
    known, left = np.bincount(nearest, minlength=len(sizes)), set(range(90))
    for row in found.picks.tolist():
        open_ = [cluster for cluster in range(len(sizes)) if any(clusters.assignment[other] == cluster for other in left)]
        due = min(open_, key=lambda cluster: (sizes[cluster] < 5, known[cluster], -sizes[cluster], cluster))
        assert clusters.assignment[row] == due
        assert found.typicality[row] >= max(found.typicality[other] for other in left if clusters.assignment[other] == due)
        known[due] += 1
        left.remove(row)


def test_the_typical_image_is_the_one_amid_the_others():
    points = unit_rows(np.vstack([np.array([[1, 0.02]]), np.array([[1, 0.0]]), np.array([[1, -0.02]]), np.array([[0, 1.0]])]))
    assert int(np.argmax(typicality(points, np.arange(4), np.random.default_rng(0)))) == 1


@settings(max_examples=15)
@given(SEEDS, st.integers(1, 30), st.booleans())
def test_herding_takes_the_largest_gain_each_time(seed, picks, weighted):
    points, labeled = cloud(seed, 80, dimensions=6), cloud(seed + 1, 3, dimensions=6)
    weights = np.random.default_rng(seed).random(80) if weighted else np.ones(80)
    found = herd(points, picks, labeled=labeled, weights=weights if weighted else None, rng=np.random.default_rng(0))
    radius = adaptive_radius(labeled) if weighted else 1.0
    kernel = np.exp(-2 * (1 - points @ points.T) / radius**2)
    covered = np.exp(-2 * (1 - points @ labeled.T) / radius**2).max(axis=1)
    for row in found.picks:
        gains = np.maximum(kernel - covered, 0) @ weights
        assert gains[row] >= gains.max() - 1e-3
        covered = np.maximum(covered, kernel[row])
    assert len(set(found.picks.tolist())) == picks


def test_a_model_that_is_sure_of_everything_leaves_the_choice_to_coverage():
    points = cloud(4, 80, dimensions=6)
    ones, nothing = (
        herd(points, 9, labeled=None, weights=weights, rng=np.random.default_rng(0)) for weights in (np.ones(80), np.zeros(80))
    )
    assert nothing.picks.tolist() == ones.picks.tolist()
    only = np.where(np.arange(80) == 41, 1.0, 0.0)
    found = herd(points, 9, labeled=None, weights=only, rng=np.random.default_rng(0))
    assert found.picks[0] == 41
    assert found.picks.tolist() != [41, *range(8)], "the others are chosen, and not taken as they come"
    assert (np.diff(found.gains) <= 1e-6).all()


def test_herding_of_equal_images_still_picks_as_many_as_asked():
    points = unit_rows(np.ones((20, 4)))
    assert len(set(herd(points, 5, labeled=None, weights=None, rng=np.random.default_rng(0)).picks.tolist())) == 5


def test_herding_ends_where_more_images_are_the_same_than_are_looked_at_in_one_go():
    points = cloud(2, 200, dimensions=16)
    points[np.random.default_rng(1).permutation(200)[:60]] = points[0]
    found = herd(points, 30, labeled=None, weights=None, rng=np.random.default_rng(0))
    assert len(set(found.picks.tolist())) == 30
    assert (points[found.picks] == points[0]).all(axis=1).sum() == 1, "a copy of what is picked covers nothing new"


def test_herding_of_a_large_pool_compares_no_more_than_its_sample(monkeypatch):
    compared, greedy = [], herding._lazy_greedy
    monkeypatch.setattr(herding, "CANDIDATES", 256)
    monkeypatch.setattr(herding, "_lazy_greedy", lambda kernel, *more: compared.append(kernel.shape) or greedy(kernel, *more))
    points = cloud(9, 1_000, dimensions=8)
    found = herd(points, 20, labeled=None, weights=None, rng=np.random.default_rng(0))
    assert compared == [(256, 256)]
    assert len(set(found.picks.tolist())) == 20
    assert found.left.shape == (1_000,)


def test_near_duplicates_of_the_labeled_and_of_each_other_are_put_off():
    points = unit_rows(np.array([[1, 0, 0], [1, 0.01, 0], [0, 1, 0], [0, 0, 1], [0, 0.01, 1], [1, 1, 1]]))
    labeled = unit_rows(np.array([[0, 1.0, 0.01]]))
    assert postponed_twins(points, np.arange(6), 4, labeled=labeled).tolist() == [1, 2, 4]
    assert postponed_twins(points, np.arange(6), 1, labeled=labeled).tolist() == []


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(0, 40), st.integers(0, 3))
def test_near_duplicates_are_put_off_as_by_one_who_goes_along_the_order(seed, picks, labels):
    points, labeled = cloud(seed, 80, dimensions=3), cloud(seed + 1, labels, dimensions=3)
    order = np.random.default_rng(seed).permutation(80)
    taken, put_off = list[int](), list[int]()
    for row in order.tolist():
        if len(taken) == picks:
            break
        twin = max([-1.0, *(points[row] @ labeled.T), *(points[row] @ points[taken].T)]) > 0.97
        (put_off if twin else taken).append(row)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diversity, "TWINS_AT_ONCE", 16)
        assert postponed_twins(points, order, picks, labeled=labeled, cosine=0.97).tolist() == put_off


@settings(max_examples=20)
@given(SEEDS)
def test_what_is_taken_is_never_a_near_duplicate_of_what_was_taken(seed):
    points = cloud(seed, 700, dimensions=3)
    put_off = postponed_twins(points, np.arange(700), 30, cosine=0.95)
    taken = np.setdiff1d(np.arange(700), put_off)[:30]
    cosines = points[taken] @ points[taken].T
    assert (cosines[np.triu_indices(len(taken), 1)] <= 0.95 + 1e-6).all()


def test_projection_keeps_near_things_near():
    points = cloud(2, 400, dimensions=64, clusters=5)
    projected, others = reduced(points, others=points[:10], dimensions=8, rng=np.random.default_rng(0))
    assert projected.shape == (400, 8)
    np.testing.assert_allclose(others, projected[:10], atol=1e-5)
    assert np.corrcoef((points @ points.T).ravel(), (projected @ projected.T).ravel())[0, 1] > 0.9


def test_more_picks_than_images_are_refused():
    with pytest.raises(ValueError, match="cannot be picked"):
        block_k_center(cloud(0, 3), 4)


def test_the_kernel_shrinks_as_labels_come_in_and_ignores_near_duplicates():
    points = unit_rows(np.random.default_rng(0).standard_normal((600, 8)))
    assert adaptive_radius(None) == adaptive_radius(points[:1]) == 1
    radii = [adaptive_radius(points[:count]) for count in (10, 100, 600)]
    assert radii == sorted(radii, reverse=True)
    assert radii[-1] >= 0.2
    assert adaptive_radius(np.repeat(points, 2, axis=0)) == pytest.approx(0.2)
