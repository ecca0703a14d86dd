"""What the queue calls, by dotted path."""

from active_learning.services import plans


def consider_submission(revision_id: int) -> int:
    """Rank again if enough was labeled since; return the run, 0 for none."""
    run = plans.consider_submission(revision_id)
    return run.pk if run is not None else 0


def tend_plans() -> int:
    """Begin what is due by plan."""
    return plans.tend_plans()
