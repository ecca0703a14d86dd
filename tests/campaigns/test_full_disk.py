"""A full disk: a run and a request end with a sentence that says so, and nothing is half there."""

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.db.models import QuerySet
from rest_framework.test import APIClient

from campaigns import runs, supervision
from campaigns.disk import is_full, is_read_only, refuses_writes
from campaigns.models import ApiToken, Campaign, Image, RunState, User
from campaigns.runs import RunContext, RunKind
from campaigns.services.accounts import create_token
from tests.conftest import png_bytes

As = Callable[[User | None], APIClient]
HERE = "tests.campaigns.test_full_disk"
FULL = OSError(errno.ENOSPC, "No space left on device")


def write(context: RunContext) -> dict[str, object]:
    context.log("begun")
    with (runs.log_path(context.run.pk).parent / "kept").open("wb"):
        return {}


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    """No file below the data directory can be opened to be written."""
    really = Path.open

    def no_room(path: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if path.is_relative_to(data_dir) and set(mode) & set("wax+"):
            raise FULL
        return really(path, mode, *rest, **more)

    monkeypatch.setattr(Path, "open", no_room)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "x"), True),
        (OSError(errno.EDQUOT, "x"), True),
        (OSError(errno.EACCES, "no space left on device"), False),
        (sqlite3.OperationalError("database or disk is full"), True),
        (RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"), True),
        (ValueError("the disk is round"), False),
    ],
)
def test_a_full_disk_is_known_in_the_words_of_each_library(error: Exception, expected: bool) -> None:
    assert is_full(error) is expected
    wrapped = KeyError("behind it")
    wrapped.__cause__ = error
    assert is_full(wrapped) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.EROFS, "x"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (sqlite3.OperationalError("attempt to write a readonly database"), True),
        (RuntimeError("Error while serializing: I/O error: Read-only file system (os error 30)"), True),
    ],
)
def test_a_disk_that_may_be_read_alone_is_known_and_is_not_taken_for_a_full_one(error: Exception, expected: bool) -> None:
    assert (is_read_only(error), refuses_writes(error), is_full(error)) == (expected, expected, False)


@pytest.mark.django_db
@pytest.mark.usefixtures("full")
def test_a_run_on_a_full_disk_ends_with_what_to_do(campaign: Campaign, manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_KINDS", {"write": RunKind("write", f"{HERE}.write")})
    run = runs.execute_now(runs.enqueue_run(user=manager, kind="write", campaign=campaign))
    assert run.state == RunState.FAILED
    assert run.error.endswith("is full. Free some space, then try again."), run.error


@pytest.mark.django_db
@pytest.mark.usefixtures("full")
def test_a_worker_that_can_keep_no_log_still_watches_its_run(campaign: Campaign, manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_KINDS", {"write": RunKind("write", f"{HERE}.write")})
    run = runs.claim_run(runs.enqueue_run(user=manager, kind="write", campaign=campaign).pk)
    assert run is not None
    monkeypatch.setattr(supervision.sys, "executable", "/bin/false")
    supervision.supervise(run)
    run.refresh_from_db()
    assert run.state == RunState.FAILED


@pytest.mark.django_db
def test_an_upload_to_a_full_disk_is_refused_in_words_and_leaves_nothing(
    campaign: Campaign, manager: User, as_user: As, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.rename

    def no_room(source: str, target: str) -> None:
        raise FULL

    monkeypatch.setattr(os, "rename", no_room)
    upload = {"files": SimpleUploadedFile("a.png", png_bytes(8, 8), "image/png")}
    answer = as_user(manager).post(f"/api/v1/campaigns/{campaign.pk}/images", upload, format="multipart")
    monkeypatch.setattr(os, "rename", real)
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full"), answer.content
    assert not Image.objects.exists()
    assert not [path for path in (data_dir / "images").rglob("*") if path.is_file()]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "code"), [("database or disk is full", "disk_full"), ("attempt to write a readonly database", "disk_read_only")]
)
def test_a_database_that_takes_nothing_says_so_and_is_no_bug(
    campaign: Campaign, manager: User, as_user: As, monkeypatch: pytest.MonkeyPatch, words: str, code: str
) -> None:
    def no_room(**_: object) -> None:
        raise OperationalError(words)

    monkeypatch.setattr("campaigns.services.campaigns.update_campaign", no_room)
    answer = as_user(manager).patch(f"/api/v1/campaigns/{campaign.pk}", {"name": "Renamed"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (507, code), answer.content


@pytest.mark.django_db
def test_a_thumbnail_is_shown_though_it_cannot_be_kept(
    campaign: Campaign, manager: User, as_user: As, make_image: Callable[..., Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise FULL

    image = make_image(campaign)
    monkeypatch.setattr("campaigns.imagery.sidecars.tempfile.mkstemp", no_room)
    answer = as_user(manager).get(f"/api/v1/images/{image.pk}/thumbnail")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")


@pytest.mark.django_db
def test_a_token_reads_on_though_its_use_cannot_be_noted(campaign: Campaign, manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    _, text = create_token(user=manager, name="script")
    used = ApiToken.objects.filter(last_used_at=None)
    really = QuerySet.update

    def no_room(rows: Any, **changes: Any) -> int:
        if "last_used_at" in changes:
            raise OperationalError("database or disk is full")
        return really(rows, **changes)

    monkeypatch.setattr(QuerySet, "update", no_room)
    answer = APIClient().get(f"/api/v1/campaigns/{campaign.pk}", headers={"Authorization": f"Bearer {text}"})
    assert (answer.status_code, used.count()) == (200, 1)
