"""The runs that rounds make by themselves, and who tells them when."""

from campaigns.announcing import Listener, register_listener
from campaigns.runs import RunKind, register_kind
from campaigns.schedules import Chore, register_chore


def register() -> None:
    """Make them known; the application does so when it is ready."""
    # Beside the trainings and not among them: a ranking of seconds must not wait for a training of hours.
    register_kind(RunKind(name="rerank", execute="active_learning.services.reranking.execute_reranking", resumable=True))
    wants, task = "active_learning.services.plans.wants_submissions", "active_learning.tasks.consider_submission"
    register_listener(Listener("rerank", wants, task))
    register_chore(Chore("tend round plans", "active_learning.tasks.tend_plans", 1))
    register_kind(
        RunKind(name="simulation", execute="active_learning.services.simulations.execute_simulation", cluster="training", resumable=True)
    )
