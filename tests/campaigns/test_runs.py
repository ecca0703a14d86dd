"""Runs: claimed once, cancelled, retried, recovered."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from rest_framework.test import APIClient

from campaigns import runs, supervision
from campaigns.errors import Conflict, InvalidInput
from campaigns.models import Campaign, Image, Run, RunItem, RunState, User
from campaigns.runs import RunContext, RunKind

As = Callable[[User | None], APIClient]
pytestmark = pytest.mark.django_db
HERE = "tests.campaigns.test_runs"


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {name: RunKind(name, f"{HERE}.{name}", resumable=name == "count") for name in ("count", "obey", "refuse", "crash")}
    monkeypatch.setattr(runs, "_KINDS", known)


def count(context: RunContext) -> dict[str, object]:
    for n in range(3):
        context.progress(done=n + 1, total=3, force=True)
    return {"counted": 3}


def obey(context: RunContext) -> dict[str, object]:
    Run.objects.filter(pk=context.run.pk).update(cancel_requested=True)
    context.progress(done=1, total=9, force=True)
    raise AssertionError("the progress report should have stopped it")


def refuse(context: RunContext) -> dict[str, object]:
    raise InvalidInput("Give it images first.")


def crash(context: RunContext) -> dict[str, object]:
    return {"impossible": 1 // 0}


def make(kind: str, campaign: Campaign, user: User) -> Run:
    return runs.enqueue_run(user=user, kind=kind, campaign=campaign)


def test_a_run_and_its_queue_row_are_written_together(campaign: Campaign, manager: User) -> None:
    make("count", campaign, manager)
    assert OrmQ.objects.filter(key="default").count() == 1


def test_a_run_succeeds_with_its_result(campaign: Campaign, manager: User) -> None:
    run = runs.execute_now(make("count", campaign, manager))
    assert (run.state, run.result, run.done, run.total, run.attempts) == (RunState.SUCCEEDED, {"counted": 3}, 3, 3, 1)


def test_a_run_is_claimed_once(campaign: Campaign, manager: User) -> None:
    run = make("count", campaign, manager)
    assert runs.claim_run(run.pk) is not None
    assert runs.claim_run(run.pk) is None


def test_cancelling_is_obeyed_at_the_next_progress_report(campaign: Campaign, manager: User) -> None:
    assert runs.execute_now(make("obey", campaign, manager)).state == RunState.CANCELLED


def test_a_waiting_run_is_cancelled_at_once_and_never_starts(campaign: Campaign, manager: User, as_user: As) -> None:
    run = make("count", campaign, manager)
    assert as_user(manager).post(f"/api/v1/runs/{run.pk}/cancel").data["state"] == "cancelled"
    assert runs.claim_run(run.pk) is None
    assert as_user(manager).post(f"/api/v1/runs/{run.pk}/cancel").status_code == 409


def test_a_mistake_of_a_person_is_told_in_its_own_words(campaign: Campaign, manager: User) -> None:
    run = runs.execute_now(make("refuse", campaign, manager))
    assert (run.state, run.error) == (RunState.FAILED, "Give it images first.")


def test_a_bug_ends_on_the_row_and_in_the_log(campaign: Campaign, manager: User, as_user: As) -> None:
    run = runs.execute_now(make("crash", campaign, manager))
    assert run.state == RunState.FAILED and "ZeroDivisionError" in run.error
    assert "Traceback" in as_user(manager).get(f"/api/v1/runs/{run.pk}/log").data["text"]


def test_pages_of_a_log_are_whole_lines_that_make_up_the_file(campaign: Campaign, manager: User, as_user: As, data_dir: Path) -> None:
    run = runs.execute_now(make("refuse", campaign, manager))
    for n in range(9000):
        RunContext(run).log(f"line {n} of many")
    client, address = as_user(manager), f"/api/v1/runs/{run.pk}/log"
    page = client.get(address).data
    pages = [page["text"]]
    while page["start"]:
        page = client.get(address, {"before": page["start"]}).data
        pages.insert(0, page["text"])
    assert len(pages) > 3
    assert all(each.endswith("\n") and each[:2] == "20" for each in pages), "every page begins with a time"
    whole = b"".join(client.get(f"{address}/file").streaming_content).decode()  # type: ignore[attr-defined]
    assert "".join(pages) == whole
    assert "failed: Give it images first." in whole


def test_a_line_longer_than_a_page_ends_the_walk_all_the_same(campaign: Campaign, manager: User, data_dir: Path) -> None:
    run = make("count", campaign, manager)
    RunContext(run).log("x" * 500)
    page, walked = runs.log_page(run.pk, before=None, most_bytes=64), 1
    while page.start and walked < 50:
        page, walked = runs.log_page(run.pk, before=page.start, most_bytes=64), walked + 1
    assert page.start == 0


def test_a_run_that_wrote_nothing_has_an_empty_log(campaign: Campaign, manager: User, as_user: As, data_dir: Path) -> None:
    run = make("count", campaign, manager)
    assert as_user(manager).get(f"/api/v1/runs/{run.pk}/log").data == {"text": "", "start": 0, "size": 0}
    assert b"".join(as_user(manager).get(f"/api/v1/runs/{run.pk}/log/file").streaming_content) == b""  # type: ignore[attr-defined]


def test_a_vanished_worker_leaves_a_lost_run_that_goes_on(campaign: Campaign, manager: User) -> None:
    run = make("count", campaign, manager)
    claimed = runs.claim_run(run.pk)
    assert claimed is not None
    Run.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert runs.sweep_runs() == 1
    run.refresh_from_db()
    assert run.state == RunState.QUEUED and OrmQ.objects.count() == 2
    with pytest.raises(runs.RunTakenOver):
        RunContext(claimed).progress(done=1, force=True)
    assert runs.execute_now(run).state == RunState.SUCCEEDED


def test_a_lost_run_that_cannot_resume_stays_lost(campaign: Campaign, manager: User) -> None:
    run = make("crash", campaign, manager)
    runs.claim_run(run.pk)
    Run.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    runs.sweep_runs()
    run.refresh_from_db()
    assert run.state == RunState.LOST and run.error


def test_a_run_that_kills_its_workers_is_given_up(campaign: Campaign, manager: User) -> None:
    run = make("count", campaign, manager)
    for _ in range(5):
        runs.claim_run(run.pk)
        Run.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=5))
        runs.sweep_runs()
    run.refresh_from_db()
    assert run.state == RunState.FAILED and "5 times" in run.error


@pytest.mark.parametrize(("kind", "states"), [("count", [RunState.QUEUED, RunState.FAILED]), ("crash", [RunState.FAILED])])
def test_a_run_whose_process_is_killed_goes_on_once_where_it_can(
    campaign: Campaign, manager: User, data_dir: Path, tmp_path: Path, settings: Any, kind: str, states: list[RunState]
) -> None:
    (tmp_path / "manage.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")  # as where memory runs out
    settings.BASE_DIR = tmp_path
    run = make(kind, campaign, manager)
    for state in states:
        claimed = runs.claim_run(run.pk)
        assert claimed is not None
        supervision.supervise(claimed)
        run.refresh_from_db()
        assert run.state == state
    assert "short of memory" in run.error


def test_a_run_whose_queue_row_died_with_a_worker_is_pushed_again(campaign: Campaign, manager: User) -> None:
    run = make("count", campaign, manager)
    OrmQ.objects.update(lock=timezone.now() + timedelta(days=1))
    Run.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    runs.sweep_runs()
    runs.sweep_runs()
    assert OrmQ.objects.filter(lock__lte=timezone.now()).count() == 1


def test_retrying_takes_the_failed_images_alone(campaign: Campaign, manager: User, make_image: Callable[..., Image], as_user: As) -> None:
    run = runs.execute_now(make("count", campaign, manager))
    with pytest.raises(Conflict):
        runs.retry_run(run)
    good, bad = make_image(campaign), make_image(campaign)
    RunItem.objects.create(run=run, image=good, state="done")
    RunItem.objects.create(run=run, image=bad, state="failed", code="timeout", reason="No answer within 10 s.")
    reasons = as_user(manager).get(f"/api/v1/runs/{run.pk}/reasons").data
    assert reasons == [{"code": "timeout", "count": 1, "example": "No answer within 10 s."}]
    failed = as_user(manager).get(f"/api/v1/runs/{run.pk}/items?state=failed").data["results"]
    assert [row["image"] for row in failed] == [bad.pk]
    assert as_user(manager).post(f"/api/v1/runs/{run.pk}/retry").data["state"] == "queued"
    assert dict(RunItem.objects.values_list("image", "state")) == {good.pk: "done", bad.pk: "pending"}


def test_failures_are_grouped_by_what_they_have_in_common(
    campaign: Campaign, manager: User, make_image: Callable[..., Image], as_user: As
) -> None:
    run = make("count", campaign, manager)
    page = "expected JSON (got a page): does the URL name it?"
    for reason in ('items[0].xyxy[2]: expected a number, got "abc"', 'items[31].xyxy[0]: expected a number, got "d"', page, page, page):
        RunItem.objects.create(run=run, image=make_image(campaign), state="failed", code="rejected", reason=reason)
    client = as_user(manager)
    reasons = client.get(f"/api/v1/runs/{run.pk}/reasons").data
    assert [(row["code"], row["count"]) for row in reasons] == [("rejected", 3), ("rejected", 2)]
    for row in reasons:
        query = {"state": "failed", "code": row["code"], "reason_like": row["example"]}
        assert len(client.get(f"/api/v1/runs/{run.pk}/items", query).data["results"]) == row["count"]


def test_a_stranger_sees_no_run(campaign: Campaign, manager: User, stranger: User, annotator: User, as_user: As) -> None:
    run = make("count", campaign, manager)
    assert as_user(stranger).get(f"/api/v1/runs/{run.pk}").status_code == 404
    assert as_user(stranger).get("/api/v1/runs").data["results"] == []
    assert as_user(annotator).post(f"/api/v1/runs/{run.pk}/cancel").status_code == 403


def ticking(monkeypatch: pytest.MonkeyPatch, start: float) -> list[float]:
    """A clock that stands still until the test moves it."""
    clock = [start]
    monkeypatch.setattr(runs.time, "monotonic", lambda: clock[0])
    return clock


def going(campaign: Campaign, user: User) -> Run:
    run = make("count", campaign, user)
    run.state = RunState.RUNNING
    run.save()
    return run


def test_the_time_left_goes_by_what_was_finished_and_is_not_told_while_nothing_is(
    campaign: Campaign, manager: User, as_user: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, context = ticking(monkeypatch, 100.0), RunContext(going(campaign, manager))
    run = context.run

    def told(seconds: float, done: int) -> tuple[float | None, float | None]:
        clock[0] += seconds
        context.progress(done=done, total=1000, force=True)
        progress = as_user(manager).get(f"/api/v1/runs/{run.pk}").json()["progress"]
        return progress["rate"], progress["eta_s"]

    assert told(0, 0) == (None, None)
    assert told(1, 10) == (10.0, 99.0)
    assert told(1, 10) == (10.0, 99.0)  # a moment without an answer says nothing of the rate
    assert told(1, 20)[0] == pytest.approx(0.7 * 10 + 0.3 * 5)
    for _ in range(12):
        last = told(1, 20)
    assert last == (None, None)  # the endpoint has gone silent: nobody knows
    rate, eta = told(1, 33)
    assert (rate, eta) == (1.0, 967.0)


def test_slow_work_keeps_its_time_left_between_two_things(campaign: Campaign, manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, context = ticking(monkeypatch, 0.0), RunContext(going(campaign, manager))
    run = context.run
    for seconds in range(0, 181, 5):  # one in a minute
        clock[0] = float(seconds)
        context.progress(done=seconds // 60, total=10, force=True)
        if seconds >= 60:
            assert run.rate == pytest.approx(1 / 60)
