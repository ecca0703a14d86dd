"""Prefill: which drafts an answer becomes, and that the rest is counted."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from campaigns.documents import Frame, check_annotations
from campaigns.geometry import decode_mask, encode_mask, polygons_to_mask
from inference import prefill
from inference.prefill import DraftRules, ModelTag, draft
from inference.rasters import raster_of_classes, raster_of_probabilities
from inference.schema import Box, Classification, ClassScore, Embedding, Keypoint, Keypoints, Mask, Polygon, Prediction

MODEL = ModelTag(3, "Buildings", "1")
LAND, WATER = 11, 12
RING = ((10.0, 10.0), (30.0, 10.0), (30.0, 25.0), (10.0, 10.0))


def rules(labels=None, thresholds=None, task="segmentation"):
    return DraftRules(MODEL, task, {0: LAND, 1: WATER} if labels is None else labels, thresholds or {})


def about(*items, width=64, height=48):
    return Prediction(items, width, height)


def classes(*confidences, mode="single"):
    return Classification(tuple(ClassScore(n, f"class {n}", value) for n, value in enumerate(confidences)), mode=mode)


def box(index=0, confidence=0.9, **fields):
    return Box(index, f"class {index}", confidence, **{"x": 5.0, "y": 6.0, "width": 20.0, "height": 10.0, **fields})


def test_a_draft_names_its_model_and_waits_for_review():
    annotation = draft(about(box(rotation=30.0)), rules(task="detection")).annotations[0]
    assert annotation == {
        "id": annotation["id"], "label": LAND, "origin": "prediction", "review": "draft", "confidence": 0.9,
        "model": {"id": 3, "name": "Buildings", "version": "1"}, "attributes": {},
        "shape": {"type": "box", "x": 5.0, "y": 6.0, "width": 20.0, "height": 10.0, "rotation": 30.0},
    }  # fmt: skip


def test_drafting_twice_gives_the_same_ids_and_another_version_gives_others():
    prediction = about(box(), box(1))
    ids = [a["id"] for a in draft(prediction, rules()).annotations]
    assert len(set(ids)) == 2
    assert ids == [a["id"] for a in draft(prediction, rules()).annotations]
    later = DraftRules(ModelTag(3, "Buildings", "2"), "segmentation", {0: LAND, 1: WATER})
    assert not set(ids) & {a["id"] for a in draft(prediction, later).annotations}


def test_class_0_is_a_class():
    assert [a["label"] for a in draft(about(box(0)), rules({0: WATER})).annotations] == [WATER]


def test_a_class_without_a_label_is_counted_and_not_drafted():
    drafts = draft(about(box(0), box(7), box(7), box(None)), rules())
    assert len(drafts.annotations) == 1
    assert drafts.unmapped == {"class 7": 2, "class None": 1}


def test_only_the_top_label_of_a_single_label_answer_is_drafted():
    drafts = draft(about(classes(0.3, 0.6, 0.1)), rules(task="classification"))
    assert [(a["label"], a["confidence"], a["shape"]) for a in drafts.annotations] == [(WATER, 0.6, {"type": "whole"})]


def test_classes_of_one_label_add_up_when_they_exclude_each_other():
    drafts = draft(about(classes(0.3, 0.4, 0.3)), rules({0: LAND, 1: WATER, 2: LAND}, task="classification"))
    assert [(a["label"], a["confidence"]) for a in drafts.annotations] == [(LAND, pytest.approx(0.6))]


def test_the_best_class_without_a_label_leaves_the_best_that_has_one():
    drafts = draft(about(classes(0.1, 0.2, 0.7)), rules(task="classification"))
    assert [a["label"] for a in drafts.annotations] == [WATER]
    assert drafts.unmapped == {"class 2": 1}


def test_every_sure_label_of_a_multi_label_answer_is_drafted():
    answer = about(classes(0.8, 0.55, mode="multi"))
    assert [a["label"] for a in draft(answer, rules(task="classification")).annotations] == [LAND, WATER]
    assert [a["label"] for a in draft(answer, rules(thresholds={WATER: 0.6}, task="classification")).annotations] == [LAND]
    assert draft(about(classes(0.2, 0.1, mode="multi")), rules(task="classification")).annotations == []


def test_objects_below_their_threshold_are_left_out_and_counted():
    drafts = draft(about(box(0, 0.04), box(0, 0.06), box(1, 0.3), box(1, None)), rules(thresholds={WATER: 0.5}))
    assert [a["confidence"] for a in drafts.annotations] == [0.06, None]
    assert drafts.unsure == 2


def test_outlines_become_boxes_where_only_boxes_are_taken():
    mask = np.zeros((48, 64), dtype=bool)
    mask[5:9, 7:20] = True
    items = [Polygon(0, "a", 0.9, ((RING,),)), Mask(1, "b", 0.8, (48, 64), encode_mask(mask))]
    shapes = [a["shape"] for a in draft(about(*items), rules(task="detection")).annotations]
    assert shapes == [
        {"type": "box", "x": 10.0, "y": 10.0, "width": 20.0, "height": 15.0, "rotation": 0.0},
        {"type": "box", "x": 7.0, "y": 5.0, "width": 13.0, "height": 4.0, "rotation": 0.0},
    ]


def test_an_empty_mask_drafts_nothing():
    empty = Mask(0, "a", 0.9, (48, 64), encode_mask(np.zeros((48, 64), dtype=bool)))
    assert draft(about(empty), rules()).annotations == []


def test_keypoints_keep_their_names_and_vectors_draft_nothing():
    person = Keypoints(0, "person", 0.7, (Keypoint("nose", 3.0, 4.0),))
    drafts = draft(about(person, Embedding("space", (0.1, 0.2))), rules(task="keypoints"))
    assert [a["shape"] for a in drafts.annotations] == [{"type": "points", "points": [{"name": "nose", "x": 3.0, "y": 4.0, "v": 2}]}]


def test_a_raster_becomes_one_outline_a_label_with_its_own_confidence():
    probabilities = np.full((3, 48, 64), 0.1, dtype=np.float32)
    probabilities[0, :, :20], probabilities[1, :, 20:40], probabilities[2, :, 40:] = 0.8, 0.6, 0.9
    probabilities /= probabilities.sum(axis=0)
    raster = raster_of_probabilities(probabilities, [(0, "sea"), (1, "lake"), (2, "cloud")])
    drafts = draft(about(raster), rules({0: WATER, 1: WATER}))
    (water,) = drafts.annotations
    assert water["label"] == WATER
    assert water["shape"]["type"] == "polygon"
    assert drafts.unmapped == {"cloud": 1}
    filled = polygons_to_mask(water["shape"]["polygons"], height=48, width=64)
    assert filled[:, :40].all()
    assert not filled[:, 40:].any()
    assert water["confidence"] == pytest.approx((0.8 + 0.75) / 2, abs=0.01)


def test_an_outline_that_nobody_could_edit_is_drafted_as_a_mask():
    noise = np.random.default_rng(1).integers(0, 2, (300, 300)).astype(np.uint8)
    (annotation,) = draft(about(raster_of_classes(noise, [(0, "a"), (1, "b")]), width=300, height=300), rules({1: LAND})).annotations
    assert annotation["shape"]["type"] == "mask"
    assert (decode_mask(annotation["shape"]["counts"], (300, 300)) == (noise == 1)).all()


def test_a_class_that_the_raster_does_not_show_drafts_nothing():
    drafts = draft(about(raster_of_classes(np.zeros((48, 64), dtype=np.uint8), [(0, "a"), (1, "b")])), rules())
    assert [a["label"] for a in drafts.annotations] == [LAND]


@given(
    st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1) | st.none(), st.integers(0, 40), st.integers(0, 30)), max_size=15),
    st.dictionaries(st.integers(0, 4), st.sampled_from([LAND, WATER]), max_size=5),
    st.dictionaries(st.sampled_from([LAND, WATER]), st.floats(0, 1), max_size=2),
)
def test_every_object_is_drafted_or_counted_and_drafts_are_sound_documents(objects, labels, thresholds):
    prediction = about(*(box(index, confidence, x=x, y=y) for index, confidence, x, y in objects))
    drafts = draft(prediction, rules(labels, thresholds, task="detection"))
    assert len(drafts.annotations) + drafts.unsure + sum(drafts.unmapped.values()) == len(objects)
    assert check_annotations(drafts.annotations, Frame(64, 48, "detection", frozenset({LAND, WATER}))) == drafts.annotations
    assert all(
        a["confidence"] is None or a["confidence"] >= thresholds.get(a["label"], prefill.DEFAULT_OBJECT_THRESHOLD)
        for a in drafts.annotations
    )


@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 30), st.integers(1, 30))))
def test_the_outline_of_a_region_covers_exactly_its_pixels(pixels):
    pixels[0, 0] = True
    shape = prefill.region_shape(pixels)
    assert shape["type"] == "polygon"
    assert (polygons_to_mask(shape["polygons"], height=pixels.shape[0], width=pixels.shape[1]) == pixels).all()


def test_a_threshold_outside_0_to_1_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        rules(thresholds={LAND: 1.5})


def test_where_the_most_probable_class_has_no_label_the_runner_up_is_told():
    scores = (ClassScore(0, "bus", 0.7), ClassScore(1, "sea", 0.2), ClassScore(2, "field", 0.1))
    drafts = draft(about(Classification(scores)), rules({1: WATER, 2: LAND}))
    assert [(each["label"], each["confidence"]) for each in drafts.annotations] == [(WATER, 0.2)]
    assert drafts.runner_up == prefill.RunnerUp("bus", 0.7, WATER, 0.2)
    joined = draft(about(Classification(scores)), rules({1: WATER, 2: WATER, 0: LAND}))
    assert [each["label"] for each in joined.annotations] == [LAND]
    assert joined.runner_up is None


@given(arrays.arrays(np.uint8, (24, 32), elements=st.integers(0, 2)), st.sampled_from([0.0, 1.0, 3.0]))
def test_simplified_areas_of_a_raster_neither_overlap_nor_leave_the_image(classes, simplify_px):
    raster = raster_of_classes(classes, [(0, "a"), (1, "b"), (2, "c")])
    chosen = DraftRules(MODEL, "segmentation", {0: WATER, 1: LAND}, simplify_px=simplify_px)
    shapes = [each["shape"]["polygons"] for each in draft(about(raster, width=32, height=24), chosen).annotations]
    areas = [shapely.MultiPolygon([(rings[0], rings[1:]) for rings in polygons]) for polygons in shapes]
    assert all(area.is_valid for area in areas)
    assert shapely.intersection_all(areas).area == 0.0 if len(areas) == 2 else True
    points = sum(len(ring) for polygons in shapes for rings in polygons for ring in rings)
    exact = draft(about(raster, width=32, height=24), rules({0: WATER, 1: LAND})).annotations
    traced = sum(len(ring) for each in exact for rings in each["shape"]["polygons"] for ring in rings)
    assert points == traced if simplify_px == 0.0 else points <= traced
