"""What failures have in common."""

import re

from hypothesis import given
from hypothesis import strategies as st

from campaigns.reasons import LONGEST, grouped, pattern_of


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=2 * LONGEST))
def test_a_reason_belongs_to_its_own_group(reason: str) -> None:
    assert re.search(pattern_of(reason), reason)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.text('a1."[ ', max_size=12), st.integers(1, 9)), max_size=12))
def test_no_image_is_lost_and_a_group_has_the_pattern_of_its_example(rows: list[tuple[str, str, int]]) -> None:
    groups = grouped(rows)
    assert sum(group.count for group in groups) == sum(count for _, _, count in rows)
    for group in groups:
        assert group.count == sum(n for code, reason, n in rows if code == group.code and pattern_of(reason) == pattern_of(group.example))


def test_numbers_and_quoted_words_make_no_difference_and_other_words_do() -> None:
    rows = [("x", 'items[0]: got "abc"', 1), ("x", 'items[12]: got "d e"', 2), ("x", "items: nothing", 1), ("y", 'items[0]: got "abc"', 1)]
    assert [(group.code, group.count) for group in grouped(rows)] == [("x", 3), ("x", 1), ("y", 1)]
