"""Execute an inference run: every image of the selection has an item, whose state survives a crash."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Count

from campaigns.announcing import announce_answered
from campaigns.errors import Conflict, NotFound
from campaigns.filters import selected_ids
from campaigns.models import ItemState, Run, RunItem
from campaigns.runs import RunContext
from inference.models import InferenceRun
from inference.services.answering import Tally, answer_images
from inference.services.planning import Plan, make_plan

ITEM_BATCH = 1000


def execute_inference(context: RunContext) -> dict[str, object]:
    """Ask about every image of the run that has no answer yet, and tell what came of it.

    May be called again on the same row: images that are done stay done. Raises Conflict when no image at all was
    answered, with the commonest reason.
    """
    run = context.run
    inference = InferenceRun.objects.select_related("model").filter(run=run).first()
    if inference is None or run.campaign is None:
        raise NotFound("The model of this run was removed.")
    plan = _plan_of(inference, run)
    _make_items(run, inference)
    counts = _counts(run)
    pending = list(RunItem.objects.filter(run=run, state=ItemState.PENDING).order_by("id").values_list("image_id", flat=True))
    tally = Tally(done=counts.get(ItemState.DONE, 0), failed=counts.get(ItemState.FAILED, 0))
    answer_images(context, plan, pending, tally=tally, keep_items=True)
    _settle(context, tally)
    announce_answered(run, inference.model_id)
    return tally.as_result()


def _plan_of(inference: InferenceRun, run: Run) -> Plan:
    assert run.campaign is not None
    model = inference.model
    model.version = inference.model_version  # what was asked for when the run was started, whatever it is called by now
    return make_plan(model, run.campaign, prefill=inference.prefill)


def _make_items(run: Run, inference: InferenceRun) -> None:
    """Write down which images the run is about, once: images added later belong to a later run."""
    if RunItem.objects.filter(run=run).exists():
        return
    assert run.campaign is not None
    ids = selected_ids(run.campaign, inference.images, checked=True, reader=run.created_by)
    with transaction.atomic():
        RunItem.objects.bulk_create((RunItem(run=run, image_id=image) for image in ids), batch_size=ITEM_BATCH, ignore_conflicts=True)


def _counts(run: Run) -> dict[str, int]:
    return dict(RunItem.objects.filter(run=run).order_by().values_list("state").annotate(count=Count("pk")))


def _settle(context: RunContext, tally: Tally) -> None:
    context.progress(done=tally.done, failed=tally.failed, message="", force=True)
    if tally.stopped_by or (tally.failed and not tally.done):
        raise Conflict(tally.complaint())
