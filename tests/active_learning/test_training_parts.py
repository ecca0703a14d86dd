"""The parts of a training, each alone: config, targets, splits, metrics, files, solver, loop."""

import errno
import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from active_learning.training.config import TrainingConfig
from active_learning.training.course import Plan, Progress
from active_learning.training.fast_head import Examples, HeadLearner, fit_head, fit_temperature
from active_learning.training.lbfgs import Lbfgs
from active_learning.training.loop import LAST, Hooks, Interrupted, fit
from active_learning.training.mapped import mapped_anew
from active_learning.training.metrics import accuracy, calibration_error, cross_entropy, macro_f1, measure, per_class
from active_learning.training.outlook import Step, outlook
from active_learning.training.splits import divide
from active_learning.training.targets import TrainedClass, classification_targets
from campaigns.errors import InvalidInput
from models_registry.networks.heads import LinearHead, sigmoid, softmax
from models_registry.networks.tensors import TensorFileError, read_tensors, under, write_tensors

LABELS = (TrainedClass(1, "ocean"), TrainedClass(2, "land"), TrainedClass(3, "snow"))


def whole(*labels):
    return [{"label": label, "shape": {"type": "whole"}} for label in labels]


def blobs(count, classes, *, seed=0, dimension=12, spread=1.0):
    rng = np.random.default_rng(seed)
    values = rng.permutation(np.arange(count) % classes)
    centres = np.random.default_rng(99).normal(size=(classes, dimension)) * 2
    return Examples((centres[values] + spread * rng.normal(size=(count, dimension))).astype(np.float32), values)


TYPES = st.sampled_from([np.float32, np.float16, np.int64, np.uint8, np.bool_])
SMALL = arrays(TYPES, st.tuples(st.integers(0, 4), st.integers(0, 3)))


class TestConfig:
    def test_a_config_survives_its_document(self):
        config = TrainingConfig(name="Coast", method="fine_tune", labels=(3, 1), images=(9, 4), start_from=2, epochs=3)
        assert TrainingConfig.from_document(json.loads(json.dumps(config.as_document()))) == config

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("method", "magic"), ("size", "huge"), ("minutes", 0), ("minutes", math.nan), ("minutes", True), ("epochs", 0), ("name", 5),
            ("patience", 1.5), ("validation", 0.6), ("validation", -0.1), ("learning_rate", 0), ("weight_decay", math.inf), ("batch", 0),
            ("seed", -1), ("labels", []), ("labels", [1, 1]), ("images", "some"), ("images", [True]), ("start_from", "x"), ("flips", "up"),
        ],
    )  # fmt: skip
    def test_a_wrong_value_is_named(self, field, value):
        with pytest.raises(InvalidInput) as caught:
            TrainingConfig.from_document({field: value})
        assert caught.value.errors[0]["field"] == field

    def test_an_unknown_name_is_an_error(self):
        with pytest.raises(InvalidInput, match="momentum"):
            TrainingConfig.from_document({"momentum": 1})


class TestTargets:
    def test_single_labels_become_indices_of_the_labels_that_occur(self):
        targets = classification_targets([whole(2), whole(1), whole(2)], LABELS, multi_label=False)
        assert [each.name for each in targets.classes] == ["ocean", "land"]
        assert targets.values.tolist() == [1, 0, 1]
        assert any("snow has no images" in warning for warning in targets.warnings)
        assert any("ocean has 1 image;" in warning for warning in targets.warnings)

    def test_images_without_exactly_one_label_stay_out(self):
        targets = classification_targets([whole(1), whole(), whole(1, 2), whole(2)], LABELS, multi_label=False)
        assert targets.rows.tolist() == [0, 3]
        assert any("2 images" in warning for warning in targets.warnings)

    def test_the_default_label_is_what_an_image_is_when_it_has_several(self):
        marked = [whole(1)[0], {**whole(2)[0], "default": True}]
        of_another = [whole(1)[0], {**whole(4)[0], "default": True}]
        targets = classification_targets([marked, whole(1), whole(1, 2), of_another], LABELS, multi_label=False)
        assert targets.rows.tolist() == [0, 1] and targets.values.tolist() == [1, 0]
        several = classification_targets([marked, whole(1), whole(3)], LABELS, multi_label=True)
        assert several.values.tolist() == [[1, 1, 0], [1, 0, 0], [0, 0, 1]]

    def test_several_labels_become_bits_and_none_is_an_answer_too(self):
        targets = classification_targets([whole(1, 3), whole(), whole(3)], LABELS, multi_label=True)
        assert [each.name for each in targets.classes] == ["ocean", "snow"]
        assert targets.values.tolist() == [[1, 1], [0, 0], [0, 1]]
        assert targets.support.tolist() == [1, 2]

    def test_one_label_alone_cannot_be_learned_and_the_lacking_ones_are_named(self):
        with pytest.raises(InvalidInput, match=r"land, snow") as caught:
            classification_targets([whole(1), whole(1)], LABELS, multi_label=False)
        assert caught.value.code == "too_few_labels"

    def test_a_label_that_all_images_have_cannot_be_learned(self):
        with pytest.raises(InvalidInput, match="some submitted images have and some lack"):
            classification_targets([whole(1), whole(1)], LABELS[:1], multi_label=True)

    def test_a_label_with_enough_images_warns_of_nothing(self):
        targets = classification_targets([whole(1)] * 15 + [whole(2)] * 15, LABELS[:2], multi_label=False)
        assert targets.warnings == ()


class TestSplits:
    @given(values=arrays(np.int64, st.integers(1, 120), elements=st.integers(0, 4)), share=st.floats(0, 0.5), seed=st.integers(0, 99))
    @settings(max_examples=60, deadline=None)
    def test_every_class_keeps_an_image_to_learn_from_and_gives_about_its_share(self, values, share, seed):
        division = divide(values, [""] * len(values), share, np.random.default_rng(seed))
        assert sorted([*division.train, *division.validation]) == list(range(len(values)))
        for each in np.unique(values):
            held, total = (values[division.validation] == each).sum(), (values == each).sum()
            assert held < total
            assert held <= math.ceil(share * total)
            assert held >= min(math.floor(share * total), total - 1)

    @given(values=arrays(np.float32, st.tuples(st.integers(1, 60), st.integers(1, 5)), elements=st.sampled_from([0.0, 1.0])))
    @settings(max_examples=40, deadline=None)
    def test_bits_are_divided_without_losing_an_image(self, values):
        division = divide(values, [""] * len(values), 0.25, np.random.default_rng(1))
        assert sorted([*division.train, *division.validation]) == list(range(len(values)))
        taught = values[division.train].any(axis=0)
        assert (taught | ~values.any(axis=0)).all()

    def test_marked_images_measure_and_nothing_is_drawn(self):
        division = divide(np.array([0, 1, 0, 1]), ["", "validation", "train", "validation"], 0.5, np.random.default_rng(0))
        assert division.validation.tolist() == [1, 3]
        assert not division.drawn

    def test_images_marked_train_are_never_drawn(self):
        division = divide(np.zeros(40, int), ["train"] * 20 + [""] * 20, 0.5, np.random.default_rng(0))
        assert division.validation.min() >= 20

    @given(
        values=arrays(np.int64, 60, elements=st.integers(0, 3)),
        groups=arrays(np.int64, 60, elements=st.integers(0, 25)),
        share=st.floats(0, 0.5),
        seed=st.integers(0, 99),
    )
    def test_groups_stay_whole_and_every_class_keeps_an_image_to_learn_from(self, values, groups, share, seed):
        splits = ["train" if n % 13 == 0 else "" for n in range(60)]
        one, again = (divide(values, splits, share, np.random.default_rng(seed), groups.tolist()) for _ in range(2))
        assert np.array_equal(one.validation, again.validation)
        assert sorted([*one.train, *one.validation]) == list(range(60))
        assert not set(groups[one.train]) & set(groups[one.validation])
        assert set(values[one.train]) == set(values)
        assert not any(splits[row] for row in one.validation)
        assert len(one.validation) <= math.ceil(share * 60) + max(np.bincount(groups))

    def test_groups_give_about_the_wanted_share_of_every_class(self):
        values, groups = np.arange(400) % 4, np.arange(400) // 5
        division = divide(values, [""] * 400, 0.2, np.random.default_rng(3), groups.tolist())
        assert [(values[division.validation] == each).sum() for each in range(4)] == pytest.approx([20] * 4, abs=4)

    def test_the_same_seed_divides_alike(self):
        values = np.arange(50) % 3
        one, two = (divide(values, [""] * 50, 0.3, np.random.default_rng(4)) for _ in range(2))
        assert np.array_equal(one.validation, two.validation)


class TestMetrics:
    def test_figures_of_a_small_case_by_hand(self):
        probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])
        values = np.array([0, 1, 1, 0])
        assert accuracy(probabilities, values) == 0.75
        assert cross_entropy(probabilities, values) == pytest.approx(-np.log([0.9, 0.4, 0.8, 0.7]).mean())
        assert per_class(probabilities, values)[0] == pytest.approx({"precision": 2 / 3, "recall": 1.0, "f1": 0.8, "support": 2})
        assert macro_f1(probabilities, values) == pytest.approx((0.8 + 2 / 3) / 2)

    def test_sure_and_right_is_calibrated_and_sure_and_wrong_is_not(self):
        sure = np.array([[1.0, 0.0]] * 10)
        assert calibration_error(sure, np.zeros(10, int)) == 0
        assert calibration_error(sure, np.ones(10, int)) == 1
        on_the_edge = np.array([[0.6, 0.4], [0.61, 0.39]])  # 0.6 is the end of a bin, and belongs to it: two bins, one answer each
        assert calibration_error(on_the_edge, np.array([0, 1])) == pytest.approx((0.4 + 0.61) / 2)

    def test_bits_count_one_by_one_and_as_a_whole(self):
        probabilities, bits = np.array([[0.9, 0.2], [0.4, 0.7]]), np.array([[1, 0], [1, 1]], np.float32)
        figures = measure(probabilities, bits)
        assert figures["accuracy"] == 0.75
        assert figures["exact_match"] == 0.5

    @given(logits=arrays(np.float32, (6, 4), elements=st.floats(-50, 50, width=32)), values=arrays(np.int64, 6, elements=st.integers(0, 3)))
    @settings(max_examples=40, deadline=None)
    def test_every_figure_stays_in_its_bounds(self, logits, values):
        figures = measure(softmax(logits), values)
        assert all(0 <= figures[name] <= 1 for name in ("accuracy", "macro_f1", "calibration_error"))
        assert 0 <= figures["loss"] < 20


def described(**entry):
    return {"a": {"data_offsets": [0, 4], **entry}, "__metadata__": {"document": "{}"}}


class TestFiles:
    @given(
        named=st.dictionaries(
            st.text("abc.", min_size=1, max_size=8),
            arrays(
                st.sampled_from([np.float32, np.float16, np.int64, np.uint8, np.bool_]), st.tuples(st.integers(0, 4), st.integers(0, 3))
            ),
            max_size=4,
        )
    )
    @settings(max_examples=40, deadline=None)
    def test_arrays_and_document_come_back(self, tmp_path_factory, named):
        path = tmp_path_factory.mktemp("tensors") / "file.safetensors"
        write_tensors(path, named, {"name": "Küste", "list": [1, None]})
        found, document = read_tensors(path)
        assert document == {"name": "Küste", "list": [1, None]}
        assert set(found) == set(named)
        for name, array in named.items():
            assert found[name].dtype == array.dtype
            assert found[name].tobytes() == array.tobytes()

    @given(cut=st.integers(0, 400))
    @settings(max_examples=40, deadline=None)
    def test_a_file_that_was_cut_is_refused(self, tmp_path_factory, cut):
        path = tmp_path_factory.mktemp("tensors") / "file.safetensors"
        write_tensors(path, {"a": np.arange(40.0)}, {})
        whole_file = path.read_bytes()
        path.write_bytes(whole_file[: min(cut, len(whole_file) - 1)])
        with pytest.raises(TensorFileError):
            read_tensors(path)

    @pytest.mark.parametrize(
        "header",
        [[], {}, {"__metadata__": {"document": "[]"}}, described(dtype="F32", shape=[-1]), described(dtype="F32", shape=[2]),
         described(dtype="object", shape=[1]), described(dtype="F32", shape=[2**40], data_offsets=[0, 2**42])],
    )  # fmt: skip
    def test_a_header_that_lies_is_refused(self, tmp_path, header):
        text = json.dumps(header).encode()
        (tmp_path / "file").write_bytes(len(text).to_bytes(8, "little") + text + b"\0" * 4)
        with pytest.raises(TensorFileError):
            read_tensors(tmp_path / "file")

    def test_a_pickle_is_no_checkpoint(self, tmp_path):
        import pickle

        (tmp_path / "file").write_bytes(pickle.dumps({"weights": [1, 2, 3]}))
        with pytest.raises(TensorFileError):
            read_tensors(tmp_path / "file")


class TestHead:
    def test_the_gradient_is_that_of_the_loss(self):
        for values in (blobs(20, 3).values, (np.random.default_rng(0).random((20, 3)) > 0.5).astype(np.float32)):
            learner = HeadLearner(Examples(blobs(20, 3).embeddings, values), blobs(0, 3), classes=3, decay=0.1)
            x = np.random.default_rng(1).normal(size=3 * 12 + 3) * 0.3
            _, gradient = learner._loss(x)
            for place in (0, 17, 36, 38):
                step = np.zeros_like(x)
                step[place] = 1e-2
                slope = (learner._loss(x + step)[0] - learner._loss(x - step)[0]) / 2e-2
                assert slope == pytest.approx(gradient[place], abs=2e-3)

    def test_lbfgs_finds_the_bottom_of_a_valley(self):
        scales = np.array([1.0, 10.0, 100.0, 0.1])
        solver = Lbfgs(lambda x: (0.5 * float(scales @ (x - 3) ** 2), scales * (x - 3)), np.zeros(4))
        for _ in range(60):
            if solver.converged:
                break
            solver.step()
        assert solver.converged
        assert np.allclose(solver.x, 3, atol=1e-3)

    def test_a_head_tells_blobs_apart_and_gives_probabilities(self):
        head = fit_head(blobs(150, 3), classes=3, decay=1e-2, steps=40)
        test = blobs(300, 3, seed=5)
        probabilities = head.probabilities(test.embeddings)
        assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
        assert accuracy(probabilities, test.values) > 0.95

    def test_going_on_from_a_head_takes_it_along(self):
        examples = blobs(90, 3)
        head = fit_head(examples, classes=3, decay=1e-2, steps=40)
        on = fit_head(blobs(90, 3, seed=8), classes=3, decay=1e-2, steps=0, start=head)
        assert np.allclose(on.logits(examples.embeddings), head.logits(examples.embeddings), atol=1e-2)

    def test_temperature_cools_an_overconfident_head_and_never_changes_its_answers(self):
        rng = np.random.default_rng(0)
        values = rng.integers(0, 3, 400)
        logits = (8.0 * (rng.normal(size=(400, 3)) + np.eye(3)[values])).astype(np.float32)
        temperature = fit_temperature(logits, values, multi_label=False)
        assert temperature > 3
        before, after = softmax(logits), softmax(logits / np.float32(temperature))
        assert calibration_error(after, values) < calibration_error(before, values) / 2
        assert np.array_equal(before.argmax(1), after.argmax(1))

    def test_without_validation_images_the_temperature_is_one(self):
        assert fit_temperature(np.empty((0, 3), np.float32), np.empty(0, np.int64), multi_label=False) == 1.0

    def test_a_few_images_do_not_ask_for_an_absurd_temperature(self):
        perfect = np.array([[9.0, 0.0], [0.0, 9.0]], np.float32)
        assert 0.3 < fit_temperature(perfect, np.array([0, 1]), multi_label=False) < 1.5

    @given(logits=arrays(np.float32, (3, 4), elements=st.floats(-(2.0**100), 2.0**100, width=32)))
    @settings(max_examples=40, deadline=None)
    def test_probabilities_never_overflow(self, logits):
        assert np.isfinite(softmax(logits)).all()
        assert np.isfinite(sigmoid(logits)).all()

    def test_a_head_with_a_number_that_is_not_finite_is_refused(self):
        ones = np.ones(2, np.float32)
        with pytest.raises(ValueError, match="not finite"):
            LinearHead(ones, ones, np.full((1, 2), np.nan, np.float32), ones[:1])


class Countdown(Hooks):
    """Asks to stop after some epochs, or dies there like a process that is killed."""

    def __init__(self, epochs, *, dies=False):
        self.left, self.dies, self.seen = epochs, dies, []

    def epoch_ended(self, point):
        self.seen.append(point)
        self.left -= 1
        if self.dies and self.left == 0:
            raise KeyboardInterrupt

    def should_stop(self):
        return self.left <= 0


class Ended(Hooks):
    """Keeps the points of the curves."""

    def __init__(self):
        self.points = []

    def epoch_ended(self, point):
        self.points.append(point)


def _interrupted(learner, epoch, check, *, after):
    """Learn on, and be stopped by a person in the middle of an epoch."""
    if epoch > after:
        HeadLearner.train(learner, epoch, check)
        raise Interrupted("stopped")
    return HeadLearner.train(learner, epoch, check)


def head_learner(**kwargs):
    return HeadLearner(blobs(120, 3), blobs(60, 3, seed=1, spread=3.0), classes=3, decay=0, **kwargs)


class TestLoop:
    def test_it_stops_when_the_validation_loss_no_longer_falls_and_keeps_the_best(self, tmp_path):
        fitted = fit(head_learner(), Plan(200, 5, 600), tmp_path, Hooks())
        progress = fitted.progress
        assert progress.reason == "patience"
        assert progress.epoch == progress.best_epoch + 5
        losses = [point.metrics["validation_loss"] for point in progress.points]
        assert losses[progress.best_epoch - 1] == pytest.approx(min(losses), abs=1e-4)
        assert not np.array_equal(fitted.best["head.weight"], fitted.last["head.weight"])

    def test_a_crashed_training_goes_on_and_ends_as_if_nothing_had_happened(self, tmp_path, monkeypatch):
        monkeypatch.setattr("active_learning.training.loop.SAVE_EVERY_S", 0)
        plan = Plan(30, 30, 600)
        whole_run = fit(head_learner(), plan, tmp_path / "whole", Hooks())
        with pytest.raises(KeyboardInterrupt):
            fit(head_learner(), plan, tmp_path / "torn", Countdown(7, dies=True))
        began = []

        class Watch(Hooks):
            def training_began(self, progress):
                began.append(progress.epoch)

        resumed = fit(head_learner(), plan, tmp_path / "torn", Watch())
        assert began == [7]
        assert np.array_equal(resumed.best["head.weight"], whole_run.best["head.weight"])
        assert np.array_equal(resumed.last["head.weight"], whole_run.last["head.weight"])
        assert [p.metrics for p in resumed.progress.points] == [p.metrics for p in whole_run.progress.points]

    def test_a_torn_state_file_only_costs_the_epochs(self, tmp_path):
        (tmp_path / LAST).write_bytes(b"half a file")
        assert fit(head_learner(), Plan(3, 9, 600), tmp_path, Hooks()).progress.epoch == 3

    def test_stopped_by_a_person_it_keeps_the_best_so_far(self, tmp_path):
        hooks = Countdown(4)
        fitted = fit(head_learner(), Plan(100, 100, 600), tmp_path, hooks)
        assert fitted.progress.reason == "stopped"
        assert fitted.interrupted
        assert fitted.progress.epoch == len(hooks.seen) == 4

    @pytest.mark.parametrize("killed", [False, True])
    def test_ended_in_the_middle_of_an_epoch_the_last_one_is_that_before_it_and_not_the_best(self, tmp_path, killed, monkeypatch):
        monkeypatch.setattr("active_learning.training.loop.SAVE_EVERY_S", 0)
        plan, whole = Plan(200, 9, 600), Ended()
        fit(head_learner(), plan, tmp_path / "whole", whole)
        best = next(point.epoch for point in reversed(whole.points) if point.best)
        assert best < best + 3 < whole.points[-1].epoch
        if killed:
            with pytest.raises(KeyboardInterrupt):
                fit(head_learner(), plan, tmp_path / "ended", Countdown(best + 3, dies=True))
        learner = head_learner()
        monkeypatch.setattr(learner, "train", lambda epoch, check: _interrupted(learner, epoch, check, after=best + 3))
        fitted = fit(learner, plan, tmp_path / "ended", Hooks())
        assert (fitted.progress.reason, fitted.progress.epoch, fitted.progress.best_epoch) == ("stopped", best + 3, best)
        then = fit(head_learner(), Plan(best + 3, 9, 600), tmp_path / "then", Hooks())
        assert np.array_equal(fitted.last["head.weight"], then.last["head.weight"])
        assert np.array_equal(fitted.best["head.weight"], then.best["head.weight"])
        assert not np.array_equal(fitted.best["head.weight"], fitted.last["head.weight"])

    def test_the_last_epoch_is_known_by_what_it_measured_itself(self, tmp_path):
        progress = fit(head_learner(), Plan(200, 5, 600), tmp_path, Hooks()).progress
        metrics = {**progress.told(), "images": {"train": 1}, "validation": {"loss": 0.1}, "classes": [], "refitted": True}
        of_last = progress.of_last(metrics)
        assert of_last["validation"]["loss"] == progress.points[-1].metrics["validation_loss"]
        assert (of_last["refitted"], of_last["images"], of_last["best_epoch"]) == (False, {"train": 1}, progress.best_epoch)
        assert "classes" not in of_last
        alone = Progress().after({"train_loss": 1.0}, 1.0)
        assert alone.of_last(metrics) == {**metrics, "refitted": False}, "the last one is the best"

    def test_the_time_limit_ends_it(self, tmp_path):
        assert fit(head_learner(), Plan(10_000, 10_000, 0.0), tmp_path, Hooks()).progress.reason == "time_limit"

    def test_without_validation_images_it_runs_to_its_end(self, tmp_path):
        learner = HeadLearner(blobs(60, 3), blobs(0, 3), classes=3, decay=1e-2)
        progress = fit(learner, Plan(200, 3, 600), tmp_path, Hooks()).progress
        assert progress.reason in ("converged", "epochs")
        assert progress.best_epoch == progress.epoch


def test_a_fast_head_whose_labels_came_or_went_meanwhile_begins_anew(tmp_path, monkeypatch):
    monkeypatch.setattr("active_learning.training.loop.SAVE_EVERY_S", 0)
    with pytest.raises(KeyboardInterrupt):
        fit(head_learner(), Plan(30, 30, 600), tmp_path / "resumed", Countdown(7, dies=True))

    def of_four_labels():
        return HeadLearner(blobs(120, 4), blobs(60, 4, seed=1, spread=3.0), classes=4, decay=0)

    resumed, fresh = (fit(of_four_labels(), Plan(30, 30, 600), tmp_path / name, Hooks()) for name in ("resumed", "fresh"))
    assert np.array_equal(resumed.best["head.weight"], fresh.best["head.weight"])


def test_as_many_labels_that_are_others_are_not_gone_on_from_and_the_same_ones_are(tmp_path, monkeypatch):
    monkeypatch.setattr("active_learning.training.loop.SAVE_EVERY_S", 0)
    began = []

    class Watch(Hooks):
        def training_began(self, progress):
            began.append(progress.epoch)

    for of in ("1,2,3", "1,2,4", "1,2,4"):
        with pytest.raises(KeyboardInterrupt):
            fit(head_learner(), Plan(30, 30, 600, of=of), tmp_path, Countdown(5, dies=True))
        fit(head_learner(), Plan(5, 30, 600, of=of), tmp_path, Watch())
    assert began == [5, 5, 10]


def test_a_fine_tuning_whose_labels_came_or_went_meanwhile_begins_anew_with_nothing_put_back(tmp_path, monkeypatch):
    from active_learning.training.fine_tune import FineTuneLearner, PictureSet

    def learner(classes):
        pixels, values = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), np.uint8), np.arange(4) % classes
        start = LinearHead(np.zeros(1280), np.ones(1280), np.zeros((classes, 1280), np.float32), np.zeros(classes, np.float32))
        both = PictureSet(pixels, values, np.arange(4))
        return FineTuneLearner(both, both, start, config=TrainingConfig.from_document({"method": "fine_tune"}), backbone={})

    before = learner(2)
    first = next(iter(before._features.parameters()))
    with torch.no_grad():
        first += 1
    write_tensors(tmp_path / LAST, under("state.", before.state()) | under("best.", before.weights()), Progress(epoch=3).as_document())
    hooks, after = Countdown(0), learner(3)
    begun = []
    monkeypatch.setattr(hooks, "began_anew", lambda: begun.append(True))
    untouched = after.weights()
    fitted = fit(after, Plan(9, 9, 600), tmp_path, hooks)
    assert (begun, fitted.progress.epoch) == ([True], 0)
    assert all(np.array_equal(untouched[name], array) for name, array in fitted.last.items())


class TestOutlook:
    """When a training ends, told from what was measured."""

    def test_before_a_step_was_measured_nothing_is_promised(self):
        ahead = outlook(Progress(), Plan(20, 5, 600), Step(0, 8, 0.0))
        assert (ahead.left_s, ahead.bound, ahead.unless_better_s) == (None, "minutes", None)
        assert (ahead.epoch, ahead.epochs, ahead.step, ahead.steps) == (1, 20, 0, 8)

    def test_in_the_first_epoch_the_steps_tell(self):
        ahead = outlook(Progress(), Plan(20, 5, 600), Step(2, 8, 1.0))
        assert (ahead.left_s, ahead.bound) == (pytest.approx(20 * 4.0 - 1.0), "epochs")

    def test_the_minutes_bound_it_where_the_epochs_would_take_longer(self):
        progress = Progress().after({"train_loss": 1.0}, 50.0).after({"train_loss": 0.9}, 50.0)
        ahead = outlook(progress, Plan(20, 5, 600), Step(1, 4, 12.0))
        assert (ahead.left_s, ahead.bound) == (pytest.approx(600 - 100 - 12), "minutes")

    def test_patience_may_end_it_sooner_and_only_where_something_is_measured(self):
        worse = Progress().after({"validation_loss": 1.0}, 10.0).after({"validation_loss": 2.0}, 10.0)
        assert outlook(worse, Plan(20, 5, 6000), Step(0, 4, 0.0)).unless_better_s == pytest.approx(40.0)
        unmeasured = Progress().after({"train_loss": 1.0}, 10.0)
        assert outlook(unmeasured, Plan(20, 5, 6000), Step(0, 4, 0.0)).unless_better_s is None

    @given(
        epochs=st.integers(1, 50), patience=st.integers(1, 50), limit=st.floats(0, 1e4), spent=st.lists(st.floats(0.01, 100), max_size=8),
        done=st.integers(0, 9), within=st.floats(0, 100),
    )  # fmt: skip
    @settings(max_examples=80, deadline=None)
    def test_it_never_ends_after_its_minutes_nor_in_the_past(self, epochs, patience, limit, spent, done, within):
        progress = Progress()
        for seconds in spent[:epochs]:
            progress = progress.after({"validation_loss": seconds}, seconds)
        ahead = outlook(progress, Plan(epochs, patience, limit), Step(done, 10, within))
        for left in (ahead.left_s, ahead.unless_better_s):
            assert left is None or 0 <= left <= max(0.0, limit - progress.spent_s - within)

    def test_a_loop_tells_of_every_step(self, tmp_path):
        seen = []

        class Watch(Hooks):
            def going(self, ahead):
                seen.append(ahead)

        fit(Stepping(), Plan(2, 5, 600), tmp_path, Watch())
        assert [(ahead.epoch, ahead.step) for ahead in seen] == [(1, 0), (1, 1), (1, 2), (2, 0), (2, 0), (2, 1), (2, 2), (2, 0)]
        assert seen[-1].left_s == 0


class Stepping:
    """Learns nothing, in three steps an epoch."""

    finished, steps = False, 3

    def train(self, epoch, check):
        for _ in range(self.steps):
            check()
        return {"train_loss": 1.0 / epoch}

    def validate(self):
        return {}

    def weights(self):
        return {"w": np.ones(1, np.float32)}

    state = weights


class TestWhatIsBest:
    def test_where_a_figure_is_to_get_high_the_loss_decides_only_between_equals(self):
        progress = Progress()
        for found, loss in ((0.0, 3.0), (0.0, 2.0), (0.4, 2.5), (0.4, 2.6), (0.4, 2.4), (0.3, 0.1)):
            progress = progress.after({"validation_map": found, "validation_loss": loss}, 1.0, "validation_map")
        assert [point.best for point in progress.points] == [True, True, True, False, True, False]
        assert (progress.best_epoch, progress.best_figure, progress.best_loss) == (5, 0.4, 2.4)
        assert Progress.from_document(json.loads(json.dumps(progress.as_document()))) == progress

    def test_without_such_a_figure_the_lowest_loss_is_best(self):
        progress = Progress()
        for found, loss in ((0.1, 3.0), (0.9, 3.5), (0.0, 2.0)):
            progress = progress.after({"validation_map": found, "validation_loss": loss}, 1.0)
        assert progress.best_epoch == 3

    def test_without_validation_images_the_last_epoch_is_best_and_patience_never_ends_it(self):
        progress = Progress().after({"train_loss": 1.0}, 1.0, "validation_map").after({"train_loss": 2.0}, 1.0, "validation_map")
        assert progress.best_epoch == 2
        assert not progress.measured


def test_a_mapped_file_has_its_room_from_the_start_or_is_not_there(tmp_path, monkeypatch):
    made = mapped_anew(tmp_path / "there.u1", np.uint8, (3, 4096))
    assert made.shape == (3, 4096) and not made.any()
    assert (tmp_path / "there.u1").stat().st_blocks * 512 >= 3 * 4096

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(OSError, match="No space"):
        mapped_anew(tmp_path / "none.u1", np.uint8, (3, 4096))
    assert not (tmp_path / "none.u1").exists()
