"""Models to take along: the archive, its network, and its server in an environment of its own, beside the product's answers."""

import base64
import hashlib
import io
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rasterio.io import MemoryFile
from rest_framework.test import APIClient

from campaigns.models import Campaign, User
from inference.offline.archive import SERVER
from inference.offline.engine import OfflineModel
from inference.offline.manifest import Manifest
from inference.offline.modules import needed_by
from inference.offline.server import Handler
from inference.predictors import Picture
from inference.protocols.local import load_predictor
from inference.wire import ModelCard
from models_registry.checkpoints import CheckpointFile, checkpoint_folder, register_internal_model
from models_registry.models import CampaignModel, RegisteredModel
from models_registry.networks.backbones import DIMENSION
from models_registry.networks.checkpoint import ClassifierCheckpoint
from models_registry.networks.heads import LinearHead
from models_registry.networks.onnx_export import export_classifier
from models_registry.networks.onnx_files import open_session
from models_registry.networks.pictures import stacked
from models_registry.networks.weights import find_weights
from tests.conftest import png_bytes
from tests.inference.wire import png
from tests.onnx_files import water_segmenter

Speak = Callable[[User | None], APIClient]
Ask = Callable[..., tuple[int, Any]]
PICTURE = png_bytes(300, 210, seed=5)


def random_head(*, multi_label: bool = False, classes: int = 3, seed: int = 1) -> LinearHead:
    generator = np.random.default_rng(seed)
    numbers = [generator.normal(size=shape).astype(np.float32) for shape in (DIMENSION, (classes, DIMENSION), classes)]
    mean, weight, bias = numbers
    scale = generator.uniform(0.5, 2, DIMENSION).astype(np.float32)
    return LinearHead(mean, scale, weight / 20, bias, temperature=1.7, multi_label=multi_label)


def checkpoint_of(head: LinearHead, names: tuple[str, ...]) -> ClassifierCheckpoint:
    return ClassifierCheckpoint(head, names, "small", find_weights().sha256)


@pytest.mark.parametrize("multi_label", [False, True], ids=["one-label", "many-labels"])
def test_an_exported_classifier_is_a_sound_onnx_file_that_answers_the_same(tmp_path: Path, multi_label: bool) -> None:
    checkpoint = checkpoint_of(random_head(multi_label=multi_label), ("a", "b", "c"))
    checkpoint.save(tmp_path / "best.winnow")
    (tmp_path / "net.onnx").write_bytes(export_classifier(checkpoint))
    onnx.checker.check_model(onnx.load(tmp_path / "net.onnx"), full_check=True)
    pixels = [np.random.default_rng(seed).integers(0, 256, (90, 200, 3), dtype=np.uint8) for seed in range(3)]
    batch = np.ascontiguousarray(np.moveaxis(stacked(pixels, 128), 3, 1), np.float32)
    (found,) = open_session(tmp_path / "net.onnx").run(None, {"image": batch})
    card = ModelCard("", "classification", multi_label=multi_label)
    expected = load_predictor(path=tmp_path / "best.winnow", card=card).predict([Picture(each, 200, 90) for each in pixels])
    scores = [[score.confidence for score in each.items[0].scores] for each in expected]  # type: ignore[union-attr]
    assert np.abs(found - np.array(scores)).max() < 1e-4
    assert np.ptp(found) > 0.1


def test_what_goes_into_an_archive_is_pure_and_little() -> None:
    needed = needed_by(SERVER)
    names = {str(file) for file in needed.files}
    assert needed.packages == {"numpy", "PIL", "rasterio", "shapely", "orjson", "onnxruntime", "cv2"}
    assert not [name for name in names if "/services/" in name or "/api/" in name or "/protocols/" in name or "models.py" in name]
    assert {"campaigns/imagery/render.py", "campaigns/geometry/shapes/polygon.py"} <= names  # the latter is found by its folder alone
    assert len(names) < 110


def classifier(campaign: Campaign, *, roles: tuple[str, ...] = ("best", "last")) -> RegisteredModel:
    files = {}
    for seed, role in enumerate(roles):
        path = checkpoint_folder() / f"{role}.winnow"
        checkpoint_of(random_head(seed=seed), ("land", "water", "cloud")).save(path)
        files[role] = CheckpointFile(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
    labels = list(campaign.labels.order_by("pk").values_list("pk", "name"))
    classes = [*labels, (0, "cloud")]
    return register_internal_model(
        campaign=campaign, name="Coast / kinds", task="classification", classes=classes, training_run_id=1, files=files
    )


def segmenter(campaign: Campaign, client: APIClient, folder: Path) -> RegisteredModel:
    content = water_segmenter(folder / "net.onnx", names="{0: 'Land', 1: 'Water'}").read_bytes()
    form = {"name": "Net", "task": "segmentation", "file": SimpleUploadedFile("net.onnx", content)}
    number = client.post("/api/v1/models/onnx", form, format="multipart").json()["id"]
    assert client.post(f"/api/v1/campaigns/{campaign.pk}/models", {"model": number}, format="json").status_code == 201
    return RegisteredModel.objects.get(pk=number)


def download(client: APIClient, campaign: Campaign, model: RegisteredModel, folder: Path, query: str = "") -> Path:
    answer = client.get(f"/api/v1/campaigns/{campaign.pk}/models/{model.pk}/download{query}")
    assert answer.status_code == 200, answer.content
    assert answer["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:  # type: ignore[attr-defined]
        archive.extractall(folder)
    answer.close()
    return folder


def raster() -> bytes:
    """Four bands of 16 bit, as satellites give them."""
    values = np.random.default_rng(3).integers(0, 4000, (4, 70, 90), dtype=np.uint16)
    values[:, :, :40] //= 4
    with MemoryFile() as memory:
        with memory.open(driver="GTiff", width=90, height=70, count=4, dtype="uint16") as file:
            file.write(values)
        return bytes(memory.getbuffer())


def landscape() -> bytes:
    picture = np.zeros((30, 40, 3), np.uint8)
    picture[5:20, :20] = (200, 60, 20)
    return png(picture)


def post(url: str, body: bytes, kind: str = "application/octet-stream", **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(url, body, {"Content-Type": kind, **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def same(one: Any, other: Any) -> bool:
    """Say whether two documents are the same, numbers to four decimals of a probability; the time it took aside."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(name == "latency_ms" or same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < 1e-4 or (max(one, other) > 1 and abs(one - other) < 0.11)  # percent have one decimal
    return bool(one == other)


def compare(client: APIClient, base: str, campaign: Campaign, model: RegisteredModel, content: bytes, kind: str) -> dict[str, Any]:
    """Ask both about a picture at all addresses; return the full answer."""
    ours = f"/api/v1/campaigns/{campaign.pk}/models/{model.pk}/predict"
    for path in (ours, f"{ours}?threshold=0.3", f"/api/predict/{campaign.pk}/{model.pk}", f"/api/predict/{campaign.pk}/{model.pk}/"):
        expected = client.post(path, content, content_type=kind)
        assert expected.status_code == 200, expected.content
        status, found = post(base + path, content, kind)
        assert status == 200, found
        assert same(found, expected.json()), (found, expected.json())
    return post(base + ours, content, kind)[1]  # type: ignore[no-any-return]


@contextmanager
def served(folder: Path, *options: str, python: str = sys.executable) -> Iterator[str]:
    """Start the server of an unpacked archive; yield where it answers."""
    command = [python, "-I", str(folder / "serve.py"), "--port", "0", *options]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("Answering at"), process.communicate()[1]
            yield line.split()[2].partition("/api/")[0]
        finally:
            process.terminate()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.django_db
def test_unpacked_in_an_empty_environment_they_answer_as_the_product_does(
    make_campaign: Callable[..., Campaign], manager: User, as_user: Speak, data_dir: Path, tmp_path: Path, own_answers: None
) -> None:
    client = as_user(manager)
    kinds, areas = make_campaign(), make_campaign("Areas", task="segmentation")
    first, second = classifier(kinds), segmenter(areas, client, tmp_path)
    CampaignModel.objects.filter(model=first).update(thresholds={str(kinds.labels.first().pk): 0.2})  # type: ignore[union-attr]
    small, large = download(client, kinds, first, tmp_path / "kinds"), download(client, areas, second, tmp_path / "areas")
    last = download(client, kinds, first, tmp_path / "last", "?checkpoint=last")
    needs = {folder: (folder / "requirements.txt").read_text().split() for folder in (small, large)}
    assert set(needs[small]) < set(needs[large])
    assert not [line for line in needs[large] if "torch" in line or "django" in line]

    venv.create(tmp_path / "env", with_pip=True)
    python = str(tmp_path / "env" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "-r", large / "requirements.txt"], check=True)
    with served(small, python=python) as base:
        said = compare(client, base, kinds, first, PICTURE, "image/png")
        compare(client, base, kinds, first, raster(), "image/tiff")
        assert [each["label"]["name"] for each in said["labels"]]
        assert said["model"]["checkpoint"] == "best"
        assert post(f"{base}/api/predict/{kinds.pk}/{first.pk}/last", PICTURE)[1]["code"] == "other_checkpoint"
    with served(last, python=python) as base:
        path = f"/api/predict/{kinds.pk}/{first.pk}/last"
        assert same(post(base + path, PICTURE)[1], client.post(path, PICTURE, content_type="image/png").json())
    with served(large, python=python) as base:
        said = compare(client, base, areas, second, landscape(), "image/png")
        assert {each["label"]["name"] for each in said["objects"]} == {"Land", "Water"}
        with urllib.request.urlopen(f"{base}/healthz", timeout=10) as answer:
            assert json.load(answer) == {"status": "ok", "campaign": areas.pk, "model": second.pk, "checkpoint": ""}


@pytest.fixture
def taken(
    make_campaign: Callable[..., Campaign], manager: User, as_user: Speak, data_dir: Path, tmp_path: Path
) -> tuple[Campaign, RegisteredModel, Path]:
    campaign = make_campaign(task="segmentation")
    model = segmenter(campaign, as_user(manager), tmp_path)
    return campaign, model, download(as_user(manager), campaign, model, tmp_path / "areas")


@contextmanager
def here(model: OfflineModel, token: str = "", *, urls: bool = False) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, model, token, urls))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Quiet(Handler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.django_db
def test_its_server_takes_pictures_as_the_product_does_and_says_what_is_wrong(taken: tuple[Campaign, RegisteredModel, Path]) -> None:
    campaign, model, folder = taken
    loaded = OfflineModel.load(folder)
    path = f"/api/predict/{campaign.pk}/{model.pk}"
    with here(loaded) as base:
        expected = post(base + path, landscape())
        assert expected[0] == 200
        assert expected[1]
        text = base64.b64encode(landscape()).decode()
        form = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n' + landscape() + b"\r\n--x--\r\n"
        assert post(base + path, json.dumps({"base64": text}).encode(), "application/json") == expected
        assert post(base + path, form, "multipart/form-data; boundary=x") == expected
        assert post(f"{base}/api/predict/{campaign.pk}/Net", landscape()) == expected
        assert post(base + path, json.dumps({"url": f"{base}/healthz"}).encode(), "application/json")[1]["code"] == "urls_are_off"
        wrong = {
            f"{path}?threshold=2": 422, f'{path}?thresholds={{"Sand":0.1}}': 422, f"/api/predict/{campaign.pk}/Other": 404,
            f"/api/predict/{campaign.pk + 1}/{model.pk}": 404, "/elsewhere": 404,
        }  # fmt: skip
        assert {address: post(base + address, landscape())[0] for address in wrong} == wrong
        assert [post(base + path, body)[0] for body in (b"", b"no picture")] == [422, 422]
        assert post(base + path, b"{", "application/json")[0] == 400
        assert post(base + path, b"{}", "application/json")[1]["code"] == "no_picture"
    with here(loaded, "secret", urls=True) as base:
        assert post(base + path, landscape())[0] == 401
        assert post(base + path, landscape(), **{"X-Auth-token": "other"})[0] == 401
        assert post(base + path, landscape(), **{"X-Auth-token": "secret"}) == expected
        bearer = {"Authorization": "Bearer secret"}
        assert post(base + path, landscape(), **bearer) == expected
        # It is fetched, and is no picture.
        fetched = post(base + path, json.dumps({"url": f"{base}/healthz"}).encode(), "application/json", **bearer)
        assert (fetched[0], fetched[1]["code"]) not in ((200, ""), (422, "urls_are_off"), (422, "unreachable"))


@pytest.mark.django_db
def test_an_archive_says_what_its_classes_stand_for_and_refuses_another_network(taken: tuple[Campaign, RegisteredModel, Path]) -> None:
    campaign, model, folder = taken
    document = json.loads((folder / "labels.json").read_text())
    labels = {label.name: label.pk for label in campaign.labels.all()}
    assert document["mapping"] == {"0": labels["Land"], "1": labels["Water"]}
    assert document["campaign"] == {"id": campaign.pk, "name": campaign.name, "task": campaign.task}
    assert Manifest.from_document(document).as_document() == document
    older = {name: value for name, value in document.items() if name != "profiles"}
    assert Manifest.from_document(older).as_document() == {**document, "profiles": {}}
    assert f"/api/predict/{campaign.pk}/{model.pk}" in (folder / "README.md").read_text()
    with pytest.raises(ValueError, match="format"):
        Manifest.from_document({"format": "other/1"})
    (folder / "model.onnx").write_bytes(b"another")
    with served_badly(folder) as said:
        assert "not the file that came with labels.json" in said


@contextmanager
def served_badly(folder: Path) -> Iterator[str]:
    done = subprocess.run([sys.executable, "-I", folder / "serve.py", "--port", "0"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    yield done.stderr


@pytest.mark.django_db
def test_only_networks_that_are_here_are_downloaded_and_by_managers(
    campaign: Campaign,
    make_model: Callable[..., RegisteredModel],
    manager: User,
    annotator: User,
    stranger: User,
    as_user: Speak,
    data_dir: Path,
) -> None:
    outside = make_model(campaign, "http://127.0.0.1:9/")
    address = f"/api/v1/campaigns/{campaign.pk}/models/{outside.pk}/download"
    assert as_user(manager).get(address).json()["code"] == "not_downloadable"
    assert as_user(manager).get(f"{address}?checkpoint=first").status_code == 422
    assert as_user(annotator).get(address).status_code == 403
    assert as_user(stranger).get(address).status_code == 404
    alone = classifier(campaign, roles=("best",))
    assert (
        as_user(manager).get(f"/api/v1/campaigns/{campaign.pk}/models/{alone.pk}/download?checkpoint=last").json()["code"]
        == "checkpoint_missing"
    )
