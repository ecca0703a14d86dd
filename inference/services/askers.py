"""Who answers about many images: sockets, an agent, a network in this process, or several of these together."""

from __future__ import annotations

from contextlib import AbstractContextManager

from inference.services.agent_asker import AgentAsker
from inference.services.asker import Asker
from inference.services.beside import WORTH_A_PROCESS, AskerBeside, can_fork
from inference.services.ensemble_asker import EnsembleAsker
from inference.services.local import LocalAsker
from inference.services.planning import Plan
from inference.services.remote import RemoteAsker
from models_registry.models import ModelKind


def asker_of(plan: Plan, expected: int) -> AbstractContextManager[Asker]:
    """Return who answers for a plan's model; ``expected``: about how many images."""
    if plan.model.kind == ModelKind.ENSEMBLE:
        return EnsembleAsker(plan, expected, asker_of)
    if plan.is_local:
        return LocalAsker(plan)
    if plan.is_pulled:
        return AgentAsker(plan)
    remote = RemoteAsker(plan, expected)
    return AskerBeside(remote, remote.appetite) if expected >= WORTH_A_PROCESS and can_fork() else remote
