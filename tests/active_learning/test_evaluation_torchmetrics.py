"""Calibration error, areas below curves and mean IoU against torchmetrics."""

import numpy as np
import pytest
import torch
from torchmetrics.functional import classification as oracle

from active_learning.evaluation.areas import AreaEvidence, AreaMeasures
from active_learning.evaluation.calibration import BINS, reliability
from active_learning.evaluation.labels import LabelMeasures
from active_learning.evaluation.objects import ObjectEvidence, ObjectMeasures
from active_learning.evaluation.values import LabelEvidence
from active_learning.services.area_evidence import crossed

LABELS = 4


def evidence(seed: int, *, multi_label: bool) -> LabelEvidence:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(200, LABELS))
    truth = rng.random((200, LABELS)) < 0.3 if multi_label else np.eye(LABELS, dtype=bool)[rng.integers(0, LABELS, 200)]
    powers = np.exp(logits + 1.5 * truth)
    probabilities = powers / (1 + powers) if multi_label else powers / powers.sum(axis=1, keepdims=True)
    return LabelEvidence(np.arange(200), tuple(range(1, LABELS + 1)), probabilities, truth, multi_label)


@pytest.mark.parametrize("seed", range(3))
def test_the_calibration_error_is_that_of_torchmetrics(seed):
    given = evidence(seed, multi_label=False)
    said, true = torch.from_numpy(given.probabilities), torch.from_numpy(given.truth.argmax(axis=1))
    expected = oracle.multiclass_calibration_error(said, true, num_classes=LABELS, n_bins=BINS, norm="l1")
    assert reliability(given).error == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_auc_and_average_precision_of_several_labels_are_those_of_torchmetrics(seed):
    given = evidence(seed, multi_label=True)
    said, true = torch.from_numpy(given.probabilities), torch.from_numpy(given.truth.astype(int))
    found = {figure.name: figure.value for figure in LabelMeasures(given).figures(np.full(LABELS, 0.5))}
    assert found["auc"] == pytest.approx(float(oracle.multilabel_auroc(said, true, num_labels=LABELS, average="macro")), abs=1e-6)
    expected = oracle.multilabel_average_precision(said, true, num_labels=LABELS, average="macro")
    assert found["average_precision"] == pytest.approx(float(expected), abs=1e-6)
    sure = said >= 0.5
    assert found["f1_macro"] == pytest.approx(
        float(oracle.multilabel_f1_score(sure.int(), true, num_labels=LABELS, average="macro")), abs=1e-6
    )


@pytest.mark.parametrize("seed", range(3))
def test_mean_iou_of_painted_images_is_that_of_torchmetrics(seed):
    rng = np.random.default_rng(seed)
    true = rng.integers(-1, LABELS, (5, 30, 40))  # -1: nobody labeled it
    said = np.where(rng.random(true.shape) < 0.6, np.maximum(true, 0), rng.integers(0, LABELS, true.shape))
    pixels = np.array([crossed(one, other, LABELS) for one, other in zip(true, said, strict=True)], float)
    measures = AreaMeasures(AreaEvidence(np.arange(5), tuple(range(1, LABELS + 1)), pixels))
    expected = oracle.multiclass_jaccard_index(torch.from_numpy(said), torch.from_numpy(true), num_classes=LABELS, ignore_index=-1)
    assert measures.figures(np.zeros(LABELS))[0].value == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_correlation_of_painted_images_is_that_of_torchmetrics(seed):
    rng = np.random.default_rng(seed)
    true = rng.integers(-1, LABELS, (5, 30, 40))
    said = np.where(rng.random(true.shape) < 0.6, np.maximum(true, 0), rng.integers(0, LABELS, true.shape))
    pixels = np.array([crossed(one, other, LABELS) for one, other in zip(true, said, strict=True)], float)
    measures = AreaMeasures(AreaEvidence(np.arange(5), tuple(range(1, LABELS + 1)), pixels))
    there, told = torch.from_numpy(true[true >= 0]), torch.from_numpy(said[true >= 0])
    found = {figure.name: figure for figure in measures.figures(np.zeros(LABELS))}["mcc"]
    assert found.value == pytest.approx(float(oracle.multiclass_matthews_corrcoef(told, there, num_classes=LABELS)), abs=1e-6)
    assert found.low < found.value < found.high
    for k, row in enumerate(measures.rows(np.zeros(LABELS))):
        assert row.mcc == pytest.approx(float(oracle.binary_matthews_corrcoef((told == k).int(), (there == k).int())), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_calibration_error_of_objects_is_that_of_torchmetrics(seed):
    rng = np.random.default_rng(seed)
    count = 120
    image, score = rng.integers(0, 20, count), rng.random(count)
    true = np.flatnonzero(rng.random(count) < score**2)  # surer than right
    places, labels = np.arange(count), np.zeros(count, np.int64)
    pairs = (true, np.arange(len(true)), np.ones(len(true)))
    evidence = ObjectEvidence(np.arange(20), (7,), image, labels, score, image[true], labels[true], *pairs)
    measures = ObjectMeasures(evidence, 0.5)
    expected = oracle.binary_calibration_error(
        torch.from_numpy(score), torch.from_numpy(np.isin(places, true).astype(int)), n_bins=BINS, norm="l1"
    )
    found = {figure.name: figure for figure in measures.figures(np.full(1, 0.5))}["calibration_error"]
    assert found.value == pytest.approx(float(expected), abs=1e-6)
    assert found.low < found.value < found.high
    assert measures.reliability.counts.sum() == count
