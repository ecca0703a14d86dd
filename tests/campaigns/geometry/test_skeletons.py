"""Skeletons check themselves, and the names of points."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.geometry import InvalidShape, Skeleton, circle_of

FACE: dict[str, Any] = {
    "points": [
        {"name": "left_eye", "x": 0.75, "y": 0.25},
        {"name": "right_eye", "x": 0.25, "y": 0.25},
        {"name": "nose", "x": 0.5, "y": 0.5},
    ],
    "edges": [["left_eye", "nose"], ["right_eye", "nose"]],
    "flip": [["left_eye", "right_eye"]],
    "sigmas": {"nose": 0.026},
}


def changed(**parts: Any) -> dict[str, Any]:
    return {**FACE, **parts}


def test_a_skeleton_is_written_as_it_was_read() -> None:
    skeleton = Skeleton.from_document(FACE)
    assert skeleton is not None and skeleton.as_document() == FACE
    assert skeleton.names == ["left_eye", "right_eye", "nose"]
    assert Skeleton.from_document({}) is None
    assert Skeleton.from_document({"points": [], "edges": []}) is None


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ([], "object"),
        (changed(bones=[]), "bones"),
        (changed(points=[*FACE["points"], {"name": " nose ", "x": 0, "y": 0}]), "one name"),
        (changed(points=[{"name": "", "x": 0, "y": 0}]), "characters"),
        (changed(points=[{"name": "nose", "x": 1.2, "y": 0}]), "outside"),
        (changed(points=[{"name": "nose", "x": float("nan"), "y": 0}]), "finite"),
        (changed(points=[{"name": "nose", "x": 0.5}]), "finite"),
        (changed(points=[["nose", 0, 0]]), "written"),
        (changed(points=circle_of(str(n) for n in range(201))), "at most"),
        (changed(points=[], edges=[["a", "b"]]), "without points"),
        (changed(edges=[["left_eye", "ear"]]), "ear"),
        (changed(edges=[["nose", "nose"]]), "different"),
        (changed(edges=[["left_eye", "nose"], ["nose", "left_eye"]]), "twice"),
        (changed(edges=[[0, 1]]), "written"),
        (changed(flip=[["left_eye", "right_eye"], ["left_eye", "nose"]]), "one opposite"),
        (changed(flip=[["left_eye", "ear"]]), "ear"),
        (changed(sigmas={"ear": 0.1}), "ear"),
        (changed(sigmas={"nose": 0}), "above 0"),
        (changed(sigmas=[0.1]), "written"),
    ],
)
def test_what_is_no_skeleton_is_refused_in_words(document: Any, word: str) -> None:
    with pytest.raises(InvalidShape, match=word):
        Skeleton.from_document(document)


@given(st.lists(st.sampled_from(["left_eye", "right_eye", "nose", "ear", ""]), max_size=6))
def test_points_have_names_of_the_skeleton_each_at_most_once(names: list[str]) -> None:
    skeleton = Skeleton.from_document(FACE)
    assert skeleton is not None
    fits = set(names) <= {"left_eye", "right_eye", "nose"} and len(set(names)) == len(names)
    try:
        skeleton.check_names(names)
    except InvalidShape:
        assert not fits
    else:
        assert fits


def test_a_name_that_stood_before_the_skeleton_changed_is_let_through() -> None:
    skeleton = Skeleton.from_document(FACE)
    assert skeleton is not None
    skeleton.check_names(["nose", "ear"], known=["ear"])
    with pytest.raises(InvalidShape, match="chin"):
        skeleton.check_names(["nose", "chin"], known=["ear"])


@given(st.lists(st.text(min_size=1, max_size=8).filter(str.strip), max_size=40, unique_by=str.strip))
def test_a_circle_of_any_names_is_a_template(names: list[str]) -> None:
    skeleton = Skeleton.from_document({"points": circle_of(names)})
    assert (skeleton.names if skeleton else []) == [name.strip() for name in names]
