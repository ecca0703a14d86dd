"""What the queue calls, by dotted path."""

from inference.services.health import check_attached_models


def check_models() -> int:
    """Look whether the models that campaigns use are up."""
    return check_attached_models()
