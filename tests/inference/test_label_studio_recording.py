"""What the real ``label-studio-ml`` 1.0.9 was asked and answered, replayed: the same bytes out, and its answers understood."""

import json
from typing import Any

import orjson
import pytest

from inference.protocols.label_studio import LabelStudio
from inference.schema import Box, Prediction
from inference.wire import WireReply
from tests.inference.label_studio_recording import CARD, IMAGE, RECORDING, requests

SPEAKS = LabelStudio()
EXCHANGES: dict[str, Any] = json.loads(RECORDING.read_text())


def reply(name: str) -> WireReply:
    answered = EXCHANGES[name]["reply"]
    return WireReply(answered["body"].encode(), answered["content_type"], answered["status"])


@pytest.mark.parametrize("name", EXCHANGES)
def test_what_is_sent_today_is_what_the_real_server_took(name: str) -> None:
    request, recorded = requests()[name], EXCHANGES[name]["request"]
    assert (request.method, request.url) == (recorded["method"], f"{CARD.url}{recorded['path']}")
    assert dict(request.headers) == recorded["headers"]
    assert request.body == recorded["body"].encode()
    assert EXCHANGES[name]["reply"]["status"] in (200, 201)


def test_everything_that_is_asked_was_recorded() -> None:
    assert set(requests()) == set(EXCHANGES)


def test_the_real_server_s_health_is_recognised() -> None:
    known = SPEAKS.recognise(CARD.url, [reply("health")])
    assert known is not None
    assert known.url == CARD.url


def test_the_real_server_tells_its_version_when_it_is_greeted() -> None:
    told = orjson.loads(reply("setup").body)["model_version"]
    assert SPEAKS.greeted(reply("setup"), CARD).version == told != CARD.version


def only_box(prediction: Prediction) -> Box:
    (box,) = prediction.items
    assert isinstance(box, Box)
    return box


def test_the_real_server_s_box_lies_in_the_brighter_half() -> None:
    prediction = SPEAKS.parse(reply("predict"), IMAGE, CARD)
    box = only_box(prediction)
    assert prediction.warnings == ()
    assert (box.index, box.name, box.confidence) == (0, "bright & sunny", 0.75)
    assert (box.x, box.y, box.width, box.height) == (20.0, 0.0, 20.0, 20.0)
    assert prediction.model_version == orjson.loads(reply("predict").body)["model_version"]


def test_the_real_server_reads_the_marks_of_the_context() -> None:
    box = only_box(SPEAKS.parse_prompted(reply("interactive"), IMAGE, CARD))
    assert (box.x, box.y, box.width, box.height) == (10.0, 0.0, 20.0, 20.0)
