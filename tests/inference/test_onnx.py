"""Networks in ONNX files: uploaded, looked through, tried, run, and gone with their model."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from rest_framework.test import APIClient

from campaigns.models import AnnotationSet, Campaign, Image, RunState, Task, User
from campaigns.runs import execute_now
from inference.models import Prediction
from inference.rasters import read_map
from inference.services import start_inference
from inference.store import load_prediction
from models_registry.models import Checkpoint, RegisteredModel
from models_registry.networks import onnx_files
from models_registry.networks.onnx_files import OnnxRefused, check_file, refuse_external_data
from models_registry.services import attach_model, delete_model
from models_registry.services import onnx as kept_files
from tests.onnx_files import mean_colour_classifier, one_box_detector, saved, value, water_segmenter

Speak = Callable[[User | None], APIClient]
NAMES = "{0: 'water', 1: 'land'}"


def upload(client: APIClient, file: Path | bytes, **fields: Any) -> Any:
    content = file if isinstance(file, bytes) else file.read_bytes()
    form = {"name": "Net", **fields, "file": SimpleUploadedFile("net.onnx", content)}
    return client.post("/api/v1/models/onnx", form, format="multipart")


def stored_files(data_dir: Path) -> list[str]:
    return sorted(path.name for path in (data_dir / "checkpoints").iterdir())


@pytest.mark.django_db
def test_an_uploaded_file_tells_what_it_takes_gives_and_knows(
    campaign: Campaign, manager: User, as_user: Speak, data_dir: Path, tmp_path: Path
) -> None:
    file = one_box_detector(tmp_path / "net.onnx", names=NAMES, stride="32")
    answer = upload(as_user(manager), file)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["kind"], told["protocol"], told["task"], told["url"]) == ("internal", "onnx", "detection", "")
    assert told["classes"] == [{"index": 0, "name": "water"}, {"index": 1, "name": "land"}]
    assert told["options"]["extra"] == {
        "input": "images", "datatype": "FP32", "layout": "NCHW", "width": 64, "height": 64, "preset": "yolo_raw", "fit": "letterbox",
    }  # fmt: skip
    assert "Input images: FP32, 1 × 3 × 64 × 64." in told["card"]["notes"]
    checkpoint = Checkpoint.objects.get(model=told["id"])
    assert checkpoint.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (data_dir / "checkpoints" / checkpoint.path).read_bytes() == file.read_bytes()
    assert stored_files(data_dir) == [checkpoint.path]


@pytest.mark.django_db
def test_what_the_person_says_goes_before_what_the_file_tells(
    campaign: Campaign, manager: User, as_user: Speak, data_dir: Path, tmp_path: Path
) -> None:
    file = one_box_detector(tmp_path / "net.onnx", names=NAMES)
    options = json.dumps({"extra": {"preset": "yolo_raw", "score_threshold": 0.6, "fit": "stretch"}})
    classes = json.dumps([{"index": 0, "name": "a"}, {"index": 1, "name": "b"}])
    told = upload(as_user(manager), file, options=options, classes=classes, version="7", description="mine").json()
    assert (told["version"], told["description"], told["classes"][1]["name"]) == ("7", "mine", "b")
    assert (told["options"]["extra"]["fit"], told["options"]["extra"]["score_threshold"]) == ("stretch", 0.6)
    assert upload(as_user(manager), file, options='{"extra":{"mean":"x"}}').json()["errors"][0]["field"] == "options.extra.mean"
    assert upload(as_user(manager), file, options="[").status_code == 422
    assert upload(as_user(manager), file, task="keypoints", name="").status_code == 422


@pytest.mark.django_db
def test_it_answers_runs_with_drafts_on_the_image_s_pixels(
    make_campaign: Callable[..., Campaign], make_image: Callable[..., Image], manager: User, as_user: Speak, data_dir: Path, tmp_path: Path
) -> None:
    campaign = make_campaign(task=Task.DETECTION)
    images = [make_image(campaign, width=128, height=64) for _ in range(6)]
    told = upload(as_user(manager), one_box_detector(tmp_path / "net.onnx", names=NAMES)).json()
    model = RegisteredModel.objects.get(pk=told["id"])
    attach_model(user=manager, campaign=campaign, model=model)
    run = execute_now(start_inference(user=manager, campaign=campaign, model=model, images="all"))
    assert (run.state, run.done, run.failed_items) == (RunState.SUCCEEDED, 6, 0), run.error
    (box,) = Prediction.objects.get(image=images[0]).document["items"]
    # the middle of the input, 16 of 64 pixels: of an image of twice its width, letterboxed, 32 of 128
    assert (box["class"], box["x"], box["y"], box["width"], box["height"]) == ("land", 48, 16, 32, 32)
    (drafted,) = AnnotationSet.objects.get(image=images[0], author=None).annotations
    assert drafted["label"] == campaign.labels.get(name="Land").pk


@pytest.mark.django_db
def test_pixels_get_classes_and_doubt_at_any_size(
    make_campaign: Callable[..., Campaign], make_image: Callable[..., Image], manager: User, as_user: Speak, data_dir: Path, tmp_path: Path
) -> None:
    campaign = make_campaign(task=Task.SEGMENTATION)
    image = make_image(campaign, width=77, height=33)
    told = upload(as_user(manager), water_segmenter(tmp_path / "net.onnx", names=NAMES)).json()
    assert (told["task"], told["options"]["extra"]["width"]) == ("segmentation", 0)
    model = RegisteredModel.objects.get(pk=told["id"])
    attach_model(user=manager, campaign=campaign, model=model)
    run = execute_now(start_inference(user=manager, campaign=campaign, model=model, images="all"))
    assert run.state == RunState.SUCCEEDED, run.error
    row = Prediction.objects.get(image=image)
    raster = load_prediction(row).items[0]
    assert read_map(raster.class_map).shape == (33, 77)  # type: ignore[union-attr]
    assert row.uncertainty["entropy"] > 0


@pytest.mark.django_db
def test_a_test_shows_the_answer_or_what_does_not_fit(
    campaign: Campaign, make_image: Callable[..., Image], manager: User, as_user: Speak, data_dir: Path, tmp_path: Path
) -> None:
    image = make_image(campaign, width=64, height=48)
    client = as_user(manager)
    told = upload(client, mean_colour_classifier(tmp_path / "net.onnx"), task="classification").json()
    client.patch(f"/api/v1/models/{told['id']}", {"classes": [{"index": n, "name": name} for n, name in enumerate("rgb")]})
    sure = client.post(f"/api/v1/models/{told['id']}/test", {"image": image.pk}).json()
    assert sure["ok"], sure
    assert sure["image"]["id"] == image.pk
    assert [score["class"] for score in sure["prediction"]["items"][0]["scores"]] == ["r", "g", "b"]
    assert sum(score["confidence"] for score in sure["prediction"]["items"][0]["scores"]) == pytest.approx(1)
    extra = {**told["options"]["extra"], "width": 16}
    changed = client.patch(f"/api/v1/models/{told['id']}", {"options": {**told["options"], "extra": extra}})
    assert changed.json()["options"]["extra"]["width"] == 16
    broken = client.post(f"/api/v1/models/{told['id']}/test", {}).json()
    assert not broken["ok"]
    assert (broken["failure"]["code"], broken["failure"]["where"]) == ("rejected", "input")
    assert "does not take float32 [1, 3, 32, 16]" in broken["failure"]["why"]
    refused = client.patch(f"/api/v1/models/{told['id']}", {"options": {**told["options"], "extra": {"std": "0"}}})
    assert refused.json()["errors"][0]["field"] == "options.extra.std"
    assert client.patch(f"/api/v1/models/{told['id']}", {"url": "http://127.0.0.1:9/"}).status_code == 409


@pytest.mark.django_db
def test_an_image_that_the_network_cannot_take_is_a_failed_row_and_the_others_are_answered(
    campaign: Campaign, make_image: Callable[..., Image], manager: User, as_user: Speak, data_dir: Path, tmp_path: Path
) -> None:
    node = helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2], keepdims=0)
    file = saved(tmp_path / "net.onnx", [node], [value("image", [1, 64, "w", 3])], [value("mean", [1, 3])], {})
    good, bad = make_image(campaign, width=64, height=64), make_image(campaign, width=64, height=128)
    options = json.dumps({"extra": {"height": 0, "stride": 64, "fit": "letterbox"}})
    told = upload(as_user(manager), file, task="classification", options=options).json()
    model = RegisteredModel.objects.get(pk=told["id"])
    attach_model(user=manager, campaign=campaign, model=model)
    run = execute_now(start_inference(user=manager, campaign=campaign, model=model, images="all", prefill=False))
    assert (run.done, run.failed_items) == (1, 1)
    assert Prediction.objects.get().image == good
    assert "does not take float32 [1, 128, 64, 3]" in run.items.get(image=bad).reason


@pytest.mark.django_db
def test_a_large_image_is_asked_about_in_windows_and_joined_without_a_seam(
    make_campaign: Callable[..., Campaign], make_image: Callable[..., Image], manager: User, as_user: Speak, data_dir: Path, tmp_path: Path
) -> None:
    campaign = make_campaign(task=Task.SEGMENTATION)
    image = make_image(campaign, width=150, height=110)
    answers = []
    for options in ({}, {"window_px": 64, "overlap_px": 16}):
        told = upload(as_user(manager), water_segmenter(tmp_path / "net.onnx", names=NAMES), options=json.dumps(options)).json()
        model = RegisteredModel.objects.get(pk=told["id"])
        model.options["extra"] |= {"fit": "letterbox"}  # an open size, not resized: windows see the same pixels as the whole
        model.save()
        attach_model(user=manager, campaign=campaign, model=model)
        run = execute_now(start_inference(user=manager, campaign=campaign, model=model, images="all"))
        assert run.state == RunState.SUCCEEDED, run.error
        answers.append(read_map(load_prediction(Prediction.objects.get(image=image, model=model)).items[0].class_map))  # type: ignore[union-attr]
    assert np.array_equal(*answers)


@pytest.mark.django_db
def test_files_go_with_the_last_model_that_uses_them(
    campaign: Campaign,
    manager: User,
    as_user: Speak,
    data_dir: Path,
    tmp_path: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    file = mean_colour_classifier(tmp_path / "net.onnx")
    first, second = (RegisteredModel.objects.get(pk=upload(as_user(manager), file).json()["id"]) for _ in range(2))
    assert len(stored_files(data_dir)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        delete_model(user=manager, model=first)
    assert len(stored_files(data_dir)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        delete_model(user=manager, model=second)
    assert stored_files(data_dir) == []


@pytest.mark.django_db
def test_another_file_in_the_place_of_the_uploaded_one_is_never_run(
    campaign: Campaign, make_image: Callable[..., Image], manager: User, as_user: Speak, data_dir: Path, tmp_path: Path
) -> None:
    make_image(campaign)
    told = upload(as_user(manager), mean_colour_classifier(tmp_path / "net.onnx")).json()
    model = RegisteredModel.objects.get(pk=told["id"])
    attach_model(user=manager, campaign=campaign, model=model)
    water_segmenter(data_dir / "checkpoints" / Checkpoint.objects.get(model=model).path)
    run = execute_now(start_inference(user=manager, campaign=campaign, model=model, images="all", prefill=False))
    assert run.state == RunState.FAILED
    assert "not the one that was uploaded" in run.error
    tried = as_user(manager).post(f"/api/v1/models/{model.pk}/test", {}).json()
    assert tried["failure"]["code"] == "model_damaged"


def external(path: Path) -> bytes:
    model = onnx.load(str(mean_colour_classifier(path / "plain.onnx")))
    onnx.save_model(model, str(path / "net.onnx"), save_as_external_data=True, size_threshold=0, location="weights.bin")
    return (path / "net.onnx").read_bytes()


def two_inputs(path: Path) -> bytes:
    node = helper.make_node("Add", ["a", "b"], ["c"])
    shapes = [value("a", [1, 3, 8, 8]), value("b", [1, 3, 8, 8])]
    return saved(path / "net.onnx", [node], shapes, [value("c", [1, 3, 8, 8])], {}).read_bytes()


def a_vector(path: Path) -> bytes:
    node = helper.make_node("Identity", ["a"], ["b"])
    return saved(path / "net.onnx", [node], [value("a", [1, 8])], [value("b", [1, 8])], {}).read_bytes()


def unknown_operator(path: Path) -> bytes:
    graph = helper.make_graph([helper.make_node("Launch", ["a"], ["b"], domain="evil")], "net", [value("a", [1, 3, 8, 8])],
                              [value("b", [1])])  # fmt: skip
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("evil", 1)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (external, "keeps its numbers in other files"),
        (two_inputs, "this one takes a, b"),
        (a_vector, "input a is FP32 of 1 x 8, which holds no image"),
        (unknown_operator, "The network cannot be loaded"),
        (lambda path: b"", "The file is empty"),
        (lambda path: b"PK\x03\x04 a zip of pickles", "no ONNX model"),
        (lambda path: mean_colour_classifier(path / "net.onnx").read_bytes()[:-9], "a part of it is missing"),
        (lambda path: b"\x08\x08", "it has no graph"),
    ],
)
def test_a_file_that_is_not_taken_leaves_nothing_and_says_why(
    content: Callable[[Path], bytes], complaint: str, campaign: Campaign, manager: User, as_user: Speak, data_dir: Path, tmp_path: Path
) -> None:
    answer = upload(as_user(manager), content(tmp_path))
    assert answer.status_code == 422, answer.content
    assert complaint in answer.json()["detail"]
    assert str(data_dir) not in str(answer.content)
    assert stored_files(data_dir) == []
    assert not RegisteredModel.objects.exists()


@pytest.mark.django_db
def test_a_file_above_the_limit_is_refused_while_it_is_read(
    campaign: Campaign, manager: User, as_user: Speak, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_files, "MAX_BYTES", 1000)
    answer = upload(as_user(manager), b"\0" * 2000)
    assert answer.status_code == 422
    assert "at most" in answer.json()["detail"]
    assert stored_files(data_dir) == []


def test_external_data_are_found_wherever_they_hide(tmp_path: Path) -> None:
    outside = onnx.TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1], data_location=onnx.TensorProto.EXTERNAL)
    constant = helper.make_node("Constant", [], ["w"], value=outside)
    inner = helper.make_graph([constant], "inner", [], [value("w", [1])])
    branch = helper.make_node("If", ["yes"], ["w"], then_branch=inner, else_branch=inner)
    hiding = [
        helper.make_graph([constant], "net", [], []),
        helper.make_graph([branch], "net", [], []),
        helper.make_graph([], "net", [], [], sparse_initializer=[onnx.SparseTensorProto(values=outside)]),
    ]
    functions = [helper.make_function("f", "F", [], ["w"], [constant], [helper.make_opsetid("", 17)])]
    models = [helper.make_model(graph) for graph in hiding] + [helper.make_model(helper.make_graph([], "net", [], []), functions=functions)]
    for number, model in enumerate(models):
        (tmp_path / f"{number}.onnx").write_bytes(model.SerializeToString())
        with pytest.raises(OnnxRefused, match="other files"):
            refuse_external_data(tmp_path / f"{number}.onnx")


@given(st.binary(max_size=300))
def test_no_bytes_whatever_do_anything_but_pass_or_be_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.onnx"
    path.write_bytes(content)
    try:
        refuse_external_data(path)
    except OnnxRefused as error:
        assert str(error).startswith("The ")  # noqa: PT017


def test_a_network_that_takes_too_long_to_load_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(OnnxRefused, match="more than 0 s"):
        check_file(mean_colour_classifier(tmp_path / "net.onnx"), within_s=0.001)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{0: 'a', 1: 'b'}", {0: "a", 1: "b"}), ('["a", "b"]', {0: "a", 1: "b"}), ('{"0": "a"}', {0: "a"}),
        ("__import__('os').system('x')", {}), ("{0: 1}", {}), ("{'x': 'a'}", {}), ("{0: 'a', 1: 'a'}", {}), ("", {}), ("[" * 5000, {}),
    ],
)  # fmt: skip
def test_names_in_the_metadata_are_read_as_plain_values(text: str, names: dict[int, str]) -> None:
    assert onnx_files._names(text) == names


@pytest.mark.django_db
def test_an_address_cannot_be_registered_as_an_onnx_file_and_the_form_s_settings_are_listed(
    campaign: Campaign, manager: User, as_user: Speak, settings: Any
) -> None:
    settings.MODEL_NETWORKS = ["127.0.0.0/8"]
    client = as_user(manager)
    body = {"name": "x", "task": "detection", "protocol": "onnx", "url": "http://127.0.0.1:9/"}
    assert client.post("/api/v1/models", body).json()["errors"][0]["field"] == "protocol"
    listed = {each["name"]: each for each in client.get("/api/v1/protocols").json()}
    assert listed["onnx"]["tasks"] == []
    assert {"preset", "mean", "layout"} <= {option["name"] for option in listed["onnx"]["options"]}
    assert "tensors" not in {option["name"] for option in listed["onnx"]["options"]}
