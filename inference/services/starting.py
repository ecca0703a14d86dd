"""Start an inference run."""

from typing import Any

from django.db import transaction

from campaigns.errors import Conflict, InvalidInput
from campaigns.filters import selected_ids, settled
from campaigns.models import Campaign, Run, User
from campaigns.permissions import MANAGE, require_role
from campaigns.runs import enqueue_run
from inference.endpoints import endpoint_of
from inference.models import InferenceRun
from inference.sending import check_reachable
from models_registry.models import CampaignModel, ModelKind, RegisteredModel

KIND = "inference"


def start_inference(*, user: User, campaign: Campaign, model: RegisteredModel, images: Any = "unlabeled", prefill: bool = True) -> Run:
    """Queue a run that asks a model about images of a campaign, and drafts what it answers.

    ``images``: "all", "unlabeled", a list of ids, {"filter": {…}} or {"view": id}. Raises NotAllowed for who does not manage the
    campaign, InvalidInput when the model is not attached to it or nothing is selected.
    """
    require_role(user, campaign, MANAGE)
    if not CampaignModel.objects.filter(campaign=campaign, model=model).exists():
        raise InvalidInput("This model is not attached to the campaign. Attach it and map its classes first.", code="model_not_attached")
    endpoint = endpoint_of(model) if model.kind == ModelKind.EXTERNAL else None
    if model.kind == ModelKind.PROMPTABLE or (endpoint is not None and endpoint.protocol.answers_clicks_alone(endpoint.card)):
        raise Conflict(
            "This model answers clicks on the labeling page, one thing at a time. Choose a model that answers about whole images.",
            code="promptable_model",
        )
    if endpoint is not None:
        check_reachable(endpoint)
    images = settled(campaign, images, reader=user)
    total = len(selected_ids(campaign, images, reader=user))
    if not total:
        raise InvalidInput("There is no such image in this campaign. Add images, or choose others.", code="nothing_selected")
    with transaction.atomic():
        params = {"model": model.pk, "model_version": model.version, "prefill": prefill}
        run = enqueue_run(user=user, kind=KIND, campaign=campaign, params=params, total=total)
        InferenceRun.objects.create(run=run, model=model, model_version=model.version, images=images, prefill=prefill)
    return run
