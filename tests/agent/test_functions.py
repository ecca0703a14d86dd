"""An agent's function files: Winnow's own form, and CVAT's, told by the names of their members."""

import base64
import io
from types import SimpleNamespace as Thing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from winnow_agent import FunctionError
from winnow_agent.cvat import CvatLabel, items_from, labels_of, mask_from, png_of, task_of
from winnow_agent.functions import load_function
from winnow_agent.worker import safe_text

LABELS = {0: CvatLabel("ship", "any", {}), 1: CvatLabel("body", "skeleton", {7: "nose", 8: "tail"})}


def shape(kind, points, **more):
    return Thing(type=Thing(value=kind), label_id=0, points=points, **more)


def one(thing):
    (item,) = items_from([thing], LABELS, (8, 6))
    return item


def runs_of(mask, left, top, right, bottom):
    """Write a mask as CVAT does."""
    flat = mask[top : bottom + 1, left : right + 1].ravel()
    runs, current, count = [], False, 0
    for value in flat:
        if value != current:
            runs.append(count)
            current, count = value, 0
        count += 1
    return [*runs, count, left, top, right, bottom]


def test_a_rectangle_becomes_a_box_that_keeps_its_turn():
    item = one(shape("rectangle", [1, 2, 5, 4], rotation=350, score=0.5))
    assert item == {"kind": "box", "class": "ship", "score": 0.5, "box": [3, 3, 4, 2, 350]}


def test_a_polygon_is_closed():
    assert one(shape("polygon", [0, 0, 4, 0, 4, 4]))["polygons"] == [[[[0, 0], [4, 0], [4, 4], [0, 0]]]]


@given(arrays(bool, (6, 8)), st.integers(0, 7), st.integers(0, 5), st.integers(0, 7), st.integers(0, 5))
def test_a_mask_comes_back_to_the_pixel(mask, x0, y0, x1, y1):
    left, right, top, bottom = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
    expected = np.zeros_like(mask)
    expected[top : bottom + 1, left : right + 1] = mask[top : bottom + 1, left : right + 1]
    read = mask_from(runs_of(mask, left, top, right, bottom), (8, 6))
    assert np.array_equal(read, expected)
    with Image.open(io.BytesIO(base64.b64decode(png_of(read)))) as picture:
        assert np.array_equal(np.asarray(picture) > 127, expected)


@pytest.mark.parametrize("rle", [[4, 0, 0, 1, 2], [6, 0, 0, 8, 0], [-1, 5, 0, 0, 1, 1], [1, 2]])
def test_a_mask_that_does_not_fit_its_box_is_refused(rle):
    with pytest.raises(FunctionError):
        mask_from(rle, (8, 6))


def test_tags_become_one_classification_and_skeletons_named_points():
    found = [Thing(label_id=0, score=0.25), Thing(type="skeleton", label_id=1, elements=[
        Thing(type="points", label_id=8, points=[1, 2], outside=False, occluded=True), Thing(type="points", label_id=7, points=[3, 4]),
    ])]  # fmt: skip
    tags, body = items_from(found, LABELS, (8, 6))
    assert tags == {"kind": "classification", "scores": {"ship": 0.25}}
    assert body["points"] == [{"name": "tail", "x": 1.0, "y": 2.0, "v": 1}, {"name": "nose", "x": 3.0, "y": 4.0, "v": 2}]


@pytest.mark.parametrize("thing", [shape("cuboid", [0] * 16), Thing(type="polygon", label_id=9, points=[])])
def test_what_there_is_no_item_for_is_told(thing):
    with pytest.raises(FunctionError):
        one(thing)


def test_the_task_is_told_only_where_the_labels_leave_no_doubt():
    spec = Thing(labels=[{"name": "wet", "id": 0, "type": "tag"}, {"name": "dry", "id": 1, "type": "tag"}])
    assert (task_of(labels_of(spec)), task_of(LABELS)) == ("classification", "")
    assert task_of(labels_of(Thing(labels=[Thing(name="ship", id=0)]))) == ""


def test_a_cvat_function_made_by_create_is_loaded_and_the_unsure_left_out(tmp_path):
    (tmp_path / "f.py").write_text(
        "from types import SimpleNamespace as T\n"
        "def create(score):\n"
        "    spec = T(labels=[T(name='ship', id=0, type='rectangle')])\n"
        "    def detect(context, image):\n"
        "        assert context.frame_name == 'a.png' and context.conf_threshold == 0.5\n"
        "        return [T(type='rectangle', label_id=0, points=[0, 0, *image.size], score=s) for s in (score, 0.4)]\n"
        "    return T(spec=spec, detect=detect)\n"
    )
    function = load_function(tmp_path / "f.py", {"score": 0.75}, 0.5)
    reply = function.answer(Image.new("RGB", (8, 6)), {"image": {"name": "a.png"}, "threshold": None})
    assert function.classes == ["ship"]
    assert [each["score"] for each in reply["items"]] == [0.75]


def test_a_file_without_a_function_is_refused(tmp_path):
    (tmp_path / "f.py").write_text("x = 1\n")
    with pytest.raises(FunctionError, match="neither predict"):
        load_function(tmp_path / "f.py", {}, None)


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ("spec=T(supported_shape_types={'rectangle'}), init_tracking_state=print, track=print", "tracking function.*still images"),
        ("spec=T(min_pos_points=1, min_neg_points=None), preprocess_image=print, detect=print", "interaction function.*clicks"),
    ],
)
def test_functions_that_answer_about_no_whole_image_are_refused_with_what_they_are(tmp_path, members, kind):
    (tmp_path / "f.py").write_text(f"from types import SimpleNamespace as T\ndef create():\n    return T({members})\n")
    with pytest.raises(FunctionError, match=kind):
        load_function(tmp_path / "f.py", {}, None)


def test_only_the_type_of_a_foreign_error_is_told():
    assert safe_text(KeyError("/home/me/token"), "The function") == "The function failed with KeyError. The agent's log has more."
    assert safe_text(FunctionError("No such class."), "The function") == "No such class."
