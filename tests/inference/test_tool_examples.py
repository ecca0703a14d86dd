"""The example servers of other labeling tools' protocols, and clicks that are answered, on real satellite images."""

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest

from campaigns.geometry import decode_mask
from campaigns.imagery import blue_marble
from campaigns.services.sample import island_boxes
from inference.calling import Answer, Endpoint, ask_marked, greet, limits_of
from inference.interactive.marked import marked_object
from inference.interactive.prompts import PromptPoint, Prompts
from inference.protocols import PROTOCOLS
from inference.schema import Box, Classification, Mask
from inference.wire import ModelCard, ModelClass, ModelInput, WireReply
from models_registry.egress import EgressClient, EgressPolicy, Limits, Outgoing, fetch_once
from models_registry.options import ModelOptions
from tests.inference.test_examples import answers, started
from tests.inference.wire import png


@pytest.fixture(scope="module")
def chips() -> list[blue_marble.Chip]:
    return blue_marble.draw(np.random.default_rng(3), per_kind={"ocean": 6, "coast": 60, "land": 6})


@pytest.fixture(scope="module")
def winnow_server() -> Iterator[str]:
    yield from started("winnow_json_server.py")


@pytest.fixture(scope="module")
def label_studio_server() -> Iterator[str]:
    yield from started("label_studio_server.py")


@pytest.fixture(scope="module")
def cvat_server() -> Iterator[str]:
    yield from started("cvat_server.py")


@pytest.fixture(scope="module")
def scaneo_server() -> Iterator[str]:
    yield from started("scaneo_server.py")


@pytest.fixture
def tool_servers(label_studio_server: str, cvat_server: str, scaneo_server: str) -> dict[str, str]:
    """Where the servers of other tools answer clicks."""
    return {"label_studio": label_studio_server, "cvat": f"{cvat_server}/interactor", "scaneo": f"{scaneo_server}/sam"}


@pytest.fixture(params=["label_studio", "cvat"])
def tool(request: pytest.FixtureRequest, label_studio_server: str, cvat_server: str) -> tuple[str, str]:
    return request.param, label_studio_server if request.param == "label_studio" else cvat_server


def told(tool: tuple[str, str], task: str, chips: list[blue_marble.Chip]) -> list[Answer]:
    """Ask the server of another labeling tool; the image travels inside the question."""
    protocol, server = tool
    options = {"extra": {"image": "data"}} if protocol == "label_studio" else {}
    return answers(protocol, server if protocol == "label_studio" else f"{server}/{task}", task, chips, **options)


def test_servers_of_other_tools_name_most_images_rightly(tool: tuple[str, str], chips: list[blue_marble.Chip]) -> None:
    asked = chips[:24]
    items = [answer.prediction.items[0] for answer in told(tool, "classification", asked)]
    best = [max(item.scores, key=lambda score: score.confidence).name for item in items if isinstance(item, Classification)]
    assert sum(name == chip.kind for name, chip in zip(best, asked, strict=True)) >= 0.85 * len(asked)


def test_masks_of_other_tools_are_the_pixels_of_water(tool: tuple[str, str], chips: list[blue_marble.Chip]) -> None:
    agreeing, asked = [], chips[:12]
    for chip, answer in zip(asked, told(tool, "segmentation", asked), strict=True):
        assert not answer.prediction.warnings
        masks = {item.name: decode_mask(item.counts, item.size) for item in answer.prediction.items if isinstance(item, Mask)}
        found = masks.get("water", np.zeros(chip.water.shape, dtype=bool))
        assert (found == ~masks.get("land", np.zeros(chip.water.shape, dtype=bool))).all()
        agreeing.append((found == chip.water).mean())
    assert np.mean(agreeing) > 0.93


def test_boxes_of_other_tools_are_those_of_our_own_server(tool: tuple[str, str], winnow_server: str, chips: list[blue_marble.Chip]) -> None:
    asked = [chip for chip in chips if island_boxes(chip, smallest_px=120)][:6]
    ours = answers("winnow_json", f"{winnow_server}/detection", "detection", asked)
    for mine, theirs in zip(ours, told(tool, "detection", asked), strict=True):
        places = [
            [(box.x, box.y, box.width, box.height) for box in each.prediction.items if isinstance(box, Box)] for each in (mine, theirs)
        ]
        assert len(places[0]) == len(places[1])
        assert np.allclose(places[0], places[1], atol=1e-6)


@pytest.mark.parametrize(
    ("protocol", "crs"),
    [("label_studio", ""), ("cvat", ""), ("winnow_json", ""), ("winnow", ""),
     ("scaneo", ""), ("scaneo", "EPSG:4326"), ("scaneo", "EPSG:32633")],
)  # fmt: skip
def test_a_click_on_land_gives_its_piece_of_land(
    protocol: str, crs: str, tool_servers: dict[str, str], winnow_server: str, chips: list[blue_marble.Chip]
) -> None:
    server = tool_servers.get(protocol, f"{winnow_server}/predict")
    chip = next(chip for chip in chips if chip.kind == "coast" and 0.3 < chip.water.mean() < 0.7)
    rows, columns = np.nonzero(~chip.water)
    middle = len(rows) // 2
    marks = Prompts(points=(PromptPoint(float(columns[middle]) + 0.5, float(rows[middle]) + 0.5),))
    card = ModelCard(server, "segmentation", (ModelClass(0, "land"),), options=ModelOptions(extra={"image": "data"}))
    size = blue_marble.CHIP_PX
    transform = {"": None, "EPSG:4326": (0.05, 0.0, 12.0, 0.0, -0.05, 46.0), "EPSG:32633": (10.0, 0.0, 5e5, 0.0, -10.0, 46e5)}[crs]
    sent = ModelInput(png(chip.pixels), "image/png", size, size, transform=transform, crs=crs)

    async def clicked() -> Answer:
        async with EgressClient(EgressPolicy(allow_loopback=True), limits_of(card.options)) as client:
            return await ask_marked(client, await greet(client, Endpoint(PROTOCOLS[protocol], card)), sent, marks)

    found = marked_object(asyncio.run(clicked()).prediction, marks, polygon=False)
    mask = decode_mask(found["shape"]["counts"], found["shape"]["size"])
    assert mask[rows[middle], columns[middle]]
    assert (~chip.water[mask]).mean() > 0.85


def test_the_backend_is_recognised_by_its_health(label_studio_server: str) -> None:
    (inquiry,) = PROTOCOLS["label_studio"].inquiries(f"{label_studio_server}/predict")
    received = fetch_once(EgressPolicy(allow_loopback=True), Limits(), Outgoing(inquiry.url, inquiry.headers, b"", "GET"))
    known = PROTOCOLS["label_studio"].recognise(label_studio_server, [WireReply(received.body)])
    assert known is not None
    assert (known.name, known.url) == ("Colours", label_studio_server)
