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

from campaigns.geometry.masks import decode_mask
from campaigns.imagery import blue_marble
from campaigns.services.sample import geotiff, island_boxes
from inference.calling import Answer, CallFailed, Endpoint, ask, greet, limits_of
from inference.protocols import PROTOCOLS
from inference.rasters import NO_CLASS, read_map
from inference.schema import Box, Classification, Keypoints, Mask, Raster
from inference.wire import ModelCard, ModelClass, ModelInput, WireReply
from models_registry.egress import EgressClient, EgressPolicy, Limits, Outgoing
from models_registry.options import ModelOptions
from tests.inference.wire import png

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CLASSES = {
    "classification": ("ocean", "coast", "land"),
    "segmentation": ("water", "land"),
    "detection": ("island",),
    "keypoints": ("island",),
}


@pytest.fixture(scope="module")
def chips() -> list[blue_marble.Chip]:
    return blue_marble.draw(np.random.default_rng(3), per_kind={"ocean": 6, "coast": 60, "land": 6})


def started(script: str, *more: str) -> Iterator[str]:
    server = subprocess.Popen([sys.executable, EXAMPLES / script, "--port", "0", *more], stdout=subprocess.PIPE, text=True)
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


@pytest.fixture(scope="module")
def huggingface_server() -> Iterator[str]:
    yield from started("huggingface_server.py")


@pytest.fixture(scope="module")
def roboflow_server() -> Iterator[str]:
    yield from started("roboflow_server.py", "--api-key", "open sesame")


@pytest.fixture(scope="module")
def mapped_server() -> Iterator[str]:
    yield from started("mapped_server.py")


def answers(protocol: str, url: str, task: str, chips: list[blue_marble.Chip], *, secret: str = "", **options: Any) -> list[Answer]:
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
            endpoint = await greet(client, Endpoint(speaks, card, secret=secret))
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


def test_scaneo_s_logits_become_probabilities_and_its_scores_boxes(scaneo_server: str, chips: list[blue_marble.Chip]) -> None:
    (fractions,) = answers("scaneo", f"{scaneo_server}/probabilities", "segmentation", chips[:1])
    (logits,) = answers("scaneo", f"{scaneo_server}/logits", "segmentation", chips[:1])
    said, told = logits.prediction.items[0], fractions.prediction.items[0]
    assert isinstance(said, Raster)
    assert isinstance(told, Raster)
    assert (read_map(said.class_map) == read_map(told.class_map)).mean() > 0.999
    assert "logits" in logits.prediction.warnings[0]
    islands = [chip for chip in chips if island_boxes(chip, smallest_px=120)]
    plain = answers("scaneo", f"{scaneo_server}/detection", "detection", islands)
    scored = answers("scaneo", f"{scaneo_server}/scores", "detection", islands)
    for one, other in zip(plain, scored, strict=True):
        assert [(b.x, b.y, b.confidence) for b in one.prediction.items if isinstance(b, Box)] == [
            (b.x, b.y, b.confidence) for b in other.prediction.items if isinstance(b, Box)
        ]


def test_a_server_in_twenty_lines_has_twenty_lines() -> None:
    code = (EXAMPLES / "smallest_server.py").read_text().splitlines()
    told = [line for line in code if line.strip() and not line.strip().startswith('"""')]
    assert len(told) <= 20


def test_the_examples_are_all_told_of_and_each_has_a_port_of_its_own() -> None:
    servers = sorted(EXAMPLES.glob("*_server.py"))
    told = (EXAMPLES / "README.md").read_text()
    assert [server.name for server in servers if f"`{server.name}`" not in told] == []
    ports = [re.findall(r"9\d{3}", server.read_text())[-1] for server in servers]
    assert len(set(ports)) == len(servers)


def kinds_right(found: list[Answer], chips: list[blue_marble.Chip]) -> float:
    right = 0
    for chip, answer in zip(chips, found, strict=True):
        (item,) = answer.prediction.items
        assert isinstance(item, Classification)
        right += max(item.scores, key=lambda score: score.confidence).name == chip.kind
    return right / len(chips)


def islands_found(found: list[Answer], islands: list[list[dict[str, float]]]) -> float:
    hits = []
    for there, answer in zip(islands, found, strict=True):
        boxes = [item for item in answer.prediction.items if isinstance(item, Box)]
        assert all(box.name == "island" and box.index == 0 and box.confidence for box in boxes)
        hits += [any(overlap(island, box) > 0.3 for box in boxes) for island in there]
    assert len(hits) >= 4
    return sum(hits) / len(hits)


@pytest.fixture(scope="module")
def with_islands(chips: list[blue_marble.Chip]) -> tuple[list[blue_marble.Chip], list[list[dict[str, float]]]]:
    found = [(chip, islands) for chip in chips if (islands := island_boxes(chip, smallest_px=120))]
    return [chip for chip, _ in found], [islands for _, islands in found]


Islands = tuple[list[blue_marble.Chip], list[list[dict[str, float]]]]


@pytest.mark.parametrize("extra", [{}, {"parameters": {"top_k": 2, "threshold": 0.5}}])
def test_hugging_face_s_tasks_are_done_by_a_server_of_their_shapes(
    huggingface_server: str, chips: list[blue_marble.Chip], with_islands: Islands, extra: dict[str, Any]
) -> None:
    asked = chips[:12]
    assert kinds_right(answers("huggingface", f"{huggingface_server}/classification", "classification", asked, extra=extra), asked) >= 0.85
    there, islands = with_islands
    assert islands_found(answers("huggingface", f"{huggingface_server}/detection", "detection", there, extra=extra), islands) >= 0.5
    masks = answers("huggingface", f"{huggingface_server}/segmentation", "segmentation", asked, extra=extra)
    for chip, answer in zip(asked, masks, strict=True):
        water, land = answer.prediction.items
        assert isinstance(water, Mask)
        assert isinstance(land, Mask)
        found = decode_mask(water.counts, water.size)
        assert (found != decode_mask(land.counts, land.size)).all()
        assert (found == chip.water).mean() > 0.5


def test_a_model_that_is_still_loading_is_waited_for(chips: list[blue_marble.Chip]) -> None:
    for url in started("huggingface_server.py", "--loading", "1.5"):
        (answer,) = answers("huggingface", f"{url}/classification", "classification", chips[:1])
        assert answer.tries >= 2


def test_roboflow_s_tasks_are_done_by_a_server_of_their_shapes_in_both_ways(
    roboflow_server: str, chips: list[blue_marble.Chip], with_islands: Islands
) -> None:
    asked, (there, islands), key = chips[:12], with_islands, "open sesame"
    for url, detection in ((f"{roboflow_server}/infer", "/object_detection"), (roboflow_server, "/object_detection/1")):
        classification = detection.replace("object_detection", "classification")
        kinds = answers("roboflow", url + classification, "classification", asked, secret=key, extra={"confidence": 0.01})
        assert kinds_right(kinds, asked) >= 0.85
        assert islands_found(answers("roboflow", url + detection, "detection", there, secret=key), islands) >= 0.5
    land = []
    for chip, answer in zip(
        there, answers("roboflow", roboflow_server, "segmentation", there, secret=key, extra={"model_id": "a/1"}), strict=True
    ):
        masks = [item for item in answer.prediction.items if isinstance(item, Mask)]
        assert len(masks) == len(answer.prediction.items)
        land += [~chip.water[decode_mask(mask.counts, mask.size)] for mask in masks]
    assert np.concatenate(land).mean() > 0.7
    for answer in answers("roboflow", roboflow_server, "segmentation", asked, secret=key, extra={"segments": "pixels"}):
        (item,) = answer.prediction.items
        assert isinstance(item, Raster)
        assert item.confidence_map is not None
    for answer in answers("roboflow", roboflow_server, "keypoints", there[:4], secret=key):
        for item in answer.prediction.items:
            assert isinstance(item, Keypoints)
            assert [point.name for point in item.points] == ["top", "bottom"]
            assert item.points[0].y <= item.points[1].y


def test_roboflow_s_server_refuses_a_question_without_its_key(roboflow_server: str, chips: list[blue_marble.Chip]) -> None:
    for url in (roboflow_server, f"{roboflow_server}/object_detection/1"):
        with pytest.raises(CallFailed) as caught:
            answers("roboflow", url, "detection", chips[:1], secret="guessed wrong")
        assert caught.value.code == "http_4xx"


@pytest.mark.parametrize(
    ("path", "preset"),
    [
        ("/predictions/classifier", "TorchServe image_classifier"),
        ("/sagemaker/classification", "SageMaker classification"),
        ("/vertex/classification", "Vertex AI classification"),
        ("/mlflow/invocations", "MLflow inputs"),
    ],
)
def test_a_preset_reads_the_classes_of_its_server(mapped_server: str, chips: list[blue_marble.Chip], path: str, preset: str) -> None:
    found = answers("mapped_json", mapped_server + path, "classification", chips[:12], extra={"preset": preset})
    assert kinds_right(found, chips[:12]) >= 0.85


@pytest.mark.parametrize(
    ("path", "preset"),
    [
        ("/predictions/detector", "TorchServe object_detector"),
        ("/sagemaker/detection", "SageMaker detection"),
        ("/vertex/detection", "Vertex AI detection"),
        ("/json", "JSON"),
    ],
)
def test_a_preset_reads_the_boxes_of_its_server(mapped_server: str, with_islands: Islands, path: str, preset: str) -> None:
    there, islands = with_islands
    assert islands_found(answers("mapped_json", mapped_server + path, "detection", there, extra={"preset": preset}), islands) >= 0.5


def test_a_preset_reads_the_pixels_of_its_server_where_it_has_looked(mapped_server: str, chips: list[blue_marble.Chip]) -> None:
    agreeing = []
    found = answers(
        "mapped_json", f"{mapped_server}/predictions/segmenter", "segmentation", chips[:4], extra={"preset": "TorchServe image_segmenter"}
    )
    for chip, answer in zip(chips[:4], found, strict=True):
        (item,) = answer.prediction.items
        assert isinstance(item, Raster)
        shown = read_map(item.class_map)
        seen = shown != NO_CLASS
        assert seen.mean() == pytest.approx((224 / 256) ** 2, abs=0.01)
        agreeing.append(((shown == 0) == chip.water)[seen].mean())
    assert np.mean(agreeing) > 0.93
