"""Start an inference run."""

from typing import Any

from django.db import transaction

from campaigns.errors import Conflict, InvalidInput
from campaigns.filters import selected_ids, settled
from campaigns.models import UNFINISHED, Campaign, Run, User
from campaigns.permissions import MANAGE, require_role
from campaigns.runs import enqueue_run
from inference.endpoints import endpoint_of
from inference.models import InferenceRun
from inference.sending import check_reachable
from inference.services.ensembles import renew_version
from models_registry.models import CampaignModel, ModelKind, RegisteredModel

KIND = "inference"


def start_inference(*, user: User, campaign: Campaign, model: RegisteredModel, images: Any = "unlabeled", prefill: bool = True) -> Run:
    """Queue a run that asks a model about images of a campaign, and drafts what it answers.

    ``images``: "all", "unlabeled", a list of ids, {"filter": {…}} or {"view": id}. Raises NotAllowed for who does not manage the
    campaign, InvalidInput when the model is not attached to it or nothing is selected. Where the same was asked for before and still
    goes on, that run is returned: a second one would ask the model about each image twice.
    """
    require_role(user, campaign, MANAGE)
    require_askable(model, campaign)
    renew_version(model)
    images = settled(campaign, images, reader=user)
    total = len(selected_ids(campaign, images, reader=user))
    if not total:
        raise InvalidInput("There is no such image in this campaign. Add images, or choose others.", code="nothing_selected")
    with transaction.atomic():
        # Two people who press the button in one moment come one after the other.
        CampaignModel.objects.select_for_update().filter(campaign=campaign, model=model).first()
        going = _going(campaign, model, images, prefill)
        if going is not None:
            return going
        params = {"model": model.pk, "model_name": model.name, "model_version": model.version, "prefill": prefill}
        run = enqueue_run(user=user, kind=KIND, campaign=campaign, params=params, total=total)
        InferenceRun.objects.create(run=run, model=model, model_version=model.version, images=images, prefill=prefill)
    return run


def require_askable(model: RegisteredModel, campaign: Campaign) -> None:
    """Raise InvalidInput where a model is not attached to a campaign, Conflict where it only answers clicks or cannot be reached."""
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


def _going(campaign: Campaign, model: RegisteredModel, images: Any, prefill: bool) -> Run | None:
    """Return the run that asks the same already, unless it was told to stop."""
    same = InferenceRun.objects.filter(
        run__campaign=campaign, model=model, model_version=model.version, prefill=prefill,
        run__state__in=UNFINISHED, run__cancel_requested=False,
    )  # fmt: skip
    return next((one.run for one in same.select_related("run") if one.images == images), None)
