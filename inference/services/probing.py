"""Find out which protocol answers at an address, and what it offers: the first minute with a model."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Final

from campaigns.errors import InvalidInput
from campaigns.models import User
from inference.calling import CallFailed, Endpoint, ask, ask_marked, greet, limits_of
from inference.decode.nodes import A_PAGE
from inference.endpoints import egress_policy
from inference.protocols import PROTOCOLS
from inference.protocols.base import INTERACTIVE, Protocol
from inference.recognising import (
    WORTH_SAMPLING_BELOW,
    Candidate,
    Key,
    all_inquiries,
    completed,
    distinct,
    from_answer,
    from_click,
    key_of,
    ranked,
    recognised,
    tasks_to_try,
    variants,
)
from inference.samples import drawn_sample, island_of
from inference.schema import PredictionRejected
from inference.wire import ModelCard, WireReply, WireRequest
from models_registry.addresses import EgressError, EgressRefused, same_server
from models_registry.credentials import check_header, check_secret, headers_for
from models_registry.egress import EgressClient, EgressPolicy, Limits, Outgoing
from models_registry.options import ModelOptions, OptionsRejected
from models_registry.permissions import require_registrar
from models_registry.services.auditing import UNKNOWN_CALLER, Caller, record

INQUIRY: Final = Limits(total_s=4.0, connect_s=3.0, read_s=4.0, cap_bytes=2**20)
SAMPLING: Final = ModelOptions(timeout_s=12.0, connect_timeout_s=3.0, retries=0, max_reply_mib=8)
WITHIN_S: Final = 25.0
AT_ONCE: Final = 8
NEEDS_OPTIONS: Final = "needs_options"
NO_TASK: Final = "no_task"
A_PAGE_ANSWERS: Final = (
    "A page of HTML or XML answers at this address, no model. Check the path; where the server wants people to sign in, give a secret."
)
NO_ANSWER: Final = frozenset({"unreachable", "refused_address", "timeout"})


@dataclass(frozen=True)
class Attempt:
    """A protocol that did not understand the address, or was not understood: where, and why."""

    protocol: str
    title: str
    code: str
    where: str
    why: str


@dataclass(frozen=True)
class ProbeReport:
    """What was found. ``failure``: (code, sentence) when nothing was; ``attempts``: what came of each protocol's picture."""

    url: str
    candidates: tuple[Candidate, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    failure: tuple[str, str] | None = None


@dataclass
class _Probe:
    """One probe under way."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    secret: str = field(repr=False)
    task: str
    policy: EgressPolicy
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    errors: list[EgressError] = field(default_factory=list)


def probe_address(
    *, user: User, url: str, secret: str = "", auth_header: str = "Authorization", task: str = "", caller: Caller = UNKNOWN_CALLER
) -> ProbeReport:
    """Ask an address what it is, and try a drawn picture where it does not say; nothing is stored but the audit entry.

    ``task``: what the answer is wanted for; empty tries all. Raises NotAllowed, and InvalidInput for an address that
    the policy forbids at sight.
    """
    require_registrar(user)
    url = url.strip()
    policy = egress_policy()
    try:
        policy.check_url(url)
    except EgressRefused as error:
        place = [{"field": "url", "detail": error.detail, "reason": error.reason}]
        raise InvalidInput(error.detail, code=error.code, errors=place) from error
    secret = check_secret(secret)
    headers = headers_for(check_header(auth_header), secret)
    record(user, "address.probed", caller=caller, url=url, details={"secret": bool(secret)})
    return asyncio.run(_probed(_Probe(url, headers, secret, task, policy)))


async def _probed(probe: _Probe) -> ProbeReport:
    try:
        async with asyncio.timeout(WITHIN_S):
            return await _find(probe)
    except TimeoutError:
        return ProbeReport(probe.url, failure=("timeout", f"The address gave no clear answer within {WITHIN_S:g} seconds."))


async def _find(probe: _Probe) -> ProbeReport:
    asked = all_inquiries(PROTOCOLS.values(), probe.url)
    replies = await _replies(probe, distinct(asked).values())
    told = recognised(PROTOCOLS, probe.url, asked, replies)
    if told and told[0].confidence >= WORTH_SAMPLING_BELOW:
        surest = await _completed(probe, told[0])
        if surest.task or len(variants(PROTOCOLS[surest.protocol])) == 1:
            return ProbeReport(probe.url, tuple(ranked([surest, *told[1:]])))
        # The server is known, but does not take this way of asking: its picture may be answered in another one.
        told = [replace(surest, confidence=WORTH_SAMPLING_BELOW), *told[1:]]
    dead = _dead(probe, replies)
    if dead is not None:
        return ProbeReport(probe.url, failure=dead)
    sampled, attempts = await _sampled(probe)
    if not told and not sampled:
        sampled = await _clicked(probe)
    found = tuple(ranked([*told, *sampled]))
    return ProbeReport(probe.url, found, tuple(attempts), None if found else _complaint(attempts))


def _dead(probe: _Probe, replies: Mapping[Key, WireReply]) -> tuple[str, str] | None:
    """Return why there is no point in sending a picture: nothing at the address took any connection."""
    silent = probe.errors and not replies and all(error.code in NO_ANSWER for error in probe.errors)
    if not silent:
        return None
    worst = next((error for error in probe.errors if error.code == "refused_address"), probe.errors[0])
    return worst.code, worst.detail


async def _replies(probe: _Probe, requests: Iterable[WireRequest]) -> dict[Key, WireReply]:
    found: dict[Key, WireReply] = {}
    async with EgressClient(probe.policy, INQUIRY, connections=AT_ONCE) as client:

        async def inquire(request: WireRequest) -> None:
            headers = {**request.headers, **probe.headers} if same_server(probe.url, request.url) else request.headers
            async with probe.gate:
                try:
                    got = await client.fetch(Outgoing(request.url, headers, request.body, request.method))
                except EgressError as error:
                    probe.errors.append(error)
                    return
            found[key_of(request)] = WireReply(got.body, got.content_type, got.status)

        await asyncio.gather(*(inquire(each) for each in requests))
    return found


async def _sampled(probe: _Probe) -> tuple[list[Candidate], list[Attempt]]:
    """Send the drawn picture in every protocol that takes pictures, at once."""
    taking = [(each, extra) for each in PROTOCOLS.values() if each.image_form != "address" for extra in variants(each)]
    async with EgressClient(probe.policy, limits_of(SAMPLING), connections=AT_ONCE) as client:
        outcomes = await asyncio.gather(*(_try(probe, client, protocol, extra, probe.url) for protocol, extra in taking))
    candidates = [each for each in outcomes if isinstance(each, Candidate)]
    return candidates, _distinct([each for each in outcomes if isinstance(each, Attempt)])


async def _clicked(probe: _Probe) -> list[Candidate]:
    """Point at the island of the drawn picture in every protocol whose servers may answer clicks and nothing else."""
    extra = {INTERACTIVE.name: True}
    card = ModelCard(probe.url, "segmentation", options=replace(SAMPLING, extra=extra))
    alone = [each for each in PROTOCOLS.values() if each.interactive and each.answers_clicks_alone(card)]
    found = []
    async with EgressClient(probe.policy, limits_of(SAMPLING), connections=1) as client:
        for protocol in alone:
            sample = drawn_sample(protocol.prompt_form_of(card))
            begun = perf_counter()
            try:
                answer = await ask_marked(client, _endpoint(probe, protocol, card), sample, island_of(sample))
            except (CallFailed, PredictionRejected):
                continue
            if answer.prediction.items:
                found.append(from_click(protocol, card, latency_ms=(perf_counter() - begun) * 1000))
    return found


async def _completed(probe: _Probe, told: Candidate) -> Candidate:
    """Ask about the picture where a server said what it speaks, and not what it answers."""
    protocol = PROTOCOLS[told.protocol]
    if (told.task and told.classes) or protocol.image_form == "address":
        return told
    async with EgressClient(probe.policy, limits_of(SAMPLING), connections=1) as client:
        sampled = await _try(probe, client, protocol, dict(told.options.get("extra", {})), told.url, task=told.task)
    return completed(told, sampled) if isinstance(sampled, Candidate) else told


async def _try(
    probe: _Probe, client: EgressClient, protocol: Protocol, extra: Mapping[str, Any], url: str, *, task: str = ""
) -> Candidate | Attempt:
    """Ask about the picture, task by task, until an answer says something."""
    best: Candidate | None = None
    failed: Attempt | None = None
    names_task = False
    for each in tasks_to_try(protocol, task or probe.task):
        card = ModelCard(url, each, options=replace(SAMPLING, extra=extra))
        begun = perf_counter()
        try:
            protocol.check_options(card.options, each)
            async with probe.gate:
                endpoint = await greet(client, _endpoint(probe, protocol, card))
            sample = drawn_sample(endpoint.image_form)
            names_task = each.encode() in protocol.build_request(sample, endpoint.card).body
            async with probe.gate:
                answer = await ask(client, endpoint, sample)
        except OptionsRejected as error:
            failed = failed or Attempt(protocol.name, protocol.title, NEEDS_OPTIONS, error.field, error.why)
        except PredictionRejected as error:  # it cannot ask before it knows more of the model
            failed = failed or Attempt(protocol.name, protocol.title, "rejected", error.where, str(error))
        except CallFailed as error:
            failed = failed or _attempt(protocol, error)
            if error.code in NO_ANSWER or (error.code != "rejected" and not names_task):  # no other question would be understood
                break
        else:
            found = from_answer(protocol, card, answer.prediction, latency_ms=(perf_counter() - begun) * 1000)
            best = found if best is None or found.confidence > best.confidence else best
            if answer.prediction.items:
                break
    return best or failed or Attempt(protocol.name, protocol.title, NO_TASK, "", "It does not speak of this task.")


def _endpoint(probe: _Probe, protocol: Protocol, card: ModelCard) -> Endpoint:
    in_header = protocol.secret_place(card).kind == "header"
    return Endpoint(protocol, card, probe.headers if in_header else {}, "" if in_header else probe.secret)


def _attempt(protocol: Protocol, error: CallFailed) -> Attempt:
    return Attempt(protocol.name, protocol.title, error.code, error.where, error.reason.removeprefix(f"{error.where}: "))


def _distinct(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Leave out what was met before in the same protocol, and settings that would be missing where another way of asking was tried."""
    asked = {each.protocol for each in attempts if each.code != NEEDS_OPTIONS}
    return list(dict.fromkeys(each for each in attempts if each.code != NEEDS_OPTIONS or each.protocol not in asked))


def _complaint(attempts: Sequence[Attempt]) -> tuple[str, str]:
    """Say in one sentence why nothing fits: what most protocols met."""
    met = Counter((each.code, each.why) for each in attempts if each.code not in (NEEDS_OPTIONS, NO_TASK))
    (code, why), count = met.most_common(1)[0] if met else (("", ""), 0)
    if 2 * count > met.total() and (code != "rejected" or why == A_PAGE):
        return (code, why) if code != "rejected" else ("web_page", A_PAGE_ANSWERS)
    unlocked = next((each for each in attempts if "secret" in each.why), None)
    if unlocked is not None:
        return unlocked.code, unlocked.why
    return "unrecognised", (
        "Something answers at this address, but in none of the known protocols. Check the path, or choose the protocol yourself"
        " and test the connection."
    )
