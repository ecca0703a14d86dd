"""Found objects against true ones: COCO's own code as oracle, and what must hold of confusion and outcome."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from active_learning.evaluation.objects import COCO_OVERLAPS, NONE, ObjectEvidence, ObjectMeasures, matched
from active_learning.services.object_evidence import LEAST_LIKENESS, box_overlaps


@st.composite
def scenes(draw):
    """Found and true boxes in up to 6 images, many of them near each other; scores are all different."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    images, labels = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    true, found = [], []
    for image in range(images):
        for _ in range(rng.integers(0, 6)):
            x, y, w, h = rng.integers(0, 60), rng.integers(0, 60), rng.integers(5, 40), rng.integers(5, 40)
            label = int(rng.integers(labels))
            true.append((image, label, (x, y, w, h)))
            for _ in range(rng.integers(0, 3)):
                jitter = rng.integers(-6, 7, 4)
                near = (x + jitter[0], y + jitter[1], max(3, w + jitter[2]), max(3, h + jitter[3]))
                found.append((image, label if rng.random() < 0.8 else int(rng.integers(labels)), near))
        if rng.random() < 0.5:
            found.append((image, int(rng.integers(labels)), (rng.integers(0, 60), 5, 20, 20)))
    scores = rng.permutation(len(found)) / max(1, len(found)) * 0.98 + 0.01
    return images, labels, true, [(*each, float(score)) for each, score in zip(found, scores, strict=True)]


def corners(boxes):
    table = np.array(boxes, float).reshape(-1, 4)
    return np.column_stack([table[:, :2], table[:, :2] + table[:, 2:]])


def evidence_of(images, labels, true, found):
    like = box_overlaps(corners([each[2] for each in found]), corners([each[2] for each in true]))
    same = np.array([each[0] for each in found], int)[:, None] == np.array([each[0] for each in true], int)[None, :]
    rows, columns = np.nonzero((like >= LEAST_LIKENESS) & same)
    ints = lambda values: np.array(values, np.int64)  # noqa: E731
    return ObjectEvidence(
        np.arange(images) + 100, tuple(range(1, labels + 1)),
        ints([each[0] for each in found]), ints([each[1] for each in found]), np.array([each[3] for each in found], float),
        ints([each[0] for each in true]), ints([each[1] for each in true]), rows, columns, like[rows, columns],
    )  # fmt: skip


def coco_figures(images, labels, true, found):
    """Return mAP and AP at 0.5 by label as COCO's own code has them."""
    coco = COCO()
    with contextlib.redirect_stdout(io.StringIO()):
        coco.dataset = {
            "images": [{"id": n} for n in range(images)], "categories": [{"id": n} for n in range(labels)],
            "annotations": [
                {"id": n + 1, "image_id": i, "category_id": k, "bbox": [float(v) for v in box], "area": float(box[2] * box[3]),
                 "iscrowd": 0}
                for n, (i, k, box) in enumerate(true)
            ],
        }  # fmt: skip
        coco.createIndex()
        told = coco.loadRes(
            [{"image_id": i, "category_id": k, "bbox": [float(v) for v in box], "score": score} for i, k, box, score in found]
        )
        oracle = COCOeval(coco, told, "bbox")
        oracle.evaluate()
        oracle.accumulate()
    table = oracle.eval["precision"][:, :, :, 0, -1]
    table = np.where(table < 0, np.nan, table)
    return table.mean(axis=1)


@given(scenes())
def test_average_precision_is_that_of_coco(scene):
    images, labels, true, found = scene
    if not true or not found:
        return
    measures = ObjectMeasures(evidence_of(images, labels, true, found), 0.5)
    expected = coco_figures(images, labels, true, found)
    assert measures.precisions[1:] == pytest.approx(expected, abs=1e-9, nan_ok=True)
    assert measures.precisions[0] == pytest.approx(expected[0], abs=1e-9, nan_ok=True)


@given(scenes(), st.floats(0, 1), st.sampled_from([0.3, 0.5, 0.75]))
def test_confusion_outcomes_and_table_tell_the_same_story(scene, threshold, overlap):
    images, labels, true, found = scene
    measures = ObjectMeasures(evidence_of(images, labels, true, found), overlap)
    at = np.full(labels, threshold)
    matrix, rows = measures.confusion(at), measures.rows(at)
    assert matrix[:-1].sum(axis=1).tolist() == [row.true for row in rows]
    assert matrix[:, :-1].sum(axis=0).tolist() == [row.said for row in rows]
    assert matrix[-1, -1] == 0
    assert np.diag(matrix)[:-1].tolist() == [row.hits for row in rows]
    concerned, right = measures.right(at)
    wrong = np.zeros(images, bool)
    for row, column in np.ndindex(matrix.shape):
        inside = measures.in_cell(at, row, column)
        assert inside.any() == (matrix[row, column] > 0)
        wrong |= inside & (row != column)
    assert concerned.all()
    assert (right == ~wrong).all()


@given(scenes(), st.integers(0, 20))
def test_a_hit_is_of_one_label_overlaps_enough_and_takes_a_true_object_alone(scene, seed):
    images, labels, true, found = scene
    evidence = evidence_of(images, labels, true, found)
    hits = matched(evidence, COCO_OVERLAPS)
    pairs = {(f, t): like for f, t, like in zip(evidence.pair_found, evidence.pair_true, evidence.pair_likeness, strict=True)}
    for level, overlap in enumerate(COCO_OVERLAPS):
        taken = hits[level][hits[level] != NONE]
        assert len(set(taken.tolist())) == len(taken)
        for place in np.flatnonzero(hits[level] != NONE):
            assert evidence.found_label[place] == evidence.true_label[hits[level, place]]
            assert pairs[(place, hits[level, place])] >= overlap - 1e-9
    some = np.random.default_rng(seed).permutation(images)[: max(1, images // 2)]
    part = ObjectMeasures(evidence.at(np.sort(some)), 0.5)
    assert len(part.evidence.true_image) == np.isin(evidence.true_image, some).sum()
