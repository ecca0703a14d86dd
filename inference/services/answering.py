"""Ask a model about many images and keep what it says: the loop that every kind of run shares.

Answers arrive from an ``Asker`` (sockets or a network in this process) and are written in batches, each in one
transaction, so that a crash loses at most the last quarter of a second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

from django.db import IntegrityError

from campaigns.announcing import announce_answered
from campaigns.errors import Conflict, NotFound
from campaigns.models import Campaign, ItemState, RunItem
from campaigns.runs import RunContext
from inference.inputs import StoredImage
from inference.services.asker import Asker
from inference.services.askers import asker_of
from inference.services.failures import NOT_THE_MODELS, NOT_TRIED, Unanswered
from inference.services.planning import Plan, images_by_id, make_plan
from inference.store import Answered, Failure, missing, write_batch
from models_registry.models import CallKind, CampaignModel, RegisteredModel
from models_registry.services.calls import Call, CallRecorder

BATCH = 64
BATCH_WITHIN_S = 0.25
READ_AHEAD = 256
DEAD_AFTER = 20
"""So many images in a row of which the endpoint says nothing end the run: it is gone or hangs, and the rest would wait in vain."""


@dataclass
class Tally:
    """What came of the images so far."""

    done: int = 0
    failed: int = 0
    unmapped: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    stopped_by: str = ""
    silent_in_a_row: int = 0

    def add(self, answered: Sequence[Answered], failures: Sequence[Unanswered]) -> None:
        """Count a batch."""
        self.done += len(answered)
        self.failed += len(failures)
        for each in answered:
            self.unmapped.update(each.answer.unmapped)
        self.reasons.update((each.code, each.reason) for each in failures)

    def complaint(self) -> str:
        """Say in one sentence why there is no answer."""
        if self.stopped_by:
            return self.stopped_by
        (_, reason), count = self.reasons.most_common(1)[0] if self.reasons else (("", "no reason was kept"), self.failed)
        return f"No image was answered. {count} of {self.failed} because: {reason}"

    def as_result(self) -> dict[str, object]:
        """Return the counts as a run's result."""
        reasons: Counter[str] = Counter()
        for (code, _), count in self.reasons.items():
            reasons[code] += count
        return {
            "answered": self.done,
            "failed": self.failed,
            "unmapped_classes": dict(self.unmapped.most_common(100)),
            "reasons": dict(reasons),
        }


def answer_images(context: RunContext, plan: Plan, image_ids: Sequence[int], *, tally: Tally, keep_items: bool) -> None:
    """Ask about images in order, keep the answers, and report progress until all are settled.

    Raises RunCancelled when the person asks to stop; what is in flight is then dropped.
    """
    total = tally.done + tally.failed + len(image_ids)
    context.progress(done=tally.done, failed=tally.failed, total=total, force=True)
    if not image_ids:
        return
    remaining = iter(image_ids)
    loading = _loaded(remaining)
    calls = CallRecorder(plan.model.pk, CallKind.RUN)
    with closing(calls), asker_of(plan, len(image_ids)) as asker:
        while True:
            _feed(asker, loading)
            if not asker.in_flight:
                break
            outcomes = asker.collect(most=BATCH, within_s=BATCH_WITHIN_S)
            calls.add(_calls_of(outcomes))
            _keep(context, plan, outcomes, tally=tally, keep_items=keep_items)
            context.progress(done=tally.done, failed=tally.failed, message=asker.waits_for)
            _require_attached(context, plan)
            if _is_dead(outcomes, tally):
                break
    if tally.stopped_by:
        _give_up(context, tally, total, keep_items=keep_items)


def _require_attached(context: RunContext, plan: Plan) -> None:
    """Stop drafting for a campaign that has put the model away meanwhile."""
    if plan.rules is not None and not CampaignModel.objects.filter(model=plan.model.pk, campaign=context.run.campaign_id).exists():
        raise Conflict("The model was detached from the campaign while the run was on.", code="model_not_attached")


def _calls_of(outcomes: Sequence[Answered | Unanswered]) -> Iterator[Call]:
    """Give what the model is to be judged by: not the images that could not be sent."""
    for each in outcomes:
        if isinstance(each, Answered):
            yield Call(each.latency_ms)
        elif each.code not in NOT_THE_MODELS:
            yield Call(each.latency_ms, each.code, each.reason)


def _loaded(remaining: Iterator[int]) -> Iterator[StoredImage]:
    """Read the images' rows a few hundred at a time; one that was deleted meanwhile is passed over."""
    while ids := list(islice(remaining, READ_AHEAD)):
        rows = images_by_id(ids)
        yield from (rows[pk] for pk in ids if pk in rows)


def _feed(asker: Asker, loading: Iterator[StoredImage]) -> None:
    wanted = asker.appetite - asker.in_flight
    if wanted > 0:
        images = list(islice(loading, wanted))
        if images:
            asker.submit(images)


def _keep(context: RunContext, plan: Plan, outcomes: list[Answered | Unanswered], *, tally: Tally, keep_items: bool) -> None:
    answered = [each for each in outcomes if isinstance(each, Answered)]
    failures = [each for each in outcomes if isinstance(each, Unanswered)]
    if not outcomes:
        return
    rows = [Failure(each.image_id, each.code, each.reason, each.latency_ms) for each in failures]
    try:
        write_batch(run=context.run, source=plan.source, answered=answered, failures=rows, keep_items=keep_items)
    except IntegrityError as error:  # an image was deleted while it was asked about, or the model itself
        if not RegisteredModel.objects.filter(pk=plan.model.pk).exists():
            raise NotFound("The model was removed while the run was on.") from error
        there = images_by_id([each.image_id for each in outcomes])
        answered = [each for each in answered if each.image_id in there]
        rows = [each for each in rows if each.image_id in there]
        write_batch(run=context.run, source=plan.source, answered=answered, failures=rows, keep_items=keep_items)
    tally.add(answered, failures)


def _is_dead(outcomes: list[Answered | Unanswered], tally: Tally) -> bool:
    for each in outcomes:
        silent = isinstance(each, Unanswered) and each.silent
        tally.silent_in_a_row = tally.silent_in_a_row + 1 if silent else 0
        if tally.silent_in_a_row >= DEAD_AFTER and isinstance(each, Unanswered):
            tally.stopped_by = f"The model does not answer: {DEAD_AFTER} images in a row got no answer. {each.reason}"
            return True
    return False


def _give_up(context: RunContext, tally: Tally, total: int, *, keep_items: bool) -> None:
    """Settle the images that were not asked about, so that a retry takes them up."""
    left = total - tally.done - tally.failed
    if keep_items:
        pending = RunItem.objects.filter(run=context.run, state=ItemState.PENDING)
        pending.update(
            state=ItemState.FAILED, code=NOT_TRIED, reason="The run was stopped before this image, because the model did not answer."
        )
    tally.failed += left
    tally.reasons[NOT_TRIED, "not tried"] += left


@dataclass(frozen=True)
class PoolResult:
    """What came of running a model over a pool."""

    skipped: int
    answered: int
    failed: int
    complaint: str = ""


def predict_pool(
    context: RunContext, *, model: RegisteredModel, image_ids: Sequence[int], campaign: Campaign | None = None, prefill: bool = False
) -> PoolResult:
    """Ask a model about those images that its version has not answered about, as a part of any run.

    Idempotent: called again after a crash it goes on where it was. With ``prefill`` (and a campaign that the model
    is attached to) the answers are drafted too. Failures are counted, not raised.
    """
    plan = make_plan(model, campaign, prefill=True) if prefill and campaign is not None else Plan(model, None)
    wanted = missing(image_ids, plan.source)
    tally = Tally(done=len(image_ids) - len(wanted))
    answer_images(context, plan, wanted, tally=tally, keep_items=False)
    skipped = len(image_ids) - len(wanted)
    if tally.done > skipped:
        announce_answered(context.run, model.pk)
    return PoolResult(skipped, tally.done - skipped, tally.failed, tally.complaint() if tally.failed else "")
