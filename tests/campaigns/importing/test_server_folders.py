"""Only folders that the operator has listed can be read, and much goes into a run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.response import Response
from rest_framework.test import APIClient

from campaigns.models import Campaign, Image, Run, User
from campaigns.runs import execute_now
from campaigns.services import server_folders
from tests.campaigns.importing.test_importing import outcomes, picture, zipped

As = Callable[[User | None], APIClient]
pytestmark = pytest.mark.django_db


@pytest.fixture
def root(tmp_path: Path, data_dir: Path, settings: Any) -> Path:
    """A listed folder with pictures, and one beside it that is not listed."""
    folder = tmp_path / "pictures"
    (folder / "deeper" / ".hidden").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(picture(0))
    (folder / "deeper" / "b.jpg").write_bytes(picture(1))
    (folder / "deeper" / ".hidden" / "c.jpg").write_bytes(picture(2))
    (folder / "notes.txt").write_text("hello")
    (folder / "Thumbs.db").write_text("junk")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "d.jpg").write_bytes(picture(3))
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "link.jpg").symlink_to(tmp_path / "secret" / "d.jpg")
    settings.IMPORT_ROOTS = [str(folder)]
    return folder


def ask(client: APIClient, campaign: Campaign, path: Path | str, **more: Any) -> Response:
    return client.post(f"/api/v1/campaigns/{campaign.pk}/images", {"server_path": str(path), **more}, format="json")


def test_a_folder_goes_in_with_those_below_it(root: Path, campaign: Campaign, manager: User, as_user: As) -> None:
    answer = ask(as_user(manager), campaign, root, split="validation")
    assert outcomes(answer) == {"a.jpg": "created", "notes.txt": "unknown_format", "deeper/b.jpg": "created"}
    assert set(Image.objects.values_list("split", flat=True)) == {"validation"}
    assert outcomes(ask(as_user(manager), campaign, "deeper/b.jpg")) == {"b.jpg": "duplicate"}
    assert (root / "a.jpg").exists()


@pytest.mark.parametrize("path", ["/etc/passwd", "..", "../secret", "link", "link.jpg", "/"])
def test_nothing_outside_the_listed_folders_is_read(path: str, root: Path, campaign: Campaign, manager: User, as_user: As) -> None:
    answer = ask(as_user(manager), campaign, path)
    assert (answer.status_code, answer.data["code"]) == (403, "outside_import_roots")


def test_without_listed_folders_the_server_cannot_be_read(campaign: Campaign, manager: User, as_user: As, settings: Any) -> None:
    settings.IMPORT_ROOTS = []
    assert ask(as_user(manager), campaign, "/tmp").data["code"] == "no_import_roots"


def test_what_is_not_there_is_told(root: Path, campaign: Campaign, manager: User, as_user: As) -> None:
    assert ask(as_user(manager), campaign, "nothing").status_code == 404
    (root / "empty").mkdir()
    assert ask(as_user(manager), campaign, "empty").data["code"] == "empty_folder"


def test_an_annotator_cannot_read_the_server(root: Path, campaign: Campaign, annotator: User, as_user: As) -> None:
    assert ask(as_user(annotator), campaign, root).status_code == 403


def test_many_files_go_into_a_run(root: Path, campaign: Campaign, manager: User, as_user: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_folders, "AT_ONCE_FILES", 3)
    (root / "more.zip").write_bytes(zipped({f"{n}.jpg": picture(n) for n in range(4, 8)}))
    answer = ask(as_user(manager), campaign, root)
    assert answer.status_code == 202
    assert (answer.data["kind"], answer.data["progress"]["total"]) == ("import", 7)
    run = execute_now(Run.objects.get(pk=answer.data["id"]))
    assert run.state == "succeeded"
    assert (run.result["created"], run.result["refused"], run.done, run.failed_items) == (6, 1, 6, 1)
    assert run.result["refusals"][0]["name"] == "notes.txt"
    again = execute_now(Run.objects.get(pk=ask(as_user(manager), campaign, root).data["id"]))
    assert (again.result["created"], again.result["duplicates"]) == (0, 6)
