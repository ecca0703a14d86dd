"""Ask one model about one image: the question out, the answer in, again where another try may help."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from inference.protocols.base import ImageForm, Prompts, Protocol
from inference.schema import Prediction, PredictionRejected
from inference.steps import run_thing_steps
from inference.wire import ModelCard, ModelInput, WireReply, WireRequest, with_secret
from models_registry.addresses import same_server
from models_registry.egress import BadStatus, EgressClient, EgressError, Limits, Outgoing, Received, Unreachable
from models_registry.options import ModelOptions

RETRIED_STATUSES = frozenset({429, 502, 503, 504})
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
LARGE_REPLY_BYTES = 256 * 1024
SHORTEST_SECRET = 6
BLOTTED = b"[secret]"


class CallFailed(Exception):
    """No prediction came of a question.

    ``code``: unreachable, timeout, refused_address, redirected, http_4xx, http_5xx, too_large, unsendable, rejected.
    ``where``: the place in the answer when it was rejected. ``sample``: raw bytes for the model's owner alone. ``silent``: the server
    said nothing of the image through all tries: no connection, no answer in time, or "not now" every time.
    """

    def __init__(self, code: str, reason: str, *, where: str = "", sample: bytes = b"", silent: bool = False) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.where = where
        self.sample = sample
        self.silent = silent


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model that can be asked: how to speak to it, and its credentials.

    ``headers`` carry the secret, or ``secret`` is it, for a protocol that has another place for it. ``model_id``: of the registered
    model, 0 for what is asked without being registered.
    """

    protocol: Protocol
    card: ModelCard
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret: str = field(default="", repr=False)
    model_id: int = 0

    @property
    def image_form(self) -> ImageForm:
        """What the model is sent of an image."""
        return self.protocol.form_of(self.card)

    @property
    def prompt_form(self) -> ImageForm:
        """What the model is sent of an image together with prompts."""
        return self.protocol.prompt_form_of(self.card)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question. ``latency_ms``: of the last try, from the first byte sent to the last one read."""

    prediction: Prediction
    latency_ms: float
    tries: int
    reply: WireReply = field(repr=False)


def limits_of(options: ModelOptions) -> Limits:
    """Return the limits that a model's options set."""
    return Limits(
        total_s=options.timeout_s,
        connect_s=min(options.connect_timeout_s, options.timeout_s),
        read_s=options.timeout_s,
        cap_bytes=options.max_reply_mib * 2**20,
    )


@dataclass(frozen=True, slots=True)
class Replied:
    """A reply, not yet read."""

    reply: WireReply = field(repr=False)
    latency_ms: float
    tries: int


Refused = Callable[[float], None]
"""Told of an answer of "too many" or "not now", with the pause (s) before the next try."""


async def greet(client: EgressClient, endpoint: Endpoint, *, dice: random.Random | None = None) -> Endpoint:
    """Send what the protocol sends before the first question; return the endpoint with what came of it."""
    request = endpoint.protocol.greeting(endpoint.card)
    if request is None:
        return endpoint
    replied = await _send(client, endpoint, request, dice or random.Random())
    try:
        return replace(endpoint, card=endpoint.protocol.greeted(replied.reply, endpoint.card))
    except PredictionRejected as error:
        raise CallFailed("rejected", str(error), where=error.where, sample=replied.reply.body) from error


async def ask(client: EgressClient, endpoint: Endpoint, image: ModelInput, *, dice: random.Random | None = None) -> Answer:
    """Ask about one image; raise ``CallFailed`` when no sound prediction comes of it.

    ``dice`` spreads the pauses between tries, so that many workers do not come back at once.
    """
    return await read_answer(endpoint, await send_question(client, endpoint, image, dice=dice), image)


async def ask_marked(
    client: EgressClient, endpoint: Endpoint, image: ModelInput, prompts: Prompts, *, dice: random.Random | None = None
) -> Answer:
    """Ask for the one thing that ``prompts`` mark; raise ``CallFailed`` when no sound prediction comes of it."""
    request = endpoint.protocol.build_prompt_request(image, endpoint.card, prompts)
    replied = await _send(client, endpoint, request, dice or random.Random())
    try:
        found = endpoint.protocol.parse_prompted(replied.reply, image, endpoint.card)
        prediction = run_thing_steps(found, endpoint.card.options)
    except PredictionRejected as error:
        raise CallFailed("rejected", str(error), where=error.where, sample=replied.reply.body) from error
    return Answer(prediction, replied.latency_ms, replied.tries, replied.reply)


async def tell(client: EgressClient, endpoint: Endpoint, request: WireRequest) -> None:
    """Send what asks for no answer; raise ``CallFailed`` when it was not taken."""
    await _send(client, endpoint, request, random.Random())


async def send_question(
    client: EgressClient, endpoint: Endpoint, image: ModelInput, *, dice: random.Random | None = None, refused: Refused | None = None
) -> Replied:
    """Ask about one image, and return the reply as it came; for who wants the connection back before reading it."""
    request = await _build(endpoint, image)
    return await _send(client, endpoint, request, dice or random.Random(), refused)


async def _build(endpoint: Endpoint, image: ModelInput) -> WireRequest:
    """Build the request, in another thread where that takes arithmetic: the other questions in flight go on."""
    try:
        if endpoint.protocol.computes:
            return await asyncio.to_thread(endpoint.protocol.build_request, image, endpoint.card)
        return endpoint.protocol.build_request(image, endpoint.card)
    except PredictionRejected as error:  # the image and the model's settings do not go together
        raise CallFailed("unsendable", str(error), where=error.where) from error


async def read_answer(endpoint: Endpoint, replied: Replied, image: ModelInput) -> Answer:
    """Return what a reply says; raise ``CallFailed`` when it is no sound prediction."""
    try:
        prediction = await _parse(endpoint, replied.reply, image)
    except PredictionRejected as error:
        raise CallFailed("rejected", str(error), where=error.where, sample=replied.reply.body) from error
    return Answer(prediction, replied.latency_ms, replied.tries, replied.reply)


async def _parse(endpoint: Endpoint, reply: WireReply, image: ModelInput) -> Prediction:
    """Parse aside when it may take long, so that the other questions in flight are not held up."""
    if len(reply.body) < LARGE_REPLY_BYTES:
        return _read(endpoint, reply, image)
    return await asyncio.to_thread(_read, endpoint, reply, image)


def _read(endpoint: Endpoint, reply: WireReply, image: ModelInput) -> Prediction:
    """Parse a reply and take the steps on things; of a window these wait until all of its image are joined."""
    prediction = endpoint.protocol.parse(reply, image, endpoint.card)
    return prediction if image.window else run_thing_steps(prediction, endpoint.card.options)


async def _send(
    client: EgressClient, endpoint: Endpoint, request: WireRequest, dice: random.Random, refused: Refused | None = None
) -> Replied:
    # One key for all tries: a server that keeps keys answers the second try from the first one's work.
    safe = same_server(endpoint.card.url, request.url)  # whatever a protocol makes of its options, the secret goes nowhere else
    headers = {**request.headers, "Idempotency-Key": uuid.uuid4().hex, **(endpoint.headers if safe else {})}
    sent = with_secret(request, endpoint.protocol.secret_place(endpoint.card), endpoint.secret if safe else "")
    outgoing = Outgoing(sent.url, headers, sent.body, sent.method)
    most = 1 + endpoint.card.options.retries
    for number in range(1, most + 1):
        begun = time.perf_counter()
        try:
            received = await client.fetch(outgoing)
        except EgressError as error:
            if number == most or not _may_pass(error):
                raise _failed(error, endpoint) from error
            pause_s = _pause_s(error, endpoint.protocol, number, dice)
            if refused is not None and isinstance(error, BadStatus):
                refused(pause_s)
            await asyncio.sleep(pause_s)
        else:
            return Replied(_reply(received, endpoint), (time.perf_counter() - begun) * 1000.0, number)
    raise AssertionError("unreachable: the last try returns or raises")


def _may_pass(error: EgressError) -> bool:
    return isinstance(error, Unreachable) or (isinstance(error, BadStatus) and error.status in RETRIED_STATUSES)


def _pause_s(error: EgressError, protocol: Protocol, number: int, dice: random.Random) -> float:
    """Return how long to wait: what the server asks for, else twice as long each time, spread by half."""
    asked = None
    if isinstance(error, BadStatus):
        asked = error.retry_after_s if error.retry_after_s is not None else protocol.pause_s(error.status, error.sample)
    pause = FIRST_PAUSE_S * 2 ** (number - 1) if asked is None else asked
    return min(LONGEST_PAUSE_S, pause) * dice.uniform(1.0, 1.5)


def _failed(error: EgressError, endpoint: Endpoint) -> CallFailed:
    sample = _blotted(error.sample, endpoint) if isinstance(error, BadStatus) else b""
    return CallFailed(error.code, error.detail, sample=sample, silent=_may_pass(error) or error.code == "timeout")


def _reply(received: Received, endpoint: Endpoint) -> WireReply:
    return WireReply(_blotted(received.body, endpoint), received.content_type, received.status, received.headers)


def _blotted(body: bytes, endpoint: Endpoint) -> bytes:
    """Blot out the model's secret: servers that repeat what they were sent would show it to all who read their answers."""
    secrets = [value.rpartition(" ")[2] for value in endpoint.headers.values()]  # without "Bearer"
    for secret in (*secrets, endpoint.secret, quote(endpoint.secret, safe="")):
        if len(secret) >= SHORTEST_SECRET:  # a shorter one could stand in any answer by chance
            body = body.replace(secret.encode(), BLOTTED)
    return body
