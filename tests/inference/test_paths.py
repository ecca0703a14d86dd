"""Paths into JSON that a person writes."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.decode import Node
from inference.decode.paths import MAX_STEPS, Path, PathError
from inference.schema import PredictionRejected

ANSWER = Node({"a": [{"b": 1}, {"b": None}, {"c": 3}], "with.dots [x]": {"": 0, "d": 4}, "n": None}, "")


def values(text: str, node: Node = ANSWER) -> list[Any]:
    return [each.value for each in Path.parse(text).each(node, "answer.x", 100)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$", [ANSWER.value]),
        ("a[0].b", [1]),
        ("$.a[0].b", [1]),
        ("a[*]", ANSWER.value["a"]),
        ('["with.dots [x]"].d', [4]),
        ('$["with.dots [x]"]', [{"": 0, "d": 4}]),
        ("n", [None]),
    ],
)
def test_a_path_leads_to_what_it_names(text: str, found: list[Any]) -> None:
    assert values(text) == found


def test_each_of_each_is_all_of_them_in_order_and_each_knows_its_place() -> None:
    nested = Node([[1, 2], [], [3]], "root")
    found = Path.parse("$[*][*]").each(nested, "answer.x", 100)
    assert [(each.value, each.where) for each in found] == [(1, "root[0][0]"), (2, "root[0][1]"), (3, "root[2][0]")]


def test_no_more_are_taken_than_are_allowed_however_they_are_nested() -> None:
    with pytest.raises(PredictionRejected, match="at most 5 values"):
        Path.parse("$[*][*]").each(Node([[0] * 5] * 5, ""), "answer.x", 5)
    with pytest.raises(PredictionRejected, match="at most 5 values"):
        Path.parse("$[*]").each(Node([0] * 6, ""), "answer.x", 5)


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("a[1].d", "a[1]", 'expected "d" (answer.x), got an object with b'),
        ("a[7]", "a", "expected an element [7] (answer.x), got a list of 3"),
        ("a.b", "a", 'expected "b" (answer.x), got a list of 3'),
        ("n.m", "n", 'expected "m" (answer.x), got null'),
        ("z[*]", "", 'expected "z" (answer.x)'),
        ("n[*]", "n", "expected a list (answer.x), got null"),
    ],
)
def test_where_the_way_ends_is_said(text: str, where: str, why: str) -> None:
    path = Path.parse(text)
    with pytest.raises(PredictionRejected) as caught:
        path.each(ANSWER, "answer.x", 100)
    assert caught.value.where == where
    assert why in caught.value.why
    if not path.is_many:
        assert path.find(ANSWER) is None
        with pytest.raises(PredictionRejected):
            path.take(ANSWER, "answer.x")


def test_null_is_found_by_who_takes_it_and_nothing_to_who_looks() -> None:
    path = Path.parse("n")
    assert path.take(ANSWER, "answer.x").value is None
    assert path.find(ANSWER) is None


@pytest.mark.parametrize(
    "text",
    ["", ".", "a.", ".a", "a..b", "a[", "a[]", "a[-1]", "a[10000]", "a[0", "a[b]", "a]", 'a["b]', "$a", "$$", "a.$", "a b.[0", "a[*", "$.",
     "x" * 201, "a" + "[0]" * MAX_STEPS, "a[0]b", "a['b']", "a[?(@.b)]", "a[0:2]", "..a"],
)  # fmt: skip
def test_what_is_no_path_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(PathError, match="expected"):
        Path.parse(text)


@given(st.text(max_size=40) | st.text('a.[*]0"$', max_size=12))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    with suppress(PathError):
        path = Path.parse(text)
        assert len(path.steps) <= MAX_STEPS
        path.find(ANSWER)


json_values = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)
paths = st.lists(st.sampled_from([".a", ".b", "[0]", "[2]", '["c"]']), max_size=4).map(lambda steps: "$" + "".join(steps))


@given(json_values, paths)
def test_what_is_put_somewhere_is_found_there_and_the_document_is_not_touched(document: Any, text: str) -> None:
    path, before = Path.parse(text), repr(document)
    made = path.put(document, "here")
    assert path.take(Node(made, ""), "x").value == "here"
    assert repr(document) == before
