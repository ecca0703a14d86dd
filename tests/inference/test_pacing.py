"""As many questions in flight as the endpoint answers at once: more while that helps, fewer when they queue there."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.pacing import LOST_IN_A_ROW, Pace
from inference.precedence import Bystander, go_first


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Served:
    """What came of a simulation: the share of the time in which the endpoint computed, and how many questions were there at once."""

    busy: float
    most_at_once: int


def serve(pace: Pace, *, at_once: int, base_ms: float, questions: int) -> Served:
    """Answer questions as an endpoint does that computes ``at_once`` of them at a time and lets the others wait."""
    now = 0.0
    free_at = [0.0] * at_once
    flying: list[tuple[float, float]] = []  # finished at, sent at
    most_at_once = 0
    for number in range(questions):
        while len(flying) < pace.limit:
            finished = max(now, heapq.heappop(free_at)) + base_ms
            heapq.heappush(free_at, finished)
            heapq.heappush(flying, (finished, now))
        if number > questions // 4:  # by then it knows the endpoint
            most_at_once = max(most_at_once, len(flying))
        now, sent = heapq.heappop(flying)
        pace.answered(now - sent)
    return Served(questions * base_ms / at_once / now, most_at_once)


@settings(max_examples=40)
@given(most=st.integers(1, 64), base_ms=st.floats(30, 2000))
def test_an_endpoint_that_takes_everything_gets_all_that_it_may(most: int, base_ms: float) -> None:
    pace = Pace(most)
    served = serve(pace, at_once=most, base_ms=base_ms, questions=200 * most)
    assert served.busy >= 0.93
    assert served.most_at_once == most


@settings(max_examples=40)
@given(at_once=st.integers(1, 16), base_ms=st.floats(50, 2000))
def test_an_endpoint_is_kept_busy_and_its_queue_short(at_once: int, base_ms: float) -> None:
    served = serve(Pace(64), at_once=at_once, base_ms=base_ms, questions=6000)
    assert served.busy >= 0.93
    assert at_once <= served.most_at_once <= at_once + 12


def test_our_own_delays_of_milliseconds_slow_nothing_down() -> None:
    pace = Pace(16)
    for latency_ms in (1.0, 2.0, 9.0, 3.0, 15.0) * 40:
        pace.answered(latency_ms)
    assert pace.limit == 16


def test_too_many_halves_the_number_and_rests_as_long_as_the_server_asks() -> None:
    clock = Clock()
    pace = Pace(16, clock=clock)
    serve(pace, at_once=16, base_ms=50, questions=100)
    pace.refused(20.0)
    assert (pace.limit, pace.rests_s) == (8, 20.0)
    pace.refused(5.0)
    assert (pace.limit, pace.rests_s) == (4, 20.0)
    clock.now += 20
    assert pace.rests_s == 0
    for _ in range(10):
        pace.refused(0)
    assert pace.limit == 1


def test_an_endpoint_that_never_answered_is_given_up_at_once() -> None:
    assert not Pace(16).lost()


def test_a_lost_endpoint_is_tried_by_one_question_at_a_time_after_longer_and_longer_pauses() -> None:
    clock = Clock()
    pace = Pace(16, pauses_s=(1.0, 4.0), clock=clock)
    serve(pace, at_once=16, base_ms=50, questions=100)
    assert all(pace.lost() for _ in range(LOST_IN_A_ROW + 3))  # all that were in flight are one loss
    assert (pace.is_open, pace.limit, pace.rests_s) == (True, 1, 1.0)
    clock.now += 1
    assert pace.lost()
    assert pace.rests_s == 4.0
    clock.now += 4
    assert not pace.lost()
    assert pace.has_given_up


def test_a_restarted_endpoint_goes_on_as_before() -> None:
    clock = Clock()
    pace = Pace(16, clock=clock)
    serve(pace, at_once=16, base_ms=50, questions=100)
    for _ in range(LOST_IN_A_ROW):
        pace.lost()
    clock.now += 1
    pace.answered(50)
    assert (pace.is_open, pace.limit) == (False, 16)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10):
            await scenario()

    asyncio.run(bounded())


def test_no_more_are_in_flight_than_the_limit_and_everybody_has_a_turn() -> None:
    async def scenario() -> None:
        pace, flying, most, done = Pace(4), 0, 0, 0

        async def ask() -> None:
            nonlocal flying, most, done
            async with pace.turn():
                flying += 1
                most = max(most, flying)
                await asyncio.sleep(0)
                flying -= 1
                pace.answered(1.0)
                done += 1

        await asyncio.gather(*(ask() for _ in range(100)))
        assert (most, done) == (4, 100)

    run(scenario)


def test_a_question_that_is_cancelled_gives_its_place_back() -> None:
    async def scenario() -> None:
        pace = Pace(1)

        async def ask() -> None:
            async with pace.turn():
                await asyncio.sleep(3600)

        first, second = asyncio.create_task(ask()), asyncio.create_task(ask())
        await asyncio.sleep(0)
        second.cancel()
        first.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        async with pace.turn():
            pass

    run(scenario)


def test_a_rest_ends_by_itself() -> None:
    async def scenario() -> None:
        pace = Pace(4)
        pace.refused(0.1)
        async with pace.turn():
            assert pace.rests_s == 0

    run(scenario)


def test_a_run_holds_back_while_a_person_waits_for_the_same_model(tmp_path: Path) -> None:
    async def scenario() -> None:
        pace, other = Pace(4, yields=Bystander(tmp_path, 7)), Pace(4, yields=Bystander(tmp_path, 8))
        order = []

        async def batch() -> None:
            async with pace.turn():
                order.append("batch")

        with go_first(tmp_path, 7):
            waiting = asyncio.create_task(batch())
            async with other.turn():
                await asyncio.sleep(0.2)
            order.append("person")
        await waiting
        assert order == ["person", "batch"]

    run(scenario)


def test_a_claim_of_a_process_that_died_holds_nobody_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with go_first(tmp_path, 7):
        assert Bystander(tmp_path, 7)()
        monkeypatch.setattr("inference.precedence.LONGEST_QUESTION_S", -1.0)
        assert not Bystander(tmp_path, 7)()
    assert not Bystander(tmp_path, 7)()
