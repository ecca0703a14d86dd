"""The engine: many at once, failures stay with their job, closing aborts."""

import asyncio
import threading
import time
from contextlib import AsyncExitStack

import pytest

from inference.engine import ByteBudget, Engine


def engine(work, workers=4):
    async def prepare(stack: AsyncExitStack):
        return work

    return Engine(prepare, workers=workers)


def collect_all(running, count):
    outcomes = []
    while len(outcomes) < count:
        outcomes += running.collect(most=64, within_s=5)
    return outcomes


def test_every_job_has_one_outcome_and_many_run_at_once():
    at_once = most = 0

    async def work(job):
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.005)
        at_once -= 1
        return job * 2

    with engine(work, workers=8) as running:
        running.submit(range(40))
        outcomes = collect_all(running, 40)
        assert running.in_flight == 0
        assert running.collect(most=10, within_s=5) == []
    assert sorted(outcome.result for outcome in outcomes) == [2 * n for n in range(40)]
    assert most == 8


def test_a_failure_stays_with_its_job():
    async def work(job):
        if job == 3:
            raise ValueError("no three")
        return job

    with engine(work) as running:
        running.submit(range(5))
        outcomes = collect_all(running, 5)
    assert {outcome.job: str(outcome.error) for outcome in outcomes if outcome.error} == {3: "no three"}


def test_closing_aborts_what_is_in_flight_at_once():
    aborted = threading.Event()

    async def work(job):
        try:
            await asyncio.sleep(60)
        finally:
            aborted.set()

    begun = time.monotonic()
    with engine(work) as running:
        running.submit(range(100))
        assert running.collect(most=10, within_s=0.1) == []
    assert time.monotonic() - begun < 2
    assert aborted.is_set()


def test_what_was_opened_is_closed_at_the_end():
    events = []

    async def prepare(stack):
        stack.callback(events.append, "closed")

        async def work(job):
            return job

        return work

    with Engine(prepare, workers=2) as running:
        running.submit([1])
        collect_all(running, 1)
        assert events == []
    assert events == ["closed"]


def test_an_error_while_opening_reaches_the_caller():
    async def prepare(stack):
        raise RuntimeError("no sockets today")

    with Engine(prepare, workers=2) as running, pytest.raises(RuntimeError, match="no sockets today"):
        running.submit([1])
        running.collect(most=1, within_s=5)


def test_no_more_bytes_are_held_than_the_budget_but_a_larger_thing_is_held_alone():
    async def scenario():
        budget, held, most = ByteBudget(100), 0, 0

        async def take(size):
            nonlocal held, most
            async with budget.hold(size):
                held += size
                most = max(most, held)
                assert held <= 100 or held == size
                await asyncio.sleep(0.001)
                held -= size

        await asyncio.gather(*(take(size) for size in [40, 40, 40, 300, 10, 100, 60]))
        return most

    assert asyncio.run(scenario()) == 300
