"""The parts of a training that looks for objects, each alone: targets, scenes, measures, network, answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from active_learning.training.average_precision import average_precision
from active_learning.training.coco_objects import precision_of_shapes
from active_learning.training.config import TrainingConfig
from active_learning.training.families import FAMILIES, family_name
from active_learning.training.object_targets import read_boxes, read_masks, read_points
from active_learning.training.scenes import ELSEWHERE, Scene, mirrored
from active_learning.training.targets import LabeledPicture, TrainedClass
from campaigns.errors import InvalidInput
from campaigns.geometry import Skeleton, encode_mask
from inference.protocols.local import load_predictor
from inference.wire import ModelCard
from models_registry.networks.object_checkpoint import Anatomy, ObjectCheckpoint
from models_registry.networks.tensors import TensorFileError

HAND = Skeleton.from_document(
    {"points": [{"name": name, "x": 0.5, "y": 0.5} for name in ("left", "right", "top")], "flip": [["left", "right"]]}
)
LABELS = (TrainedClass(7, "ship"), TrainedClass(8, "hand", HAND), TrainedClass(9, "buoy"))
CONFIG = TrainingConfig()


def box(x, y, width, height):
    return {"type": "box", "x": x, "y": y, "width": width, "height": height, "rotation": 0.0}


def points(*rows):
    return {"type": "points", "points": [{"name": name, "x": x, "y": y, "v": v} for name, x, y, v in rows]}


def picture(*annotations, width=100, height=50):
    return LabeledPicture([{"label": label, "shape": shape} for label, shape in annotations], width, height)


class TestTargets:
    def test_an_image_that_was_submitted_with_nothing_in_it_teaches_too(self):
        targets = read_boxes([picture((7, box(10, 10, 20, 20))), picture()], LABELS, CONFIG)
        assert targets.rows.tolist() == [0, 1]
        assert [each.name for each in targets.classes] == ["ship"]
        assert targets.contents.tolist() == [[1], [0]]

    def test_labels_without_objects_stay_out_and_are_told_of(self):
        targets = read_boxes([picture((9, box(0, 0, 4, 4)))], LABELS, CONFIG)
        assert targets.things[0][0].place == 0
        assert sum("has no objects yet" in each for each in targets.warnings) == 2
        assert any("buoy has 1 object;" in each for each in targets.warnings)

    def test_what_a_task_cannot_learn_from_is_passed_over(self):
        mixed = [picture((7, {"type": "whole"}), (7, points(("left", 5, 5, 2))), (7, box(5, 5, 10, 10)))]
        assert len(read_boxes(mixed, LABELS, CONFIG).things[0]) == 1
        with pytest.raises(InvalidInput, match="objects with named points") as caught:
            read_points([picture((7, box(5, 5, 10, 10)))], LABELS, CONFIG)
        assert caught.value.code == "too_few_labels"
        with pytest.raises(InvalidInput, match="outlined objects"):
            read_masks([picture((8, points(("left", 5, 5, 2))))], LABELS, CONFIG)

    def test_boxes_are_seen_in_the_square_and_stay_inside_it(self):
        (scene,) = read_boxes([picture((7, box(-5, 10, 55, 40)))], LABELS, CONFIG).scenes(200)
        assert scene.boxes.tolist() == [[0, 40, 100, 200]]

    def test_turned_boxes_are_learned_upright_and_told_of_and_as_they_lie_where_outlines_are_learned(self):
        turned = {"type": "box", "x": 40, "y": 20, "width": 20, "height": 10, "rotation": 90.0}
        targets = read_boxes([picture((7, turned), (7, box(5, 5, 10, 10)))], LABELS, CONFIG)
        (scene,) = targets.scenes(200)
        assert scene.boxes[0].tolist() == pytest.approx([90, 60, 110, 140], abs=1e-3)
        assert any("1 box is turned" in each and "upright" in each for each in targets.warnings)
        assert not any("turned" in each for each in read_boxes([picture((7, box(5, 5, 10, 10)))], LABELS, CONFIG).warnings)
        slanted = read_masks([picture((7, {**turned, "rotation": 45.0}))], LABELS, CONFIG)
        assert not any("turned" in each for each in slanted.warnings)
        left, top, right, bottom = slanted.scenes(200)[0].boxes[0]
        assert 0.3 < slanted.scenes(200)[0].masks.sum() / ((right - left) * (bottom - top)) < 0.6, "the corners of the mask stay empty"

    def test_masks_and_outlines_of_one_thing_are_seen_alike(self):
        mask = np.zeros((50, 100), bool)
        mask[10:30, 20:60] = True
        drawn = {"type": "mask", "size": [50, 100], "counts": encode_mask(mask), "bbox": [20, 10, 40, 20]}
        outline = {"type": "polygon", "polygons": [[[[20, 10], [60, 10], [60, 30], [20, 30], [20, 10]]]]}
        one, other = (read_masks([picture((7, each))], LABELS, CONFIG).scenes(64)[0].masks for each in (drawn, outline))
        assert (one == other).mean() > 0.99
        assert one.mean() == pytest.approx(mask.mean(), abs=0.02)

    def test_points_lie_in_the_slots_of_their_label_and_other_slots_are_nobodys(self):
        both = [picture((8, points(("left", 10, 10, 1), ("top", 20, 5, 2))), (7, points(("bow", 50, 25, 2))))]
        targets = read_points(both, LABELS, CONFIG)
        assert targets.anatomy.points == (("bow",), ("left", "right", "top"))
        (scene,) = targets.scenes(100)
        assert scene.points[0].tolist() == [[0, 0, ELSEWHERE], [10, 20, 1], [0, 0, 0], [20, 10, 2]]
        assert scene.points[1].tolist() == [[50, 50, 2], [0, 0, ELSEWHERE], [0, 0, ELSEWHERE], [0, 0, ELSEWHERE]]
        assert targets.swaps().tolist() == [0, 2, 1, 3]

    def test_segmentation_trains_by_the_kind_that_the_campaign_says(self):
        assert family_name("segmentation", "instance") == "instance"
        assert family_name("detection", "semantic") == "detection"
        assert {"detection", "instance", "keypoints"} <= set(FAMILIES)


SIDE = 16
CORNERS = st.lists(st.tuples(*[st.integers(0, SIDE // 2 - 1)] * 2, *[st.integers(1, SIDE // 2)] * 2), min_size=1, max_size=4)


def scene_from(corners, seed):
    rng = np.random.default_rng(seed)
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in corners], np.float32)
    seen = rng.integers(-1, 3, (len(boxes), 4, 1))
    spots = np.concatenate([np.where(seen > 0, rng.integers(0, SIDE, (len(boxes), 4, 2)), 0), seen], 2).astype(np.float32)
    masks = np.packbits(rng.random((len(boxes), SIDE, SIDE)) < 0.5, axis=2)
    return Scene(SIDE, boxes, np.zeros(len(boxes), np.int64), masks, spots)


class TestMirroring:
    @given(CORNERS, st.integers(0, 99), st.booleans())
    def test_twice_mirrored_is_what_it_was(self, corners, seed, down):
        scene, swaps = scene_from(corners, seed), np.array([1, 0, 2, 3])
        again = mirrored(mirrored(scene, down=down, swaps=swaps), down=down, swaps=swaps)
        assert np.array_equal(again.boxes, scene.boxes)
        assert np.array_equal(again.packed, scene.packed)
        assert np.array_equal(again.points, scene.points)

    def test_a_pair_changes_places_and_its_visibility_goes_along(self):
        row = np.array([[[2, 3, 1], [12, 3, 2], [7, 1, 0]]], np.float32)
        scene = Scene(SIDE, np.array([[0, 0, 14, 6]], np.float32), np.zeros(1, np.int64), None, row)
        turned = mirrored(scene, down=False, swaps=np.array([1, 0, 2]))
        assert turned.points.tolist() == [[[4, 3, 2], [14, 3, 1], [0, 1, 0]]]
        assert turned.boxes.tolist() == [[2, 0, 16, 6]]


class TestPrecision:
    def test_all_found_is_one_and_nothing_found_is_nothing(self):
        truth = [[(0, box(10, 10, 20, 20)), (1, box(50, 20, 10, 10))], []]
        every = [[(place, 0.9, shape) for place, shape in row] for row in truth]
        whole = precision_of_shapes("boxes", truth, every, [(100, 50)] * 2, classes=2)
        assert (whole.mean, whole.mean_50) == (pytest.approx(1), pytest.approx(1))
        assert whole.f1.tolist() == [1, 1]
        assert whole.threshold.tolist() == [0.9, 0.9]
        none = precision_of_shapes("boxes", truth, [[], []], [(100, 50)] * 2, classes=2)
        assert (none.mean, none.f1.tolist(), none.threshold.tolist()) == (0, [0, 0], [0.5, 0.5])

    def test_a_class_without_a_true_object_counts_neither_way(self):
        found = [[(0, 0.9, box(10, 10, 20, 20)), (1, 0.8, box(0, 0, 5, 5))]]
        precision = precision_of_shapes("boxes", [[(0, box(10, 10, 20, 20))]], found, [(100, 50)], classes=2)
        assert precision.mean == pytest.approx(1)
        assert np.isnan(precision.ap[1])

    def test_a_box_that_is_a_bit_off_counts_at_half_overlap_and_less_on_the_whole(self):
        precision = precision_of_shapes("boxes", [[(0, box(10, 10, 20, 20))]], [[(0, 0.9, box(12, 10, 20, 20))]], [(100, 50)], classes=1)
        # 18 of 22 columns: an overlap of 0.818, so seven of the ten thresholds from 0.5 to 0.95 are met
        assert precision.mean_50 == pytest.approx(1)
        assert precision.mean == pytest.approx(0.7)

    def test_the_threshold_is_where_f1_is_highest(self):
        found = [[(0, 0.9, box(10, 10, 20, 20)), (0, 0.6, box(60, 10, 20, 20)), (0, 0.3, box(0, 40, 5, 5)), (0, 0.2, box(90, 40, 5, 5))]]
        precision = precision_of_shapes("boxes", [[(0, box(10, 10, 20, 20)), (0, box(60, 10, 20, 20))]], found, [(100, 50)], classes=1)
        assert (precision.threshold[0], precision.f1[0]) == (0.6, 1.0)
        assert precision.lenient[0] == 0.6, "with one more that is wrong F1 falls to 0.8"

    def test_drafts_begin_at_the_lowest_confidence_that_is_nearly_as_good(self):
        there = [(0, box(12 * n, 10, 10, 10)) for n in range(8)]
        found = [
            [*((0, 0.9, shape) for _, shape in there), (0, 0.4, box(0, 40, 5, 5)), (0, 0.2, box(50, 40, 5, 5)), (0, 0.1, box(90, 40, 5, 5))]
        ]
        precision = precision_of_shapes("boxes", [there], found, [(100, 50)], classes=1)
        assert (precision.threshold[0], precision.lenient[0]) == (0.9, 0.4)

    def test_points_are_measured_by_their_distance_to_the_size_of_the_object(self):
        true = points(("left", 20, 20, 2), ("right", 60, 20, 2), ("top", 40, 5, 0))
        near = points(("left", 20.5, 20, 2), ("right", 60, 20.5, 2), ("top", 0, 0, 2))
        far = points(("left", 60, 20, 2), ("right", 20, 20, 2), ("top", 0, 0, 2))
        sigmas = dict.fromkeys(("left", "right", "top"), 0.05)
        good, bad = (
            precision_of_shapes("points", [[(0, true)]], [[(0, 0.9, each)]], [(100, 50)], classes=1, sigmas=sigmas) for each in (near, far)
        )
        assert good.mean > 0.9
        assert bad.mean == 0

    @settings(max_examples=20)
    @given(st.lists(st.tuples(st.floats(0.01, 1), st.integers(0, 60)), max_size=6), st.integers(0, 4), st.randoms())
    def test_the_order_of_what_was_found_does_not_matter_and_figures_stay_between_0_and_1(self, found, true, random):
        truth = [[{"category_id": 0, "bbox": [n * 20.0, 0.0, 15.0, 15.0], "area": 225.0} for n in range(true)]]
        sure = {round(score, 6): {"category_id": 0, "bbox": [x, 0.0, 15.0, 15.0], "area": 225.0, "score": score} for score, x in found}
        rows = list(sure.values())
        one = average_precision("boxes", truth, [rows], classes=1)
        other = average_precision("boxes", truth, [random.sample(rows, len(rows))], classes=1)
        assert one.mean == pytest.approx(other.mean)
        assert 0 <= one.mean <= one.mean_50 + 1e-9 <= 1 + 1e-6


def checkpoint_of(anatomy):
    from models_registry.networks.devices import arrays_of
    from models_registry.networks.objects import seeded_network
    from models_registry.networks.weights import find_weights

    return ObjectCheckpoint(anatomy, arrays_of(seeded_network(anatomy, 1)), "small", find_weights().sha256)


class TestCheckpoint:
    @pytest.mark.parametrize(
        "anatomy", [Anatomy("boxes", ("a",)), Anatomy("masks", ("a", "b")), Anatomy("points", ("a", "b"), (("x",), ("x", "y")))]
    )
    def test_it_survives_its_file(self, anatomy, tmp_path):
        made = checkpoint_of(anatomy)
        made.save(tmp_path / "file")
        found = ObjectCheckpoint.load(tmp_path / "file")
        assert (found.anatomy, found.is_frozen) == (anatomy, True)
        assert all(np.array_equal(found.heads[name], array) for name, array in made.heads.items())

    def test_weights_of_another_network_are_refused_with_a_reason(self, tmp_path):
        made = checkpoint_of(Anatomy("boxes", ("a",)))
        ObjectCheckpoint(Anatomy("boxes", ("a", "b")), made.heads, "small", made.weights_sha256).save(tmp_path / "file")
        with pytest.raises(Exception, match="Ships cannot be loaded: the weights do not fit"):
            load_predictor(path=tmp_path / "file", card=ModelCard("", "detection", name="Ships"))
        (tmp_path / "file").write_bytes((tmp_path / "file").read_bytes()[:-100])
        with pytest.raises(TensorFileError, match="cut"):
            ObjectCheckpoint.load(tmp_path / "file")

    @pytest.mark.parametrize(
        ("part", "classes", "names"), [("boxes", (), ()), ("hats", ("a",), ()), ("points", ("a",), ()), ("points", ("a",), ((),))]
    )
    def test_an_anatomy_that_cannot_be_is_refused(self, part, classes, names):
        with pytest.raises(ValueError, match=r"disagree|tells of|no class"):
            Anatomy(part, classes, names)
