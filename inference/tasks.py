"""What the queue calls, by dotted path."""

from inference.services.agents import sweep_questions
from inference.services.health import check_attached_models
from inference.services.later import remove_pictures
from inference.services.webhooks import tell_backends


def check_models() -> int:
    """Look whether the models that campaigns use are up."""
    return check_attached_models()


def sweep_agents() -> int:
    """Remove questions that nobody waits for any more."""
    return sweep_questions()


def tell_of_submit(revision_id: int) -> int:
    """Tell models that listen what a person has handed in."""
    return tell_backends(revision_id)


def remove_waiting_pictures() -> int:
    """Remove pictures that no run waits for any more: those of runs that were cancelled before they began."""
    return remove_pictures()
