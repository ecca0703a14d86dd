"""Confident learning beside cleanlab, the library of those who wrote of it: the same issues, and the same order."""

import numpy as np
import pytest
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_normalized_margin_for_each_label, get_self_confidence_for_each_label

from active_learning.label_errors.classes import find_wrong_classes, out_of_fold, wrong_classes
from active_learning.label_errors.objects import Wrong, judge, ranked
from campaigns.geometry.masks import encode_mask
from tests.active_learning.test_label_errors import clouds


def drawn(seed: int, count: int = 400, classes: int = 4):
    """Probabilities that lean to the truth, and labels of which one in six is wrong."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=count)
    probabilities = rng.dirichlet(np.ones(classes), size=count) + 0.8 * np.eye(classes)[truth]
    given = np.where(rng.random(count) < 1 / 6, rng.integers(classes, size=count), truth)
    return probabilities / probabilities.sum(axis=1, keepdims=True), given


def alone(probabilities, given):
    """What we list when neighbours always take the side of the label: the model's own doubts."""
    return wrong_classes(probabilities, given, np.eye(probabilities.shape[1])[given])


@pytest.mark.parametrize("seed", range(6))
def test_the_issues_are_those_of_cleanlab(seed):
    probabilities, given = drawn(seed, classes=2 + seed)
    theirs = find_label_issues(given, probabilities, filter_by="confident_learning", n_jobs=1)
    assert {each.row for each in alone(probabilities, given)} == set(np.flatnonzero(theirs).tolist())
    assert theirs.sum() > 10


@pytest.mark.parametrize("seed", range(6))
def test_the_order_is_that_of_cleanlabs_normalized_margin_and_our_probability_its_self_confidence(seed):
    probabilities, given = drawn(seed)
    found = wrong_classes(probabilities, given, probabilities)
    rows = np.array([each.row for each in found])
    own = get_self_confidence_for_each_label(given, probabilities)
    assert [each.own for each in found] == pytest.approx(own[rows])
    margins = get_normalized_margin_for_each_label(given, probabilities)
    # Where a class reaches its threshold without being the likeliest other, it is the one that is suggested, and its margin counts.
    plain = [each for each in found if each.other == pytest.approx(np.delete(probabilities[each.row], given[each.row]).max())]
    assert len(plain) > 0.8 * len(found)
    assert [each.score for each in plain] == pytest.approx([1 - margins[each.row] for each in plain])
    assert [each.row for each in plain] == sorted((each.row for each in plain), key=lambda row: (margins[row], row))


def test_on_out_of_fold_probabilities_both_find_the_same_and_neighbours_find_the_planted_errors_that_are_left():
    vectors, truth, rng = clouds(each=60)
    given = truth.copy()
    planted = rng.choice(len(truth), 12, replace=False)
    given[planted] = (truth[planted] + 1) % 3
    probabilities = out_of_fold(vectors, given, 3, rng=np.random.default_rng(1))
    theirs = set(np.flatnonzero(find_label_issues(given, probabilities, filter_by="confident_learning", n_jobs=1)).tolist())
    assert {each.row for each in alone(probabilities, given)} == theirs
    listed = {each.row for each in find_wrong_classes(vectors, given, 3, rng=np.random.default_rng(1))}
    assert listed >= set(planted.tolist()) > theirs & set(planted.tolist())


def mask(x: int, y: int, label: int, confidence: float | None = None, side: int = 12):
    """A round thing as a mask in 64 x 64 pixels."""
    rows, columns = np.mgrid[:64, :64]
    inside = (rows - y) ** 2 + (columns - x) ** 2 <= (side / 2) ** 2
    shape = {"type": "mask", "size": [64, 64], "counts": encode_mask(inside), "bbox": [x - side / 2, y - side / 2, side, side]}
    return {"label": label, "confidence": confidence, "shape": shape}


def test_errors_planted_among_masks_head_the_list_each_by_its_kind():
    rng = np.random.default_rng(3)
    judged, planted = [], {}
    for image in range(40):
        things = [(12, 12, int(rng.integers(2))), (40, 40, int(rng.integers(2)))]
        said = [mask(x, y, label, float(rng.uniform(0.7, 0.95))) for x, y, label in things]
        drawn = [mask(x + int(rng.integers(2)), y, label) for x, y, label in things]
        if image % 10 == 0:  # forgotten
            drawn, planted[image] = drawn[:1], Wrong.MISSING
        elif image % 10 == 1:  # misnamed
            drawn[0], planted[image] = {**drawn[0], "label": 1 - drawn[0]["label"]}, Wrong.LABEL
        elif image % 10 == 2:  # misplaced
            drawn[1], planted[image] = mask(47, 40, things[1][2]), Wrong.PLACE
        judged.append((image, judge(drawn, said)))
    found = ranked(judged)
    assert {image: finding.kind for image, finding in found} == planted
    assert len(found) == len(planted)
