"""Tell the backends of other labeling tools what people hand in, so that those which learn can learn from it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Final

from django.db.models import QuerySet
from django_q.tasks import async_task

from campaigns.errors import DomainError
from campaigns.imagery import Refused
from campaigns.models import Label, Revision
from inference.calling import CallFailed, Endpoint, limits_of, tell
from inference.endpoints import egress_policy, endpoint_of
from inference.protocols.label_studio import LabelStudio
from inference.protocols.label_studio_annotations import Canvas, regions_of, webhook
from inference.sending import sent_image
from inference.services.planning import stored_image
from inference.wire import WireRequest
from models_registry.egress import EgressClient
from models_registry.models import CampaignModel, RegisteredModel

logger = logging.getLogger(__name__)

CREATED: Final = "ANNOTATION_CREATED"
UPDATED: Final = "ANNOTATION_UPDATED"
TURN_S: Final = 10.0
"""After so long the rest of many submits goes to the end of the queue, so that other short work has its turn."""


def wants_submissions(campaign_id: int) -> bool:
    """Tell whether a model of the campaign is to be told what people hand in."""
    return _listening(campaign_id).exists()


def _listening(campaign_id: int) -> QuerySet[CampaignModel]:
    return CampaignModel.objects.filter(
        campaign=campaign_id, model__protocol=LabelStudio.name, model__options__extra__webhook=True
    ).select_related("model")


def tell_in_turns(revision_ids: Sequence[int]) -> int:
    """Tell of submits one after the other, never two at once; return how often a model took one. What is left is queued again."""
    ends_at, told = time.monotonic() + TURN_S, 0
    for place, revision in enumerate(revision_ids):
        if place and time.monotonic() >= ends_at:
            async_task("inference.tasks.tell_of_submit", *revision_ids[place:], task_name=f"webhook-{revision}")
            break
        told += tell_backends(revision)
    return told


def tell_backends(revision_id: int) -> int:
    """Tell each such model of one submit; return how many took it. What fails is logged and troubles nobody."""
    revision = Revision.objects.select_related("image").filter(pk=revision_id).first()
    if revision is None:  # the image was removed meanwhile
        return 0
    told = 0
    for joined in _listening(revision.image.campaign_id):
        try:
            asyncio.run(_send(*_question(joined, revision)))
            told += 1
        except CallFailed as error:
            logger.warning("%s did not take revision %s: %s", joined.model.name, revision_id, error.reason)
        except (DomainError, Refused, OSError) as error:
            logger.warning("%s was not told of revision %s: %s", joined.model.name, revision_id, error)
    return told


def _question(joined: CampaignModel, revision: Revision) -> tuple[Endpoint, WireRequest]:
    endpoint = endpoint_of(joined.model)
    image = revision.image
    sent = sent_image(stored_image(image), endpoint)
    result = regions_of(revision.annotations, _names(joined, joined.model), Canvas(image.width, image.height))
    action = CREATED if revision.number == 1 else UPDATED
    return endpoint, webhook(action, sent, endpoint.card, annotation=revision.annotation_set_id, result=result)


def _names(joined: CampaignModel, model: RegisteredModel) -> dict[int, str]:
    """Return what each label is called: as the class that is mapped to it, for that is the name that the model knows."""
    classes = {int(each["index"]): str(each["name"]) for each in model.classes}
    names = dict(Label.objects.filter(campaign=joined.campaign_id).values_list("pk", "name"))
    mapped = joined.mappings.order_by("-class_index").values_list("class_index", "label_id")
    return names | {label: classes[index] for index, label in mapped if index in classes}


async def _send(endpoint: Endpoint, request: WireRequest) -> None:
    async with EgressClient(egress_policy(), limits_of(endpoint.card.options), connections=1) as client:
        await tell(client, endpoint, request)
