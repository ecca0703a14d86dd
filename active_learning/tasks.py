"""What the queue calls, by dotted path."""

from active_learning.services import arrivals, evidence, mended, plans


def consider_submission(revision_id: int) -> int:
    """Rank again if enough was labeled since; return the run, 0 for none."""
    run = plans.consider_submission(revision_id)
    return run.pk if run is not None else 0


def tend_plans() -> int:
    """Begin what is due by plan."""
    return plans.tend_plans()


def look_at_arrivals(campaign_id: int) -> None:
    """Queue a look at images that arrived in a campaign."""
    arrivals.embed_later(campaign_id)


def gather_answers(campaign_id: int, model_id: int) -> int:
    """Read what a model answered before anybody asks for its statistics; return how many images are measured."""
    return evidence.gather_answers(campaign_id, model_id)


def forget_mended(*revision_ids: int) -> int:
    """Take doubts off the review list that people put right in the labeling tool; return how many."""
    return mended.forget_mended(revision_ids)
