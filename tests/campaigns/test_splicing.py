"""Replacing annotations in the text of a large document gives the same as reading, changing and writing it."""

import json
import random
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from campaigns.effort import MAX_ENTRIES
from campaigns.encoding import DocumentEncoder
from campaigns.models import AnnotationSet, Campaign, Image, LabelUse, User
from campaigns.services import annotations as service
from campaigns.splicing import find_annotations, splice
from tests.campaigns.test_annotation_sets import box, open_set, save

As = Callable[[User | None], APIClient]

# Texts that look like pieces of a document, and like an id's own spelling.
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12),
    st.sampled_from(['[{"id":"a",', ',{"id":"a","label":1', '"a"', '{"id":"b"}', "\\", '\\"', "a", "b", "\u2028", "é", "]", "},{"]),
)
NUMBERS = st.one_of(st.integers(-(2**31), 2**31), st.floats(-1e9, 1e9))
SHAPES = st.one_of(
    st.just({"type": "whole"}),
    st.fixed_dictionaries({"type": st.just("polygon"), "polygons": st.lists(st.lists(NUMBERS, max_size=2), max_size=2)}),
    st.fixed_dictionaries(
        {
            "type": st.just("points"),
            "points": st.lists(st.fixed_dictionaries({"name": TEXTS, "x": NUMBERS, "y": NUMBERS, "v": st.just(2)}), max_size=2),
        }
    ),
)
ANNOTATIONS = st.fixed_dictionaries(
    {
        "id": TEXTS,
        "label": st.integers(1, 9),
        "shape": SHAPES,
        "origin": st.just("human"),
        "review": st.sampled_from(["draft", "accepted"]),
        "confidence": st.none() | st.floats(0, 1),
        "model": st.none() | st.fixed_dictionaries({"id": st.integers(0, 9), "name": TEXTS, "version": TEXTS}),
        "attributes": st.dictionaries(TEXTS | st.just("id"), st.one_of(TEXTS, NUMBERS, st.booleans(), st.none(), st.lists(TEXTS))),
    },
    optional={"z": st.integers(-9, 9), "default": st.just(True)},
)
DOCUMENTS = st.lists(
    ANNOTATIONS.map(lambda a: {"id": a["id"], **a}), max_size=5, unique_by=lambda a: a["id"]
)  # as checked ones are written


def as_postgresql_writes(document: Any) -> str:
    """JSON as jsonb gives it back: a space after each comma and colon, short keys first."""
    if isinstance(document, dict):
        keys = sorted(document, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {as_postgresql_writes(document[key])}" for key in keys) + "}"
    if isinstance(document, list):
        return "[" + ", ".join(map(as_postgresql_writes, document)) + "]"
    return orjson.dumps(document).decode()


@settings(max_examples=60)
@given(DOCUMENTS, st.data())
def test_a_spliced_text_is_the_text_of_the_changed_document(document: list[dict[str, Any]], data: st.DataObject) -> None:
    text = DocumentEncoder().encode(document)
    names = data.draw(st.lists(st.sampled_from([a["id"] for a in document]), unique=True) if document else st.just([]))
    changed = {name: {**data.draw(ANNOTATIONS), "id": name} for name in names}
    places = find_annotations(text, names)
    assert places is not None and {name: place.annotation for name, place in places.items()} == {
        a["id"]: a for a in document if a["id"] in names
    }
    assert splice(text, places, changed) == DocumentEncoder().encode([changed.get(a["id"], a) for a in document])


@settings(max_examples=60)
@given(DOCUMENTS, st.data())
def test_a_text_of_postgresql_is_spliced_rightly_or_left_alone(document: list[dict[str, Any]], data: st.DataObject) -> None:
    text = as_postgresql_writes(document)
    assert orjson.loads(text) == document
    for annotation in document:
        places = find_annotations(text, [annotation["id"]])
        assert places is not None or "z" in annotation, "only z is written before the id"
        if places is not None:
            changed = {**data.draw(ANNOTATIONS), "id": annotation["id"]}
            spliced = splice(text, places, {annotation["id"]: changed})
            assert orjson.loads(spliced) == [changed if a["id"] == annotation["id"] else a for a in document]


@settings(max_examples=60)
@given(DOCUMENTS, TEXTS)
def test_what_is_not_there_is_not_found(document: list[dict[str, Any]], name: str) -> None:
    there = any(a["id"] == name for a in document)
    for text in (DocumentEncoder().encode(document), as_postgresql_writes(document)):
        assert there or find_annotations(text, [name]) is None


def test_an_id_that_stands_twice_is_left_to_who_reads_the_whole() -> None:
    annotation = {
        "id": "a",
        "label": 1,
        "shape": {"type": "whole"},
        "origin": "human",
        "review": "draft",
        "confidence": None,
        "model": None,
    }
    document = [{**annotation, "attributes": {}}, {**annotation, "attributes": {}}]
    assert find_annotations(DocumentEncoder().encode(document), ["a"]) is None
    assert find_annotations(DocumentEncoder().encode(document[:1]), ["a"]) is not None


def test_what_is_not_written_as_an_annotation_is_left_to_who_reads_the_whole() -> None:
    assert find_annotations('[{"id":"a","label":1}]', ["a"]) is None
    assert find_annotations('[{"label":1,"id":"a"}]', ["a"]) is None


@pytest.fixture
def images(make_campaign: Callable[..., Campaign], make_image: Callable[..., Image]) -> list[Image]:
    campaign = make_campaign(task="detection", settings={"control_share": 0.0})
    return [make_image(campaign), make_image(campaign)]


@pytest.fixture
def spliced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Treat every document as large; the texts that were spliced."""
    texts: list[str] = []
    monkeypatch.setattr(service, "LARGE", 0)
    monkeypatch.setattr(service, "splice", lambda *given: texts.append(splice(*given)) or texts[-1])
    return texts


def kept(image: Image) -> Any:
    own = AnnotationSet.objects.get(image=image)
    uses = LabelUse.objects.filter(annotation_set=own).order_by("label").values_list("label", "count", "whole", "default")
    return own.annotations, own.version, own.state, own.edited, own.active_s, own.effort, list(uses)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(5))
def test_saves_in_place_leave_the_same_as_saves_the_long_way(
    seed: int, images: list[Image], annotator: User, as_user: As, spliced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, labels, drawn = as_user(annotator), list(images[0].campaign.labels.all()), random.Random(seed)
    for image in images:
        open_set(client, image)
    version = 1
    for _ in range(25):
        names = drawn.sample("abcdefghijkl", drawn.randint(0, 4))
        label = labels[0].pk if drawn.random() < 0.9 else drawn.choice(labels).pk
        change = {
            "upsert": [box(label, name, x=drawn.randint(0, 40), **drawn.choice([{}, {}, {"z": 2}])) for name in names],
            "delete": drawn.sample("abcdefghijkl", drawn.choice([0, 0, 1])),
            "active_s": drawn.randint(0, 3),
            "effort": {name: {"active_s": 1, "actions": 2} for name in drawn.sample("abcdefghijklm", drawn.randint(0, 2))},
        }
        first = save(client, images[0], version, **change)
        with monkeypatch.context() as patched:
            patched.setattr(service, "LARGE", 10**9)
            second = save(client, images[1], version, **change)
        assert first.status_code == second.status_code == 200
        assert kept(images[0]) == kept(images[1])
        version = first.data["version"]
    assert spliced, "no save was made in place"


@pytest.mark.django_db
def test_a_save_in_place_checks_what_it_writes(images: list[Image], annotator: User, as_user: As, spliced: list[str]) -> None:
    client, image, label = as_user(annotator), images[0], images[0].campaign.labels.first()
    open_set(client, image)
    assert save(client, image, 1, upsert=[box(label.pk, "a"), box(label.pk, "b")]).status_code == 200
    before = kept(image)
    wrong = [
        [box(label.pk, "a", x="far")],
        [box(label.pk, "a"), box(label.pk, "a")],
        [box(label.pk + 1000, "a")],
        [{**box(label.pk, "a"), "shape": {"type": "star"}}],
        [{**box(label.pk, "a"), "colour": "red"}],
        ["a"],
    ]
    answers = [save(client, image, 2, upsert=upsert) for upsert in wrong]
    assert [answer.status_code for answer in answers] == [422] * len(wrong)
    assert kept(image) == before and spliced == []
    assert save(client, image, 2, upsert=[box(label.pk, "a", x=9)]).data["version"] == 3 and len(spliced) == 1


@pytest.mark.django_db
def test_who_saves_second_in_place_gets_the_current_document(
    images: list[Image], annotator: User, as_user: As, spliced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, image, label = as_user(annotator), images[0], images[0].campaign.labels.first()
    open_set(client, image)
    save(client, image, 1, upsert=[box(label.pk, "a")])
    save(client, image, 2, upsert=[box(label.pk, "a", x=7)])
    late = save(client, image, 2, upsert=[box(label.pk, "a", x=9)])
    assert late.status_code == 412 and [a["shape"]["x"] for a in late.data["current"]["annotations"]] == [7.0]

    def meanwhile(*given: Any) -> str:  # another tab is faster between our look and our write
        AnnotationSet.objects.filter(image=image).update(version=9, annotations=[])
        return splice(*given)

    monkeypatch.setattr(service, "splice", meanwhile)
    late = save(client, image, 3, upsert=[box(label.pk, "a", x=9)])
    assert late.status_code == 412 and late.data["current"]["version"] == 9 and late.data["current"]["annotations"] == []


@pytest.mark.django_db
def test_where_efforts_may_be_forgotten_the_whole_set_decides(
    images: list[Image], annotator: User, as_user: As, spliced: list[str]
) -> None:
    client, image, label = as_user(annotator), images[0], images[0].campaign.labels.first()
    open_set(client, image)
    save(client, image, 1, upsert=[box(label.pk, "a")])
    full = {str(annotator.pk): {f"gone-{n}": [1.0, 1] for n in range(MAX_ENTRIES)}}
    AnnotationSet.objects.filter(image=image).update(effort=full)
    save(client, image, 2, upsert=[box(label.pk, "a", x=7)], effort={"a": {"active_s": 1}})
    assert AnnotationSet.objects.get(image=image).effort == {str(annotator.pk): {"a": [1.0, 0]}} and spliced == []
