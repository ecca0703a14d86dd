"""A second model's drafts go behind those of the first as text, without reading what is there."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.encoding import DraftText
from campaigns.models import AnnotationSet, Campaign, Image
from campaigns.services import drafts as drafting
from campaigns.services import write_drafts_bulk
from campaigns.services.drafts import appended
from tests.campaigns.test_annotation_sets import draft

models = st.one_of(
    st.none(), st.builds(lambda number, name: {"id": number, "name": name, "version": "1"}, st.integers(1, 40), st.text(max_size=12))
)
annotations = st.lists(
    st.builds(lambda word, model: {"id": word, "model": model, "attributes": {}}, st.text(max_size=8), models), max_size=4
)


@settings(max_examples=60, deadline=None)
@given(there=annotations, model=st.integers(1, 40), count=st.integers(0, 3))
def test_what_is_appended_reads_as_both_lists_or_is_left_to_reading(there: list[dict[str, Any]], model: int, count: int) -> None:
    mine = [{"id": str(n), "model": {"id": model, "name": '"model": {"id": 7}', "version": ""}} for n in range(count)]
    for stored in (orjson.dumps(there).decode(), str(orjson.dumps(there, option=orjson.OPT_INDENT_2), "utf-8")):
        text = appended(stored, model, orjson.dumps(mine))
        has_mine = any((each["model"] or {}).get("id") == model for each in there)
        if text is None:
            assert has_mine or any(each["model"] is None for each in there)
        else:
            assert not has_mine
            assert orjson.loads(text) == there + mine


def written(image: Image, model: int, *ids: str) -> AnnotationSet:
    label = image.campaign.labels.first()
    assert label is not None
    text = DraftText.of([draft(label.pk, each, 0.9, model=model) for each in ids])
    write_drafts_bulk(model_id=model, drafts={image.pk: text})
    return AnnotationSet.objects.get(image=image, author=None)


@pytest.mark.django_db
def test_neither_a_second_model_nor_the_same_drafts_again_read_what_is_stored(
    make_campaign: Callable[..., Campaign], make_image: Callable[..., Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = make_image(make_campaign(task="detection"))
    written(image, 3, "a")
    assert written(image, 3, "a").version == 1

    def merge(*_: object) -> bool:
        raise AssertionError("what is stored was read")

    monkeypatch.setattr(drafting, "_merge", merge)
    if connection.vendor == "sqlite":  # which gives text back as it was written
        assert written(image, 3, "a").version == 1
    both = written(image, 4, "b", "c")
    assert ([each["id"] for each in both.annotations], both.version) == (["a", "b", "c"], 2)
    monkeypatch.undo()
    again = written(image, 4, "b", "c")
    assert again.version == 2
    newer = written(image, 4, "d")
    assert ([each["id"] for each in newer.annotations], newer.version) == (["a", "d"], 3)
