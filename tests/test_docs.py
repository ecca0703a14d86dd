"""What the documentation says is so: its programs run, its links lead somewhere, its settings exist."""

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from active_learning.acquisition.strategies import STRATEGIES, Strategy
from inference.protocols import PROTOCOLS
from inference.protocols.base import ModelCard, ModelInput, WireReply
from inference.schema import Classification, Prediction, Raster
from inference.wire import ModelClass
from tests.e2e.stack import free_port, listens, wait_for

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
WATER = ModelClass(0, "water"), ModelClass(1, "land")


def programs() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "model-server.md").read_text(), re.DOTALL)


@contextmanager
def running(program: str) -> Iterator[str]:
    port = free_port()
    program = re.sub(r'\("127\.0\.0\.1", \d+\)', f'("127.0.0.1", {port})', program)
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: listens(port), 20, lambda: "it does not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def blue_geotiff(size: int = 40) -> ModelInput:
    """Return a GeoTIFF whose left half is blue and whose right half is red."""
    pixels = np.full((3, size, size), 40, dtype=np.uint8)
    pixels[2, :, : size // 2] = 200
    pixels[0, :, size // 2 :] = 200
    buffer = io.BytesIO()
    with rasterio.open(
        buffer, "w", driver="GTiff", width=size, height=size, count=3, dtype="uint8", crs="EPSG:4326", transform=from_origin(0, 1, 0.1, 0.1)
    ) as dataset:
        dataset.write(pixels)
    return ModelInput(buffer.getvalue(), "image/tiff", size, size)


def ask(url: str, protocol_name: str, card: ModelCard, image: ModelInput) -> Prediction:
    protocol = PROTOCOLS[protocol_name]
    request = protocol.build_request(image, card)
    reply = httpx.post(url, content=request.body, headers=dict(request.headers), trust_env=False)
    return protocol.parse(WireReply(reply.content, reply.headers.get("content-type", "")), image, card)


def test_a_model_server_takes_twenty_lines():
    bodies = [[line for line in program.splitlines() if line.strip()] for program in programs()]
    assert [len(body) <= 20 for body in bodies] == [True, True]


def test_the_first_example_answers_in_winnows_protocol():
    with running(programs()[0]) as url:
        prediction = ask(url, "winnow_json", ModelCard(url, "classification", WATER), blue_geotiff())
    (item,) = prediction.items
    assert isinstance(item, Classification)
    assert {score.name for score in item.scores} == {"water", "land"}
    assert prediction.warnings == ()


def test_the_second_example_answers_in_scaneos_protocol():
    with running(programs()[1]) as url:
        prediction = ask(url, "scaneo", ModelCard(url, "segmentation", (ModelClass(0, "land"), ModelClass(1, "water"))), blue_geotiff())
    assert [type(item) for item in prediction.items] == [Raster]
    assert prediction.warnings == ()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_setting_is_documented_and_every_documented_setting_exists():
    # django-q2 itself reads Q_CLUSTER_NAME; make reads PYTHON.
    documented = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "reference" / "settings.md").read_text(), re.MULTILINE)) - {"PYTHON"}
    sources = [*(ROOT / "config").glob("*.py"), *(ROOT / "campaigns").rglob("*.py"), *(ROOT / "models_registry").rglob("*.py"),
               *(ROOT / "inference").rglob("*.py"), *(ROOT / "active_learning").rglob("*.py")]  # fmt: skip
    text = "\n".join(path.read_text() for path in sources)
    read = set(re.findall(r"[\"'](WINNOW_[A-Z_]+|PORT|DATABASE_URL|FIELD_ENCRYPTION_KEYS|Q_CLUSTER_NAME)[\"']", text))
    # WINNOW_TOKEN belongs to the server in a downloaded model, whose README tells it.
    assert read - {"WINNOW_TEST_SQLITE", "WINNOW_TOKEN"} == documented


def needed(strategy: Strategy) -> str:
    """Say in the words of the reference what a strategy cannot do without."""
    whole = {"committee": "two models", "head": "a fast head or an ensemble", "flip": "a model that is asked twice"}
    parts = {"model": "a model", "embeddings": "embeddings"}
    said = [whole[need] for need in whole if need in strategy.needs]
    return said[0] if said else ", ".join(parts[need] for need in parts if need in strategy.needs) or "nothing"


def test_every_strategy_stands_in_the_reference_with_what_it_needs_and_its_paper():
    text = (ROOT / "docs" / "reference" / "strategies.md").read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")]
    assert [(name.strip("`"), title, needs.partition(";")[0], paper) for name, title, needs, paper, _ in rows] == [
        (each.name, each.title, needed(each), each.paper) for each in STRATEGIES.values()
    ]
