"""Where in an answer the mistake stands."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.decode import parse_json
from inference.decode.excerpts import Excerpt, excerpt
from inference.decode.places import position_of, span_of
from inference.schema import PredictionRejected

NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters=".[]"), min_size=1, max_size=8)
LEAVES = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=20)


def places(value: Any, where: str = "") -> list[tuple[str, Any]]:
    found = [(where, value)]
    if isinstance(value, list):
        for number, each in enumerate(value):
            found += places(each, f"{where}[{number}]")
    if isinstance(value, dict):
        for name, each in value.items():
            found += places(each, f"{where}.{name}" if where else name)
    return found


@given(VALUES, st.sampled_from([None, 2]))
def test_every_place_is_found_however_the_text_is_written(value: Any, indent: int | None):
    text = json.dumps(value, indent=indent)
    for where, expected in places(value):
        span = span_of(text, where)
        assert span is not None
        assert json.loads(text[span[0] : span[1]]) == expected


@given(st.text(max_size=80), st.text(max_size=20))
def test_nothing_makes_it_fail(text: str, where: str):
    span = span_of(text, where)
    assert span is None or 0 <= span[0] <= span[1] <= len(text)


def test_what_is_missing_points_at_what_it_is_missing_from():
    text = '{"items": [{"kind": "box"}]}'
    span = span_of(text, "items[0].box[2]")
    assert span is not None
    assert text[span[0] : span[1]] == '{"kind": "box"}'
    assert span_of("<html>", "items") == (0, 6)
    assert span_of("", "items") is None
    assert span_of('{"items": [', "items") is None


@pytest.mark.parametrize(("line", "column", "at"), [(1, 1, 0), (1, 4, 3), (2, 1, 4), (2, 2, 5), (9, 9, 7)])
def test_a_line_and_a_column_are_an_offset(line: int, column: int, at: int):
    assert position_of("abc\ndef", line, column) == at


def test_a_deep_answer_is_walked_without_recursion():
    text = "[" * 5000 + "]" * 5000
    assert span_of(text, "[0]") == (1, 9999)


def test_an_excerpt_marks_the_place_however_far_in_it_stands():
    items = [{"kind": "box", "box": [1, 2, 3, 4]} for _ in range(2000)]
    items[1500]["box"] = [1, 2, "abc", 4]
    shown = excerpt(json.dumps({"items": items}).encode(), where="items[1500].box[2]", wrong=True)
    assert shown.mark is not None
    assert shown.text[slice(*shown.mark)] == '"abc"'
    assert len(shown.text) < 5000
    assert shown.text.startswith("…")


def test_broken_json_is_marked_where_it_breaks():
    body = b'{"items": [1, 2,, 3]}'
    with pytest.raises(PredictionRejected) as refused:
        parse_json(body)
    shown = excerpt(body, where=refused.value.where, why=str(refused.value), wrong=True)
    assert shown.mark is not None
    assert "," in shown.text[slice(*shown.mark)]
    assert 13 <= shown.mark[0] <= 17


@given(st.binary(max_size=200), st.text(max_size=20), st.booleans())
def test_an_excerpt_of_anything_has_its_mark_inside(body: bytes, where: str, wrong: bool):
    shown = excerpt(body, where=where, why="expected JSON (line 7, column 3)", wrong=wrong)
    assert shown.mark is None or 0 <= shown.mark[0] <= shown.mark[1] <= len(shown.text)


def test_of_a_picture_only_its_kind_is_shown():
    assert excerpt(b"\x89PNG" + b"0" * 96) == Excerpt("(PNG, 100 bytes)")


@pytest.mark.parametrize(("body", "word"), [(b'{"score": NaN}', "NaN"), (b"[1, -Infinity]", "-Infinity"), (b"[Infinity]", "Infinity")])
def test_what_python_writes_of_numbers_that_are_none_is_called_by_its_name(body: bytes, word: str) -> None:
    with pytest.raises(PredictionRejected, match=f"expected a finite number, got {word} .line 1"):
        parse_json(body)
