"""Which images of a training hang together, so that no model is measured on what it has all but seen."""

from __future__ import annotations

from collections.abc import Sequence

from active_learning.services.similarity import KIND as LIKENESS
from active_learning.training.config import TrainingConfig
from campaigns.errors import InvalidInput
from campaigns.models import Campaign, Image, Run, RunState


def last_look(campaign: Campaign) -> Run | None:
    """Return the last run that looked for near duplicates and found its end."""
    return Run.objects.filter(campaign=campaign, kind=LIKENESS, state=RunState.SUCCEEDED).order_by("-id").first()


def look_for(campaign: Campaign, config: TrainingConfig) -> int | None:
    """Return the run whose near duplicates a training keeps together; None where it keeps others or none.

    Raises InvalidInput where nobody has looked for them yet.
    """
    if config.groups != "duplicates":
        return None
    look = last_look(campaign)
    if look is None:
        detail = "Nobody has looked for near duplicates yet. Find them on the tab Explore first, or keep folders together."
        raise InvalidInput(f"groups: {detail}", code="invalid_training", errors=[{"field": "groups", "detail": detail}])
    return look.pk


def groups_of(campaign: Campaign, config: TrainingConfig, images: Sequence[Image]) -> list[int]:
    """Return a number for each image, the same for those that hang together; nothing where a training keeps none together."""
    if config.groups == "folders":
        names = [image.name.rpartition("/")[0] for image in images]
        numbers = {name: n for n, name in enumerate(dict.fromkeys(names))}
        return [numbers[name] for name in names]
    if config.groups == "duplicates":
        look = Run.objects.filter(campaign=campaign, pk=config.looked or 0).first()
        clusters = look.result.get("clusters", []) if look is not None else []
        own = {pk: -1 - n for n, cluster in enumerate(clusters) for pk in cluster}
        return [own.get(image.pk, image.pk) for image in images]
    return []


def leaks(campaign: Campaign, teach: frozenset[int], measure: frozenset[int]) -> list[list[int]]:
    """Return the groups of near duplicates, as last found, of which some teach and some measure."""
    look = last_look(campaign)
    clusters = look.result.get("clusters", []) if look is not None else []
    return [list(cluster) for cluster in clusters if not teach.isdisjoint(cluster) and not measure.isdisjoint(cluster)]
