"""Malformed answers thrown at every protocol: each is read, or rejected with a place and a reason, soon and in little memory."""

import copy
import json
import struct
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.protocols import PROTOCOLS
from inference.schema import Prediction, PredictionRejected
from inference.wire import WireReply
from tests.inference.seeds import SEEDS, Seed
from tests.inference.wire import card, png, tiff

every_seed = pytest.mark.parametrize("seed", SEEDS, ids=str)
every_protocol = pytest.mark.parametrize("name", PROTOCOLS)
SOON_S = 4.0
LITTLE_BYTES = 200 * 2**20


def keys_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value[:4]:
            yield from keys_of(inner)


def places_in(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value[:4]) if isinstance(value, list) else ()
    for name, inner in members:
        yield from places_in(inner, (*path, name))


VOCABULARY = sorted({key for seed in SEEDS for key in keys_of(seed.answer)} | {"error", "data", "$key"})
numbers = st.integers(-(2**70), 2**70) | st.integers(-2, 300) | st.floats(allow_nan=False, allow_infinity=False) | st.floats(-2, 2)
texts = st.text(max_size=8) | st.sampled_from(
    ["", "land", "nan", "0.5", "1e400", "\0", "\ud7ff", "a" * 600, "iVBORw0KGgo=", "rectangle", "mask", "raster"]
)
scalars = st.none() | st.booleans() | numbers | texts
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(VOCABULARY), inner, max_size=5),
    max_leaves=12,
)


def checked(refusal: PredictionRejected) -> PredictionRejected:
    assert refusal.why
    assert isinstance(refusal.where, str)
    assert len(str(refusal)) < 2_000
    return refusal


def read(seed: Seed, body: bytes) -> Prediction | PredictionRejected:
    """Read a reply; what comes of it is sound and whole, or says what is wrong."""
    try:
        found = seed.read(body)
    except PredictionRejected as refusal:
        return checked(refusal)
    document = found.as_document()
    assert Prediction.from_document(document) == found
    orjson.dumps(document)
    return found


def test_every_protocol_and_each_of_its_tasks_has_a_good_answer() -> None:
    known = {(name, task) for name, protocol in PROTOCOLS.items() for task in protocol.tasks}
    assert {(seed.protocol, seed.task) for seed in SEEDS} == known
    assert {seed.protocol for seed in SEEDS if seed.prompted} == {name for name, protocol in PROTOCOLS.items() if protocol.interactive}


@every_seed
def test_the_good_answer_is_read(seed: Seed) -> None:
    PROTOCOLS[seed.protocol].check_options(seed.card.options, seed.task)
    found = read(seed, orjson.dumps(seed.answer))
    assert isinstance(found, Prediction), found
    assert found.items


HEAD = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
BOMB = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + HEAD + struct.pack(">I", zlib.crc32(HEAD)) + bytes(30)
MALFORMED = {
    "nothing": b"",
    "spaces": b"  \n ",
    "null": b"null",
    "a number": b"7",
    "a text": b'"all is well"',
    "HTML": b"<!doctype html><html><body>502 Bad Gateway</body></html>",
    "XML": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    "half": b'{"items": [{"kind": "box", "bo',
    "NaN": b'{"predictions": [NaN], "items": [Infinity]}',
    "python": b"{'label': 'land'}",
    "two": b'{"items": []}{"items": []}',
    "latin": '{"label": "Gewässer"}'.encode("latin-1"),
    "zip": b"\x1f\x8b\x08\x00" + bytes(40),
    "error": b'{"error": "CUDA out of memory", "message": "no", "detail": [{"loc": ["body"]}]}',
    "deep lists": b"[" * 100_000,
    "deep, closed": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "deep, but legal": b"[" * 1_000 + b"]" * 1_000,
    "half a PNG": png(np.zeros((10, 20), np.uint8))[:40],
    "half a TIFF": tiff(np.zeros((1, 10, 20), np.uint8))[:60],
    "a PNG of a billion pixels": BOMB,
    "a picture in colour": png(np.random.default_rng(1).integers(0, 255, (10, 20, 3)).astype(np.uint8)),
}  # fmt: skip


@every_seed
def test_what_is_no_answer_at_all_is_rejected(seed: Seed) -> None:
    for called, body in MALFORMED.items():
        found = read(seed, body)
        assert isinstance(found, PredictionRejected), (called, found)


def spread(value: Any, entry: Any) -> Any:
    """Return an answer whose first list of things holds ``entry``."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, list | dict) and name != "image":
                return value | {name: spread(inner, entry)}
    return entry


def huge(seed: Seed) -> Iterator[tuple[str, bytes]]:
    """Give megabytes in the places where things belong."""
    yield "many things", orjson.dumps(spread(seed.answer, [{"label": "land", "kind": "box"}] * 100_000))
    yield "many numbers", orjson.dumps(spread(seed.answer, [0] * 300_000))
    yield "many names", orjson.dumps(spread(seed.answer, {f"class {number}": 0.1 for number in range(50_000)}))
    yield "lists of lists", orjson.dumps(spread(seed.answer, [[[0.5] * 100] * 50] * 50))
    yield "a long text among numbers", orjson.dumps(spread(seed.answer, [["x" * 300_000, *range(1_000)], [0.0] * 1_001]))
    yield "one long text", orjson.dumps(spread(seed.answer, "QUFB" * 300_000))
    yield "bands", orjson.dumps(spread(seed.answer, [[[0.001]]] * 20_000))


@pytest.mark.parametrize("seed", {(seed.protocol, seed.task): seed for seed in SEEDS}.values(), ids=str)
def test_a_lot_of_anything_is_read_or_rejected_soon(seed: Seed) -> None:
    for called, body in huge(seed):
        begun = time.process_time()
        read(seed, body)
        assert time.process_time() - begun < SOON_S, called


@every_protocol
def test_a_lot_of_anything_takes_little_memory(name: str) -> None:
    for seed in [each for each in SEEDS if each.protocol == name and each.task == "segmentation"]:
        for called, body in huge(seed):
            if called not in {"a long text among numbers", "bands"}:  # where one number could become thousands
                continue
            tracemalloc.start()
            with suppress(PredictionRejected):
                seed.read(body)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert peak < LITTLE_BYTES, (str(seed), called, peak >> 20)


def bent(answer: Any, path: tuple[str | int, ...], value: Any, *, gone: bool) -> Any:
    """Return the answer with another value at a place, or with nothing there."""
    if not path:
        return value
    made = copy.deepcopy(answer)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    if gone:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return made


@every_seed
@settings(max_examples=50)
@given(st.data())
def test_a_good_answer_with_one_thing_wrong_is_read_or_rejected(seed: Seed, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(places_in(seed.answer))))
    answer = bent(seed.answer, path, data.draw(json_values), gone=data.draw(st.booleans()))
    found = read(seed, written(answer))
    if isinstance(found, PredictionRejected) and len(path) > 2:
        assert found.where, found


def written(value: Any) -> bytes:
    """Write JSON with whole numbers of any length, which the fast writer refuses."""
    return json.dumps(value).encode()


@every_seed
@settings(max_examples=25)
@given(json_values, st.binary(max_size=200))
def test_any_json_and_any_bytes_are_read_or_rejected(seed: Seed, value: Any, noise: bytes) -> None:
    read(seed, written(value))
    read(seed, noise)
    whole = orjson.dumps(seed.answer)
    read(seed, whole[: len(noise)] + noise + whole[len(noise) + 1 :])


@every_protocol
@settings(max_examples=40)
@given(json_values | st.sampled_from(list(MALFORMED.values())), st.integers(200, 599))
def test_what_a_server_says_of_itself_is_never_a_reason_to_fail(name: str, said: Any, status: int) -> None:
    speaks, body = PROTOCOLS[name], said if isinstance(said, bytes) else written(said)
    url = "http://127.0.0.1:9000/models/net"
    asked = speaks.inquiries(url)
    for reply in (WireReply(body), None):
        with suppress(PredictionRejected):
            found = speaks.recognise(url, [reply] * len(asked))
            assert found is None or 0 <= found.confidence <= 1
    pause = speaks.pause_s(status, body)
    assert pause is None or 0 <= pause < 10_000
    for task in speaks.tasks:
        with suppress(PredictionRejected):
            speaks.greeted(WireReply(body), card(task))
