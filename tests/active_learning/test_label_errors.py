"""Labels that are probably wrong, with errors planted on purpose."""

import numpy as np
import pytest
from hypothesis import given as drawn_by
from hypothesis import settings
from hypothesis import strategies as st

from active_learning.label_errors.classes import confident_classes, find_wrong_bits, find_wrong_classes, out_of_fold, wrong_classes
from active_learning.label_errors.objects import Wrong, judge, ranked, sure_from
from active_learning.training.fast_head import Examples, fit_head


def clouds(seed: int = 0, each: int = 40, classes: int = 3, dimension: int = 16):
    """Vectors around one centre a class, with the class of each."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(classes, dimension)) * 2
    truth = np.repeat(np.arange(classes), each)
    return (centres[truth] + rng.normal(size=(len(truth), dimension))).astype(np.float32), truth, rng


def test_planted_errors_head_the_list_with_the_right_suggestion():
    vectors, truth, rng = clouds()
    given = truth.copy()
    planted = rng.choice(len(truth), 9, replace=False)
    given[planted] = (truth[planted] + 1) % 3
    found = find_wrong_classes(vectors, given, 3, rng=np.random.default_rng(1))
    assert {each.row for each in found[:9]} == set(planted.tolist())
    assert all(each.suggested == truth[each.row] for each in found[:9])
    assert len(found) <= 12
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    assert all(0 <= each.score <= 1 and each.other > each.own for each in found[:9])


def test_clean_labels_give_hardly_a_doubt():
    vectors, truth, _ = clouds(3)
    assert len(find_wrong_classes(vectors, truth, 3, rng=np.random.default_rng(1))) <= 2


def test_the_confident_class_is_that_of_the_definition():
    rng = np.random.default_rng(5)
    probabilities = rng.dirichlet(np.ones(4), size=200)
    given = rng.integers(4, size=200)
    thresholds = [np.mean([probabilities[i, k] for i in range(200) if given[i] == k]) for k in range(4)]
    for row, found in enumerate(confident_classes(probabilities, given)):
        reached = [k for k in range(4) if probabilities[row, k] >= thresholds[k]]
        assert found == (max(reached, key=lambda k: probabilities[row, k]) if reached else -1)


@settings(max_examples=30)
@drawn_by(seed=st.integers(0, 9999), count=st.integers(2, 40), classes=st.integers(2, 5))
def test_the_list_keeps_its_bounds_names_another_class_and_does_not_mind_the_order(seed, count, classes):
    rng = np.random.default_rng(seed)
    probabilities, shares = rng.dirichlet(np.ones(classes), size=count), rng.dirichlet(np.ones(classes), size=count)
    given = rng.integers(classes, size=count)
    found = wrong_classes(probabilities, given, shares)
    assert all(0 <= each.score <= 1 and each.suggested != given[each.row] for each in found)
    assert len({each.row for each in found}) == len(found)
    order = rng.permutation(count)
    again = wrong_classes(probabilities[order], given[order], shares[order])
    assert {int(order[each.row]): each.suggested for each in again} == {each.row: each.suggested for each in found}


def test_no_image_is_judged_by_a_head_that_saw_it():
    rng = np.random.default_rng(7)
    noise, labels = rng.normal(size=(60, 200)).astype(np.float32), rng.integers(2, size=60)
    seen = fit_head(Examples(noise, labels), classes=2, decay=1e-2, steps=60).probabilities(noise)
    honest = out_of_fold(noise, labels, 2, rng=np.random.default_rng(0))
    assert (seen.argmax(axis=1) == labels).all()  # with so many numbers an image, noise is learned by heart
    assert 0.25 < (honest.argmax(axis=1) == labels).mean() < 0.75
    assert honest.sum(axis=1) == pytest.approx(np.ones(60), abs=1e-5)


def test_classes_of_one_or_two_images_and_one_class_alone_are_not_judged():
    vectors, truth, _ = clouds(2, each=20, classes=2)
    rare = truth.copy()
    rare[:2] = 2
    found = find_wrong_classes(vectors, rare, 3, rng=np.random.default_rng(1))
    assert not {0, 1} & {each.row for each in found}
    assert find_wrong_classes(vectors, np.zeros(len(truth), np.int64), 1, rng=np.random.default_rng(1)) == []
    assert find_wrong_classes(vectors[:0], truth[:0], 2, rng=np.random.default_rng(1)) == []


def test_with_several_labels_each_is_judged_by_itself():
    vectors, truth, _ = clouds(11)
    bits = np.eye(3, dtype=bool)[truth]
    bits[:, 1] |= truth == 0  # the first kind has the second label, too
    bits[5, 1] = False  # forgotten
    bits[100, 0] = True  # one too many
    found = find_wrong_bits(vectors, bits, rng=np.random.default_rng(2))
    assert {(each.row, each.label, each.extra) for each in found[:2]} == {(5, 1, False), (100, 0, True)}


def box(x: float, y: float, label: int, confidence: float | None = None, side: float = 10.0) -> dict[str, object]:
    return {"label": label, "confidence": confidence, "shape": {"type": "box", "x": x, "y": y, "width": side, "height": side}}


def test_a_missed_a_misnamed_a_misplaced_and_a_needless_box_are_told_apart():
    people = [box(0, 0, 1), box(100, 0, 1), box(200, 0, 1), box(300, 0, 1)]
    model = [box(0, 0, 1, 0.9), box(101, 0, 2, 0.8), box(206, 0, 1, 0.9), box(400, 0, 1, 0.95), box(500, 0, 1, 0.2)]
    judged = judge(people, model)
    assert {(each.kind, each.drawn["shape"]["x"] if each.drawn else None) for each in judged.findings} == {
        (Wrong.LABEL, 100), (Wrong.PLACE, 200), (Wrong.EXTRA, 300), (Wrong.MISSING, None),
    }  # fmt: skip
    missing = next(each for each in judged.findings if each.kind is Wrong.MISSING)
    assert (missing.said["shape"]["x"], missing.score) == (400, 0.95)
    place = next(each for each in judged.findings if each.kind is Wrong.PLACE)
    assert place.overlap == pytest.approx(4 / 16)
    assert place.score == pytest.approx(0.9 * 0.75)


def test_a_weak_guess_does_not_stand_up_for_a_box_that_a_strong_one_puts_elsewhere():
    judged = judge([box(14, 0, 1)], [box(8, 0, 1, 0.8), box(12, 0, 1, 0.55)])
    (finding,) = judged.findings
    assert (finding.kind, finding.said["confidence"]) == (Wrong.PLACE, 0.8)
    assert judge([box(8, 0, 1)], [box(8, 0, 1, 0.8), box(12, 0, 1, 0.55)]).findings == (), "a second guess at what is there misses nothing"
    neighbours = judge([box(0, 0, 1), box(8, 0, 1)], [box(0, 0, 1, 0.9), box(8, 0, 1, 0.6)])
    assert neighbours.findings == (), "two things that touch are two"


def test_a_timid_model_means_what_it_says_from_where_it_agrees_best_and_a_bold_one_from_a_half():
    timid = [(n, [box(0, 0, 1)], [box(0, 0, 1, 0.4), box(50, 0, 1, 0.2)]) for n in range(4)]
    assert sure_from(timid) == {1: 0.4}
    forgotten = judge([], [box(0, 0, 1, 0.45), box(50, 0, 1, 0.2)], sure=sure_from(timid))
    assert [(each.kind, each.score) for each in forgotten.findings] == [(Wrong.MISSING, 0.45)]
    assert judge([], [box(0, 0, 1, 0.45)]).findings == ()
    bold = [(n, [box(0, 0, 1)], [box(0, 0, 1, 0.95), box(50, 0, 1, 0.7)]) for n in range(4)]
    assert sure_from(bold) == {1: 0.5}
    assert sure_from([(0, [box(0, 0, 1)], [box(50, 0, 1, 0.3)])]) == {1: 0.5}, "one that is never right is no judge"


def test_silence_counts_only_as_much_as_the_model_finds_that_label():
    found = [(n, judge([box(0, 0, 1)], [box(0, 0, 1, 0.9)])) for n in range(3)]
    blind = [(9, judge([box(0, 0, 2)], []))]
    assert ranked(found + blind)[0][1].score == 0.0  # the model never finds that label
    silent = ranked([*found, (8, judge([box(0, 0, 1)], []))])
    assert [(image, finding.kind, finding.score) for image, finding in silent] == [(8, Wrong.EXTRA, 0.5)]


@settings(max_examples=40)
@drawn_by(seed=st.integers(0, 9999))
def test_what_agrees_is_never_doubted_and_scores_keep_their_bounds(seed):
    rng = np.random.default_rng(seed)
    people = [box(float(x), float(y), int(rng.integers(3))) for x, y in rng.integers(0, 60, size=(6, 2))]
    same = judge(people, [{**each, "confidence": 0.9} for each in people])
    assert not [each for each in same.findings if each.kind in (Wrong.MISSING, Wrong.EXTRA, Wrong.PLACE)]
    other = [box(float(x), float(y), int(rng.integers(3)), float(rng.random())) for x, y in rng.integers(0, 60, size=(5, 2))]
    listed = ranked([(1, judge(people, other)), (2, same)])
    assert all(0 <= finding.score <= 1 for _, finding in listed)
    assert [finding.score for _, finding in listed] == sorted((finding.score for _, finding in listed), reverse=True)
