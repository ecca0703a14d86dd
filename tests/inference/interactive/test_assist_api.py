"""The address of smart labeling: who may ask, what is refused, what comes back; with the real process and the real MobileSAM."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from campaigns.geometry.masks import decode_mask
from campaigns.models import Campaign, Image, Task, User
from inference.interactive.promptable import SegmenterFiles
from inference.services import assisting
from models_registry.models import CampaignModel, Checkpoint, ModelKind, RegisteredModel
from tests.campaigns.samples import picture_bytes
from tests.inference.interactive.conftest import Process

WIDTH, HEIGHT = 400, 300


@pytest.fixture
def data_dir(settings: Any, shared_dir: Path, start_process: Callable[[Path], Process]) -> Path:
    """The data directory that the process stands beside, started with the first test."""
    settings.DATA_DIR = shared_dir
    running: list[Process] = getattr(start_process, "running", [])
    if not running:
        running.append(start_process(shared_dir))
        start_process.running = running  # type: ignore[attr-defined]
    return shared_dir


@pytest.fixture
def segmentation(make_campaign: Callable[..., Campaign]) -> Campaign:
    return make_campaign(task=Task.SEGMENTATION)


@pytest.fixture
def image(data_dir: Path, segmentation: Campaign) -> Image:
    """A bright disc on dark ground."""
    pixels = np.full((HEIGHT, WIDTH, 3), (40, 60, 50), np.uint8)
    pixels[disc()] = (230, 200, 90)
    content = picture_bytes(pixels, "PNG")
    path = data_dir / "images" / "dd" / "disc.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Image.objects.create(
        campaign=segmentation, name="disc.png", path="dd/disc.png", sha256="d" * 64, size_bytes=len(content), format="PNG",
        width=WIDTH, height=HEIGHT, bands=3, dtype="uint8",
    )  # fmt: skip


def disc() -> Any:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.hypot(x - 220, y - 150) < 80


@pytest.fixture
def attached(segmentation: Campaign, data_dir: Path, segmenter_files: SegmenterFiles) -> Iterator[RegisteredModel]:
    """MobileSAM, registered and attached."""
    folder = data_dir / "checkpoints" / "mobile-sam"
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        folder.symlink_to(segmenter_files.encoder.parent)
    model = RegisteredModel.objects.create(name="MobileSAM", kind=ModelKind.PROMPTABLE, task=Task.SEGMENTATION, protocol="promptable")
    config = {"encoder_sha256": segmenter_files.encoder_sha256, "decoder_sha256": segmenter_files.decoder_sha256}
    Checkpoint.objects.create(model=model, role="best", path="mobile-sam", sha256="1" * 64, config=config)
    CampaignModel.objects.create(campaign=segmentation, model=model)
    return model


def ask(as_user: Callable[..., Any], user: User, image: Image, body: Any, expect: int = 200) -> Any:
    answer = as_user(user).post(f"/api/v1/images/{image.pk}/assist", body, format="json")
    assert answer.status_code == expect, answer.json()
    return answer.json()


def overlap(shape: dict[str, Any]) -> float:
    mask = decode_mask(shape["counts"], shape["size"])
    return float((mask & disc()).sum() / (mask | disc()).sum())


def test_a_work_area_becomes_a_mask_that_can_be_saved(image: Image, annotator: User, as_user: Any, segmentation: Campaign):
    answer = ask(as_user, annotator, image, {"tool": "grabcut", "roi": [100, 40, 330, 260], "polygon": True})
    assert overlap(answer["shape"]) > 0.97
    assert answer["took_ms"] > 0
    assert 0.5 < answer["confidence"] <= 1
    client = as_user(annotator)
    assert client.get(f"/api/v1/images/{image.pk}/annotation-set").status_code == 200
    label = segmentation.labels.first()
    for number, shape in enumerate((answer["shape"], answer["polygon"])):
        annotation = {"id": f"00000000-0000-4000-8000-00000000000{number}", "label": label.pk, "shape": shape}  # type: ignore[union-attr]
        version = client.get(f"/api/v1/images/{image.pk}/annotation-set").json()["version"]
        saved = client.patch(
            f"/api/v1/images/{image.pk}/annotation-set", {"upsert": [annotation]}, format="json", headers={"If-Match": f'"{version}"'}
        )
        assert saved.status_code == 200, saved.json()


def test_the_last_answer_goes_back_in_and_strokes_hold(image: Image, annotator: User, as_user: Any):
    first = ask(as_user, annotator, image, {"roi": [100, 40, 330, 260]})
    prompts = {"background": [[[200, 150], [240, 150]]], "brush_px": 10}
    again = ask(as_user, annotator, image, {"roi": [100, 40, 330, 260], "prompts": prompts, "mask": first["shape"]})
    mask = decode_mask(again["shape"]["counts"], again["shape"]["size"])
    assert not mask[147:153, 205:235].any()


def test_one_click_is_answered_by_the_campaigns_segmenter(image: Image, attached: RegisteredModel, annotator: User, as_user: Any):
    ready = ask(as_user, annotator, image, {"tool": "model", "prepare": True})
    assert ready["ready"] in (True, False)
    assert ask(as_user, annotator, image, {"tool": "model", "prepare": True})["ready"] is True
    answer = ask(as_user, annotator, image, {"tool": "model", "prompts": {"points": [{"x": 220, "y": 150, "positive": True}]}})
    assert overlap(answer["shape"]) > 0.95
    assert answer["took_ms"] < 2000
    several = [{"box": [130, 60, 310, 240]}, {"points": [{"x": 220, "y": 150}]}]
    answer = ask(as_user, annotator, image, {"tool": "model", "model": attached.pk, "prompts": several})
    assert [overlap(each["shape"]) > 0.9 for each in answer["objects"]] == [True, True]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], ""),
        ({"tool": "magic"}, "tool"),
        ({"area": [1, 2, 3, 4]}, "area"),
        ({"roi": [0, 0, 1e999, 5]}, "roi"),
        ({"roi": [500, 0, 600, 50]}, "roi"),
        ({"roi": "all"}, "roi"),
        ({"prompts": {"points": [{"x": -1, "y": 5}]}}, "prompts.points.0"),
        ({"prompts": [{}, {}]}, "prompts"),
        ({"prompts": {"foreground": [[[1, 1]]] * 201}}, "prompts.foreground"),
        ({"polygon": "yes"}, "polygon"),
        ({"style": {"bands": [1.5]}}, "style.bands"),
        ({"style": {"colour": 1}}, "style"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_place(image: Image, annotator: User, as_user: Any, body: Any, field: str):
    if "1e999" in repr(body) or "inf" in repr(body):
        answer = as_user(annotator).generic(
            "POST", f"/api/v1/images/{image.pk}/assist", '{"roi": [0, 0, 1e999, 5]}', content_type="application/json"
        )
        assert answer.status_code in (400, 422)
        return
    problem = ask(as_user, annotator, image, body, expect=422)
    assert problem["code"] == "invalid_prompt"
    assert [error["field"] for error in problem["errors"]] == [field]


def test_a_mask_of_another_image_is_refused(image: Image, annotator: User, as_user: Any):
    mask = {"type": "mask", "size": [10, 10], "counts": "d3"}
    assert ask(as_user, annotator, image, {"roi": [0, 0, 100, 100], "mask": mask}, expect=422)["code"] == "invalid_mask"


def test_a_model_that_is_not_there_or_answers_no_clicks_is_told_apart(image: Image, annotator: User, as_user: Any, segmentation: Campaign):
    prompts = {"points": [{"x": 1, "y": 1}]}
    assert ask(as_user, annotator, image, {"tool": "model", "prompts": prompts}, expect=409)["code"] == "no_promptable_model"
    assert ask(as_user, annotator, image, {"tool": "model", "model": 10**6}, expect=404)["code"] == "model_not_attached"
    other = RegisteredModel.objects.create(name="Net", task=Task.SEGMENTATION, protocol="winnow", url="http://127.0.0.1:9/")
    CampaignModel.objects.create(campaign=segmentation, model=other)
    assert ask(as_user, annotator, image, {"tool": "model", "model": other.pk}, expect=409)["code"] == "not_promptable"


def test_a_model_needs_something_that_is_on_the_thing(image: Image, attached: RegisteredModel, annotator: User, as_user: Any):
    off = {"points": [{"x": 1, "y": 1, "positive": False}]}
    assert ask(as_user, annotator, image, {"tool": "model", "prompts": off}, expect=422)["errors"][0]["field"] == "prompts"


def test_files_that_are_gone_are_told(image: Image, attached: RegisteredModel, annotator: User, as_user: Any):
    Checkpoint.objects.filter(model=attached).update(path="nowhere")
    body = {"tool": "model", "prompts": {"points": [{"x": 1, "y": 1}]}}
    assert ask(as_user, annotator, image, body, expect=409)["code"] == "model_missing"


def test_asking_keeps_the_lease_and_a_viewer_may_not_ask(image: Image, annotator: User, viewer: User, as_user: Any):
    soon = timezone.now() + timezone.timedelta(seconds=5)
    Image.objects.filter(pk=image.pk).update(leased_by=annotator, leased_until=soon)
    ask(as_user, annotator, image, {"prepare": True})
    image.refresh_from_db()
    assert image.leased_until is not None
    assert image.leased_until > soon
    ask(as_user, viewer, image, {"roi": "all"}, expect=403)


def test_without_its_process_smart_labeling_says_what_to_start(
    image: Image, annotator: User, as_user: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings.DATA_DIR = tmp_path
    real = assisting.ask
    monkeypatch.setattr(assisting, "ask", lambda *args: real(*args, start_within_s=0.2))
    problem = ask(as_user, annotator, image, {"prepare": True}, expect=503)
    assert problem["code"] == "assist_unreachable"
    assert "inference.interactive" in problem["detail"]


def test_an_answer_that_takes_too_long_is_told(image: Image, annotator: User, as_user: Any, monkeypatch: pytest.MonkeyPatch):
    real = assisting.ask
    monkeypatch.setattr(assisting, "ask", lambda *args: real(*args, within_s=0.0001))
    assert ask(as_user, annotator, image, {"roi": [100, 40, 330, 260]}, expect=504)["code"] == "assist_slow"
