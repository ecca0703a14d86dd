"""What was found last, and whether by a backbone that another one has replaced since."""

from __future__ import annotations

from typing import Final

from campaigns.models import Campaign, Run, RunState

BACKBONE: Final = "backbone"


def last_look(campaign: Campaign, kind: str) -> Run | None:
    """Return the last run of a kind that looked at the images and found its end."""
    return Run.objects.filter(campaign=campaign, kind=kind, state=RunState.SUCCEEDED).order_by("-id").first()


def saw_otherwise(campaign: Campaign, run: int | None) -> bool:
    """Say whether another backbone has come since a run of the campaign began to look at its images; False of no run."""
    began = Run.objects.filter(pk=run or 0, campaign=campaign).values_list("started_at", flat=True).first()
    come = Run.objects.filter(campaign=campaign, kind=BACKBONE, state=RunState.SUCCEEDED)
    return began is not None and come.filter(finished_at__gt=began).exists()
