"""Look at images as soon as they arrive, in the background, so that similar ones are found at once."""

from __future__ import annotations

from typing import Final

from django.conf import settings

from active_learning.services.embeddings import embed_installed, ensure_embeddings, keep_index
from active_learning.services.filling import current_space
from campaigns.errors import Conflict, NotFound
from campaigns.models import Campaign, ImageState, Run, RunState
from campaigns.runs import RunContext, enqueue_run
from models_registry.networks.weights import find_weights

KIND: Final = "embedding"


def wants_embedding(campaign: int) -> bool:
    """Say whether images that arrive are looked at unasked, and no run waits that will find these, too."""
    return bool(settings.EMBED_ON_IMPORT) and not Run.objects.filter(campaign=campaign, kind=KIND, state=RunState.QUEUED).exists()


def embed_later(campaign: int) -> Run | None:
    """Queue a run that looks at what nobody has looked at; of many imports in a row one is enough."""
    found = Campaign.objects.filter(pk=campaign).first()
    return enqueue_run(user=None, kind=KIND, campaign=found) if found is not None and wants_embedding(campaign) else None


def execute_embedding(context: RunContext) -> dict[str, object]:
    """Embed the campaign's images that have no embedding; without installed weights, say so and leave it."""
    campaign = context.run.campaign
    if campaign is None:
        raise NotFound("The campaign of this run was removed.")
    try:
        find_weights()
    except Conflict as missing:
        context.log(missing.detail)
        return {"embedded": 0, "skipped": missing.detail}
    images = list(campaign.images.exclude(state=ImageState.EXCLUDED).order_by("id"))
    if Run.objects.filter(campaign=campaign, kind=KIND, state=RunState.RUNNING).exclude(pk=context.run.pk).exists():
        images.reverse()  # they meet in the middle, and nothing is looked at twice
    embedded = embed_installed(context, images)  # heads are trained on these
    if current_space(campaign) is not None:
        embedded = ensure_embeddings(context, campaign, images)
    keep_index(context, embedded.store)
    return {"embedded": len(embedded.image_ids), "unreadable": len(embedded.failures)}
