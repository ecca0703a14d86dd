"""The example model servers, started as the README says, on real satellite images."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from campaigns.imagery import blue_marble
from campaigns.services.sample import geotiff, island_boxes
from inference.calling import Answer, Endpoint, ask, greet, limits_of
from inference.protocols import PROTOCOLS
from inference.rasters import read_map
from inference.schema import Box, Classification, Raster
from inference.wire import ModelCard, ModelClass, ModelInput, WireReply
from models_registry.egress import EgressClient, EgressPolicy, Limits, Outgoing
from models_registry.options import ModelOptions
from tests.inference.wire import png

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CLASSES = {"classification": ("ocean", "coast", "land"), "segmentation": ("water", "land"), "detection": ("island",)}


@pytest.fixture(scope="module")
def chips() -> list[blue_marble.Chip]:
    return blue_marble.draw(np.random.default_rng(3), per_kind={"ocean": 6, "coast": 60, "land": 6})


def started(script: str) -> Iterator[str]:
    server = subprocess.Popen([sys.executable, EXAMPLES / script, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    said = ""
    while not (found := re.search(r"http://127\.0\.0\.1:\d+", said)):
        said = server.stdout.readline()
        assert said or server.poll() is None, "the server ended"
    yield found[0]
    server.terminate()
    server.wait(10)
    server.stdout.close()


@pytest.fixture(scope="module")
def winnow_server() -> Iterator[str]:
    yield from started("winnow_json_server.py")


@pytest.fixture(scope="module")
def scaneo_server() -> Iterator[str]:
    yield from started("scaneo_server.py")


@pytest.fixture(scope="module")
def oip_server() -> Iterator[str]:
    yield from started("oip_server.py")


def answers(protocol: str, url: str, task: str, chips: list[blue_marble.Chip], **options: Any) -> list[Answer]:
    speaks = PROTOCOLS[protocol]
    classes = tuple(ModelClass(index, name) for index, name in enumerate(CLASSES[task]))
    card = ModelCard(url, task, classes, options=ModelOptions(**options))

    def picture(chip: blue_marble.Chip) -> ModelInput:
        size = blue_marble.CHIP_PX
        if speaks.image_form == "geotiff":
            return ModelInput(geotiff(chip), "image/tiff", size, size, crs="EPSG:4326", transform=chip.transform)
        return ModelInput(png(chip.pixels), "image/png", size, size)

    async def all_of_them() -> list[Answer]:
        async with EgressClient(EgressPolicy(allow_loopback=True), limits_of(card.options)) as client:
            endpoint = await greet(client, Endpoint(speaks, card))
            return [await ask(client, endpoint, picture(chip)) for chip in chips]

    return asyncio.run(all_of_them())


@pytest.fixture(params=["winnow", "winnow_json", "scaneo", "oip"])
def spoken(request: pytest.FixtureRequest, winnow_server: str, scaneo_server: str, oip_server: str) -> tuple[str, str]:
    servers = {"scaneo": scaneo_server, "oip": f"{oip_server}/v2/models"}
    return request.param, servers.get(request.param, winnow_server)


def test_most_images_get_the_class_that_they_have(spoken: tuple[str, str], chips: list[blue_marble.Chip]) -> None:
    protocol, server = spoken
    right, asked = 0, chips[:24]
    for chip, answer in zip(asked, answers(protocol, f"{server}/classification", "classification", asked), strict=True):
        (item,) = answer.prediction.items
        assert isinstance(item, Classification)
        assert item.complete
        assert sum(score.confidence for score in item.scores) == pytest.approx(1, abs=0.01)
        right += max(item.scores, key=lambda score: score.confidence).name == chip.kind
    assert right >= 0.85 * len(asked)


def test_most_pixels_of_water_are_found(spoken: tuple[str, str], chips: list[blue_marble.Chip]) -> None:
    protocol, server = spoken
    agreeing, asked = [], chips[:24]
    for chip, answer in zip(asked, answers(protocol, f"{server}/segmentation", "segmentation", asked), strict=True):
        (item,) = answer.prediction.items
        assert isinstance(item, Raster)
        assert not answer.prediction.warnings
        agreeing.append(((read_map(item.class_map) == 0) == chip.water).mean())
        assert (item.entropy_map is None) == (protocol == "scaneo")
    assert np.mean(agreeing) > 0.93


def test_most_islands_of_some_size_get_boxes(spoken: tuple[str, str], chips: list[blue_marble.Chip]) -> None:
    protocol, server = spoken
    asked = [(chip, islands) for chip in chips if (islands := island_boxes(chip, smallest_px=120))]
    found: list[bool] = []
    for (_, islands), answer in zip(asked, answers(protocol, f"{server}/detection", "detection", [chip for chip, _ in asked]), strict=True):
        boxes = [item for item in answer.prediction.items if isinstance(item, Box)]
        assert all(box.name == "island" and box.confidence is not None and box.confidence > 0.5 for box in boxes)
        found += [any(overlap(island, box) > 0.3 for box in boxes) for island in islands]
    assert len(found) >= 4
    assert sum(found) >= 0.5 * len(found)


def overlap(island: dict[str, float], box: Box) -> float:
    across = min(island["x"] + island["width"], box.x + box.width) - max(island["x"], box.x)
    down = min(island["y"] + island["height"], box.y + box.height) - max(island["y"], box.y)
    shared = max(0.0, across) * max(0.0, down)
    return shared / (island["width"] * island["height"] + box.width * box.height - shared)


def test_scaneo_s_probabilities_keep_their_doubt(scaneo_server: str, chips: list[blue_marble.Chip]) -> None:
    (answer,) = answers("scaneo", f"{scaneo_server}/probabilities", "segmentation", chips[:1])
    (item,) = answer.prediction.items
    assert isinstance(item, Raster)
    assert item.entropy_map is not None


@pytest.mark.parametrize("task", ["classification", "segmentation", "detection"])
def test_tensors_as_lists_and_as_bytes_give_the_same_answer(task: str, oip_server: str, chips: list[blue_marble.Chip]) -> None:
    url = f"{oip_server}/v2/models/{task}/infer"
    as_bytes, as_lists = (answers("oip", url, task, chips[:12], extra={"tensors": tensors}) for tensors in ("binary", "json"))
    assert [each.prediction for each in as_bytes] == [each.prediction for each in as_lists]
    assert all(len(each.reply.body) != len(other.reply.body) for each, other in zip(as_bytes, as_lists, strict=True))


def test_the_example_server_is_recognised_with_its_tensors_and_task(oip_server: str) -> None:
    protocol = PROTOCOLS["oip"]

    async def told(url: str) -> Any:
        async with EgressClient(EgressPolicy(allow_loopback=True), Limits()) as client:
            replies = []
            for request in protocol.inquiries(url):
                received = await client.fetch(Outgoing(request.url, request.headers, request.body, request.method))
                replies.append(WireReply(received.body, received.content_type))
            return protocol.recognise(url, replies)

    found = asyncio.run(told(f"{oip_server}/v2/models/detection/infer"))
    assert (found.url, found.name, found.task, found.version) == (f"{oip_server}/v2/models/detection", "detection", "detection", "1")
    assert found.options["extra"] == {
        "input": "images", "datatype": "FP32", "layout": "NCHW", "width": 192, "height": 192, "preset": "efficient_nms", "fit": "letterbox",
        "tensors": "binary",
    }  # fmt: skip
    assert asyncio.run(told(oip_server)).confidence < found.confidence


def test_a_server_in_twenty_lines_has_twenty_lines() -> None:
    code = (EXAMPLES / "smallest_server.py").read_text().splitlines()
    told = [line for line in code if line.strip() and not line.strip().startswith('"""')]
    assert len(told) <= 20
