"""Ask whether models are up, on a schedule and on demand, and tell how their last calls went."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from typing import Final

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Max, Q
from django.utils import timezone

from campaigns.errors import DomainError
from campaigns.models import User
from inference.calling import Endpoint
from inference.endpoints import egress_policy, endpoint_of
from inference.protocols.agent import AGENT
from inference.services.agents import agents_of
from inference.services.ensembles import load_ensemble
from inference.wire import WireRequest, with_secret
from models_registry.addresses import EgressError, same_server
from models_registry.checkpoints import checkpoint_path
from models_registry.egress import BadStatus, EgressClient, EgressPolicy, Limits, Outgoing, Redirected, ReplyTooLarge
from models_registry.models import Checkpoint, HealthCheck, ModelKind, RegisteredModel
from models_registry.permissions import require_use
from models_registry.services import promptable_files
from models_registry.services.auditing import UNKNOWN_CALLER, Caller, record
from models_registry.services.calls import CallFigures, call_figures

PATIENCE: Final = Limits(total_s=10.0, connect_s=5.0, read_s=10.0, cap_bytes=2**20)
AT_ONCE: Final = 16
KEPT_CHECKS: Final = 300
SHOWN_CHECKS: Final = 48
NO_SUCH_PAGE: Final = frozenset({404, 405, 501})


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of looking."""

    is_up: bool
    code: str = ""
    detail: str = ""
    latency_ms: float | None = None


@dataclass(frozen=True)
class ModelHealth:
    """How a model is: its newest check, those before it (newest first), and its last calls."""

    model_id: int
    checks: tuple[HealthCheck, ...]
    calls: CallFigures

    @property
    def state(self) -> str:
        """Up, down, or unknown when nobody has looked."""
        return "unknown" if not self.checks else "up" if self.checks[0].is_up else "down"


def check_model(*, user: User, model: RegisteredModel, caller: Caller = UNKNOWN_CALLER) -> ModelHealth:
    """Look now whether a model is up; raises NotAllowed for who may not use it."""
    require_use(user, model)
    finding = _look_at_all([model])[model.pk]
    record(user, "model.checked", caller=caller, model=model, details={"up": finding.is_up})
    _keep({model.pk: finding}, scheduled=False)
    return health_of([model.pk])[model.pk]


def check_attached_models() -> int:
    """Look whether the models that campaigns use are up, those whose turn it is; return how many were looked at."""
    since = timezone.now() - timedelta(minutes=settings.MODEL_CHECK_MINUTES) + timedelta(seconds=30)
    used = RegisteredModel.objects.filter(campaign_models__isnull=False).distinct()
    due = list(used.annotate(looked=Max("checks__created_at")).filter(Q(looked=None) | Q(looked__lte=since)))
    if due:
        _keep(_look_at_all(due), scheduled=True)
    return len(due)


def health_of(model_ids: Iterable[int], *, checks: int = SHOWN_CHECKS) -> dict[int, ModelHealth]:
    """Return the health of models; two queries for all of them."""
    ids = list(model_ids)
    found: dict[int, list[HealthCheck]] = defaultdict(list)
    for check in HealthCheck.objects.filter(model__in=ids).order_by("-id"):
        if len(found[check.model_id]) < checks:
            found[check.model_id].append(check)
    calls = call_figures(ids)
    return {pk: ModelHealth(pk, tuple(found[pk]), calls.get(pk, CallFigures())) for pk in ids}


def _look_at_all(models: Sequence[RegisteredModel]) -> dict[int, Finding]:
    """Look at all of them, many at once. What needs the database is read before the first socket opens."""
    findings: dict[int, Finding] = {}
    remote: dict[int, Endpoint] = {}
    for model in models:
        try:
            if model.protocol == AGENT:
                findings[model.pk] = _look_for_agents(model)
            elif model.kind == ModelKind.EXTERNAL:
                remote[model.pk] = endpoint_of(model)
            else:
                findings[model.pk] = _look_at_files(model)
        except DomainError as error:
            findings[model.pk] = Finding(False, error.code, error.detail)
    return findings | asyncio.run(_looked_at(egress_policy(), remote))


async def _looked_at(policy: EgressPolicy, endpoints: Mapping[int, Endpoint]) -> dict[int, Finding]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(endpoint: Endpoint) -> Finding:
        async with gate:
            return await _look(policy, endpoint)

    found = await asyncio.gather(*map(look, endpoints.values()))
    return dict(zip(endpoints, found, strict=True))


async def _look(policy: EgressPolicy, endpoint: Endpoint) -> Finding:
    """Ask for health where the protocol has a question for it, else whether HTTP answers at all."""
    own = endpoint.protocol.health(endpoint.card)
    plain = WireRequest(endpoint.card.url, {}, b"", "GET")
    begun = perf_counter()
    async with EgressClient(policy, PATIENCE, connections=1) as client:
        finding = None if own is None else await _asked(client, endpoint, own, begun)
        if finding is None:
            finding = await _reached(client, endpoint, plain, begun)
    return finding


async def _asked(client: EgressClient, endpoint: Endpoint, request: WireRequest, begun: float) -> Finding | None:
    """Return what the health page says; None when there is no such page."""
    try:
        await client.fetch(_outgoing(endpoint, request))
    except BadStatus as error:
        return None if error.status in NO_SUCH_PAGE else Finding(False, error.code, error.detail, _since(begun))
    except EgressError as error:
        return Finding(False, error.code, error.detail)
    return Finding(True, latency_ms=_since(begun), detail="Its health page says that it is up.")


async def _reached(client: EgressClient, endpoint: Endpoint, request: WireRequest, begun: float) -> Finding:
    """Any answer of HTTP but a failure of the server shows that something is there."""
    try:
        await client.fetch(_outgoing(endpoint, request))
    except BadStatus as error:
        if error.status >= 500 and error.status not in NO_SUCH_PAGE:
            return Finding(False, error.code, error.detail, _since(begun))
        if error.status in (401, 403):
            return Finding(False, error.code, error.detail, _since(begun))
        return Finding(
            True, detail=f"It answers HTTP (status {error.status}). Whether it predicts, a test tells.", latency_ms=_since(begun)
        )
    except (Redirected, ReplyTooLarge):
        return Finding(True, detail="It answers HTTP. Whether it predicts, a test tells.", latency_ms=_since(begun))
    except EgressError as error:
        return Finding(False, error.code, error.detail)
    return Finding(True, detail="It answers HTTP.", latency_ms=_since(begun))


def _outgoing(endpoint: Endpoint, request: WireRequest) -> Outgoing:
    if not same_server(endpoint.card.url, request.url):
        return Outgoing(request.url, request.headers, request.body, request.method)
    sent = with_secret(request, endpoint.protocol.secret_place(endpoint.card), endpoint.secret)
    return Outgoing(sent.url, {**sent.headers, **endpoint.headers}, sent.body, sent.method)


def _since(begun: float) -> float:
    return (perf_counter() - begun) * 1000.0


def _look_for_agents(model: RegisteredModel) -> Finding:
    agents = agents_of(model.pk)
    if not agents:
        return Finding(False, "no_agent", "No agent is connected for this model. Start winnow-agent beside it.")
    more = f" and {len(agents) - 1} more" if len(agents) > 1 else ""
    return Finding(True, detail=f"The agent {agents[0].name}{more} asks for work.")


def _look_at_files(model: RegisteredModel) -> Finding:
    if model.kind == ModelKind.ENSEMBLE:
        return Finding(True, detail=f"Its {len(load_ensemble(model).members)} members are attached.")
    if model.kind == ModelKind.PROMPTABLE:
        promptable_files(model)
        return Finding(True, detail="Its files are on this machine.")
    there = [each for each in Checkpoint.objects.filter(model=model) if checkpoint_path(each).is_file()]
    if not there:
        return Finding(False, "model_missing", f"The checkpoint of {model.name} is not on this machine.")
    return Finding(True, detail="Its checkpoint is on this machine.")


def _keep(findings: dict[int, Finding], *, scheduled: bool) -> None:
    for pk, finding in findings.items():
        try:
            HealthCheck.objects.create(
                model_id=pk, is_up=finding.is_up, code=finding.code[:30], detail=finding.detail[:500], latency_ms=finding.latency_ms,
                scheduled=scheduled,
            )  # fmt: skip
        except IntegrityError:  # the model was removed meanwhile
            continue
        for oldest in HealthCheck.objects.filter(model=pk).values_list("pk", flat=True)[KEPT_CHECKS : KEPT_CHECKS + 1]:
            HealthCheck.objects.filter(model=pk, pk__lte=oldest).delete()
