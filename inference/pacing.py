"""Ask an endpoint as fast as it answers, and no faster.

How many questions are in flight follows from the answers: while they come as quickly as ever, more are asked; when they begin
to queue at the other end, fewer (the delay-based rule of TCP Vegas, Brakmo & Peterson 1995). A server that says "too many"
halves the number and is left alone for as long as it asks. One that is gone after it had answered is tried again by one
question at a time, after longer and longer pauses, so that its restart costs no image. Nothing here knows sockets or Django.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

FIRST_LIMIT = 16
QUEUE_LOW, QUEUE_HIGH = 3.0, 6.0
"""So many questions may wait at the other end before fewer are asked: enough that it never idles."""
NOISE_MS = 20.0
"""Answers that are later than the quickest by less than this wait for us, not for the endpoint."""
PROBE_EVERY = 40
"""After so many windows a short one with few questions finds out how quick the endpoint is without a queue (as BBR does)."""
LOST_IN_A_ROW = 5
PAUSES_S = (1.0, 4.0, 15.0)
LONGEST_REST_S = 60.0
LOOK_EVERY_S = 0.05


class Pace:
    """Decides when the next question may be sent; all calls come from one event loop.

    ``most``: never more in flight than this. ``yields``: asked before each question; while it returns True, somebody else's
    question goes first. ``pauses_s``: how long a lost endpoint is left alone, each time; after the last it is given up.
    """

    def __init__(
        self,
        most: int,
        *,
        yields: Callable[[], bool] = lambda: False,
        pauses_s: Sequence[float] = PAUSES_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._yields = yields
        self._pauses_s = tuple(pauses_s)
        self._clock = clock
        self._limit = float(min(most, FIRST_LIMIT))
        self._doubling = True
        self._flying = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._window: list[float] = []
        self._quickest_ms: deque[float] = deque(maxlen=PROBE_EVERY + 1)
        self._probed = 0
        self._limit_before_probe = 0.0
        self._rests_until = 0.0
        self._lost_in_a_row = 0
        self._opened = 0
        self._has_answered = False

    @property
    def limit(self) -> int:
        """How many questions may be in flight now."""
        return 1 if self.is_open else int(self._limit)

    @property
    def is_open(self) -> bool:
        """Whether the endpoint is held to be gone: one question at a time finds out whether it is back."""
        return self._opened > 0

    @property
    def has_given_up(self) -> bool:
        """Whether the endpoint is no longer waited for."""
        return self._opened > len(self._pauses_s)

    @property
    def rests_s(self) -> float:
        """How long nothing will be asked, 0 when questions may be sent."""
        return max(0.0, self._rests_until - self._clock())

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until a question may be sent, and hold its place until it is answered."""
        await self._place()
        try:
            yield
        finally:
            self._flying -= 1
            self._grant()

    async def _place(self) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._grant()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # granted in the moment of the cancellation
                self._flying -= 1
                self._grant()
            raise

    def _grant(self) -> None:
        """Let as many go as may, in the order in which they came; look again when only time opens the way."""
        while self._waiting and self._may_go():
            place = self._waiting.popleft()
            if not place.done():
                self._flying += 1
                place.set_result(None)
        if self._waiting and self._flying < self.limit and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(max(LOOK_EVERY_S, self.rests_s), self._look_again)

    def _look_again(self) -> None:
        self._timer = None
        self._grant()

    def _may_go(self) -> bool:
        if self.has_given_up:
            return True  # it fails at once, and tells why
        return self._flying < self.limit and not self.rests_s and not self._yields()

    def answered(self, latency_ms: float) -> None:
        """Count an answer; whether it pleased does not matter here."""
        self._has_answered = True
        self._lost_in_a_row = self._opened = 0
        self._window.append(latency_ms)
        if len(self._window) >= self._limit + self._limit_before_probe:
            self._end_window()

    def refused(self, pause_s: float) -> None:
        """Count an answer of "too many" or "not now"; everybody waits for as long as the server asks."""
        self._limit = max(1.0, (self._limit_before_probe or self._limit) / 2)
        self._doubling = False
        self._limit_before_probe = 0.0
        self._window.clear()
        self._rests_until = max(self._rests_until, self._clock() + min(pause_s, LONGEST_REST_S))

    def lost(self) -> bool:
        """Count a question that got no connection; return whether it is worth asking again later.

        An endpoint that never answered is given up at once: its address is wrong, and waiting would not mend it.
        """
        if not self._has_answered:
            return False
        self._lost_in_a_row += 1
        if self.is_open or self._lost_in_a_row >= LOST_IN_A_ROW:
            self._open()
        return not self.has_given_up

    def _open(self) -> None:
        if self.is_open and self.rests_s:
            return  # those that were in flight when it went; one loss, not many
        self._opened += 1
        if not self.has_given_up:
            self._rests_until = self._clock() + self._pauses_s[self._opened - 1]

    def _end_window(self) -> None:
        window = sorted(self._window)
        self._window.clear()
        if self._limit_before_probe:  # its first answers are to questions from before
            self._quickest_ms.append(window[0])
            self._limit, self._limit_before_probe = self._limit_before_probe, 0.0
            return
        self._adapt(window[len(window) // 2])
        self._probed = (self._probed + 1) % PROBE_EVERY
        if self._probed == 0 and min(self._quickest_ms) > NOISE_MS:
            self._limit_before_probe, self._limit = self._limit, max(1.0, self._limit // 4)

    def _adapt(self, latency_ms: float) -> None:
        """Take a window's median latency (ms) and set the limit for the next."""
        self._quickest_ms.append(latency_ms)
        late_ms = latency_ms - min(self._quickest_ms)
        queued = 0.0 if late_ms < NOISE_MS else self._limit * late_ms / latency_ms
        if queued > QUEUE_HIGH:
            served = self._limit - queued  # what the endpoint computes at once
            self._limit = max(1.0, (self._limit + served + QUEUE_LOW) / 2)
            self._doubling = False
        elif queued < QUEUE_LOW:
            self._limit = min(float(self._most), self._limit * 2 if self._doubling else self._limit + 1)
