"""Comparisons of models as runs: start one, execute it, and show what it found for as long as its run is kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction

from campaigns.errors import Conflict, InvalidInput, NotFound
from campaigns.filters import selected_ids, settled
from campaigns.models import UNFINISHED, Campaign, Run, User
from campaigns.permissions import MANAGE, REVIEW, require_role
from campaigns.runs import RunContext, enqueue_run
from inference.models import Comparison
from inference.services.answering import predict_pool
from inference.services.comparing import Asking, Question, compare_models
from inference.services.ensembles import renew_version
from inference.services.starting import require_askable
from models_registry.models import ModelKind, RegisteredModel
from models_registry.services import attached_model

KIND: Final = "comparison"


def start_comparison(
    *, user: User, campaign: Campaign, models: Sequence[int], images: Any = "all", overlap: float, ask: bool = False
) -> Run:
    """Queue a run that compares models on images of a campaign. ``ask``: first ask about those that have no answer yet.

    Raises NotAllowed for who may not review, or may not run models where ``ask`` is set; InvalidInput for a selection without an image
    and for models that answer clicks alone; NotFound for a model that is not attached. Where the same is compared already, its run is
    returned.
    """
    require_role(user, campaign, MANAGE if ask else REVIEW)
    question = Question(models, overlap)
    found = [attached_model(user=user, campaign=campaign, model_id=pk).model for pk in question.models]
    if any(model.kind == ModelKind.PROMPTABLE for model in found):
        raise InvalidInput("A model that answers clicks says nothing of whole images; compare others.", code="promptable_model")
    for model in found:
        if ask:
            require_askable(model, campaign)
        renew_version(model)
    images = settled(campaign, images, reader=user)
    total = len(selected_ids(campaign, images, reader=user))
    if not total:
        raise InvalidInput("There is no such image in this campaign. Add images, or choose others.", code="nothing_selected")
    asked = {
        "compared": [{"id": model.pk, "name": model.name, "version": model.version} for model in found],
        "images": images, "overlap": overlap, "ask": ask,
    }  # fmt: skip
    with transaction.atomic():
        # Two people who press the button in one moment come one after the other.
        Campaign.objects.select_for_update().filter(pk=campaign.pk).first()
        going = _going(campaign, asked)
        if going is not None:
            return going
        run = enqueue_run(user=user, kind=KIND, campaign=campaign, params=_params(asked, total), total=total)
        Comparison.objects.create(run=run, **asked)
    return run


def _params(asked: dict[str, Any], total: int) -> dict[str, Any]:
    """Return what a list of runs shows: a selection of thousands of ids is told by its number alone."""
    images = asked["images"]
    return {**asked, "images": "selection" if isinstance(images, list) else images, "count": total}


def _going(campaign: Campaign, asked: dict[str, Any]) -> Run | None:
    same = Comparison.objects.filter(run__campaign=campaign, run__state__in=UNFINISHED, run__cancel_requested=False).select_related("run")
    return next((one.run for one in same if all(getattr(one, name) == value for name, value in asked.items())), None)


def execute_comparison(context: RunContext) -> dict[str, object]:
    """Ask where that is wanted, compare, and keep what was found. May be called again on the same row: answers that came are kept."""
    run = context.run
    comparison = Comparison.objects.filter(run=run).first()
    if comparison is None or run.campaign is None:
        raise NotFound("The campaign of this run was removed.")
    models = [_model_of(each) for each in comparison.compared]
    ids = selected_ids(run.campaign, comparison.images, checked=True, reader=run.created_by)
    asking = {model.pk: _ask(context, model, ids) for model in models} if comparison.ask else {}

    def told(done: int) -> None:
        context.progress(done=done, failed=0, total=len(ids), message="Comparing", force=done == 0)

    found = compare_models(campaign=run.campaign, models=models, image_ids=ids, overlap=comparison.overlap, asking=asking, told=told)
    Comparison.objects.filter(pk=comparison.pk).update(found=found)
    return {name: found[name] for name in ("images", "common", "with_truth")}


def _model_of(named: dict[str, Any]) -> RegisteredModel:
    model = RegisteredModel.objects.filter(pk=named["id"]).first()
    if model is None:
        raise Conflict(f"{named['name']} was removed. Compare other models.", code="model_removed")
    assert isinstance(model, RegisteredModel)
    model.version = named["version"]  # what was asked for when the run was started, whatever it is called by now
    return model


def _ask(context: RunContext, model: RegisteredModel, ids: Sequence[int]) -> Asking:
    context.log(f"asking {model.name} {model.version}")
    began = time.monotonic()
    pool = predict_pool(context, model=model, image_ids=ids)
    return Asking(pool.answered, pool.failed, time.monotonic() - began, pool.complaint)


def comparison_of(*, user: User, campaign: Campaign, run_id: int) -> Comparison:
    """Return a comparison with what it found; raises NotFound, and NotAllowed for who may not review, since held-back truth shows."""
    require_role(user, campaign, REVIEW)
    found = Comparison.objects.select_related("run", "run__created_by").filter(run__campaign=campaign, run=run_id).first()
    if found is None:
        raise NotFound("There is no such comparison in this campaign.")
    return found
