"""What the queue calls, by dotted path."""

from inference.services.agents import sweep_questions
from inference.services.delivering import deliver_due
from inference.services.health import check_attached_models
from inference.services.later import remove_pictures
from inference.services.webhooks import tell_in_turns


def check_models() -> int:
    """Look whether the models that campaigns use are up."""
    return check_attached_models()


def sweep_agents() -> int:
    """Remove questions that nobody waits for any more."""
    return sweep_questions()


def tell_of_submit(*revision_ids: int) -> int:
    """Tell models that listen what people have handed in."""
    return tell_in_turns(revision_ids)


def deliver_webhooks() -> int:
    """Call again the webhooks of predictions that could not be reached."""
    return deliver_due()


def remove_waiting_pictures() -> int:
    """Remove pictures that no run waits for any more: those of runs that were cancelled before they began."""
    return remove_pictures()
