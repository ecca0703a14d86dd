"""What a campaign's rounds do by themselves: rank again after every few labels, and begin a round at night.

A submit queues ``consider`` for a campaign with a plan. It starts a run of its own when enough labels are new and none is under
way; labels that come in meanwhile are the run's own affair, so that two never rank at a time and none is forgotten.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from active_learning.models import LabeledArea, Round, RoundPlan, RoundState
from active_learning.services.ranking import strategy_for, strategy_named
from active_learning.services.rounds import MOST_IMAGES, RoundOptions, default_for, start_round
from active_learning.training.families import FAMILIES
from campaigns.errors import DomainError, InvalidInput
from campaigns.models import UNFINISHED, Campaign, ImageState, Revision, Run, Split, User
from campaigns.permissions import MANAGE, VIEW, require_role
from campaigns.runs import enqueue_run

KIND: Final = "rerank"
MAKES_RANKINGS: Final = (KIND, "round")
MOST_NOTE: Final = 300


@dataclass(frozen=True)
class PlanForm:
    """What a person may set, checked.

    ``every``: rank again after so many submitted images, 0 for never; ``nightly``: begin a round each day at ``at`` (of the time
    zone ``zone``) if at least ``at_least`` images were labeled since the last; ``strategy``, ``size``: of the rounds it begins, which
    take what suits the campaign best at the time where no strategy is named.
    """

    every: int = 0
    nightly: bool = False
    at: datetime.time = datetime.time(2, 0)
    zone: str = "UTC"
    at_least: int = 20
    strategy: str = ""
    size: int = 100

    def __post_init__(self) -> None:
        if not 0 <= self.every <= MOST_IMAGES:
            raise InvalidInput(f"every lies between 0 (never) and {MOST_IMAGES:,} images.", code="invalid_plan")
        if not 1 <= self.at_least <= MOST_IMAGES or not 1 <= self.size <= MOST_IMAGES:
            raise InvalidInput(f"at_least and size lie between 1 and {MOST_IMAGES:,} images.", code="invalid_plan")
        if self.strategy:
            strategy_named(self.strategy)
        zone_named(self.zone)


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone; raises InvalidInput for a name that nobody knows."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput("zone is the name of a time zone, such as UTC or Europe/Berlin.", code="invalid_plan") from error


def plan_of(campaign: Campaign) -> RoundPlan:
    """Return a campaign's plan; one that was never set does nothing, and is not stored."""
    return RoundPlan.objects.filter(campaign=campaign).select_related("run").first() or RoundPlan(campaign=campaign)


def set_plan(*, user: User, campaign: Campaign, form: PlanForm) -> RoundPlan:
    """Change what the rounds of a campaign do by themselves. Labels count from when it is switched on."""
    require_role(user, campaign, MANAGE)
    if form.strategy:
        strategy_for(campaign, form.strategy)
    before = plan_of(campaign)
    changes = {name: getattr(form, name) for name in ("every", "nightly", "at", "zone", "at_least", "strategy", "size")}
    if form.every and not before.every:
        changes["last_revision"] = newest_revision(campaign)
    if form.nightly and (not before.nightly or (before.at, before.zone) != (form.at, form.zone)):
        now = timezone.now().astimezone(zone_named(form.zone))
        changes["looked_on"] = now.date() if now.time() >= form.at else None
    plan, _ = RoundPlan.objects.update_or_create(campaign=campaign, defaults={**changes, "set_by": user})
    return plan


def visible_plan(*, user: User, campaign: Campaign) -> RoundPlan:
    """Return the plan to who may see the campaign."""
    require_role(user, campaign, VIEW)
    return plan_of(campaign)


def newest_revision(campaign: Campaign) -> int:
    """Return the id of the last revision of a campaign; 0 without any."""
    return int(Revision.objects.filter(image__campaign=campaign).aggregate(last=Max("pk"))["last"] or 0)


def new_labels(campaign: Campaign | int, *, after: int) -> int:
    """Count the images that people handed in after a revision; those held back teach nothing, and do not count."""
    done = Revision.objects.filter(pk__gt=after, image__campaign=campaign, image__state__in=(ImageState.SUBMITTED, ImageState.ACCEPTED))
    return done.exclude(image__split=Split.TEST).order_by().values("image").distinct().count()


def labels_since_round(campaign: Campaign) -> int:
    """Count the images, and the areas of others, handed in since the last round was asked for; without any round, all of them."""
    last = Round.objects.filter(campaign=campaign).exclude(state=RoundState.FAILED).aggregate(at=Max("created_at"))["at"]
    before = Revision.objects.filter(image__campaign=campaign, created_at__lte=last) if last else Revision.objects.none()
    areas = LabeledArea.objects.filter(image__campaign=campaign, **({"created_at__gt": last} if last else {}))
    return new_labels(campaign, after=int(before.aggregate(last=Max("pk"))["last"] or 0)) + areas.count()


def wants_submissions(campaign_id: int) -> bool:
    """Say whether a campaign ranks again by itself; asked in the transaction of every submit."""
    return RoundPlan.objects.filter(campaign=campaign_id, every__gt=0).exists()


def consider_submission(revision_id: int) -> Run | None:
    """Rank the campaign of a revision again, if that is due."""
    campaign = Campaign.objects.filter(images__revisions=revision_id).first()
    return consider(campaign) if campaign is not None else None


def consider(campaign: Campaign) -> Run | None:
    """Start a run that ranks again, if enough labels are new and no ranking is under way; return it."""
    plan = plan_of(campaign)
    if not plan.every or new_labels(campaign, after=plan.last_revision) < plan.every or is_ranking(campaign):
        return None
    try:
        with transaction.atomic():
            run = enqueue_run(user=plan.set_by, kind=KIND, campaign=campaign)
            # Two workers may get here at once: one of them finds that the row has moved on.
            if not RoundPlan.objects.filter(pk=plan.pk, run=plan.run_id).update(run=run):
                raise _TooLateError
    except _TooLateError:
        return None
    return run


class _TooLateError(Exception):
    """Somebody else started it in the meantime."""


def is_ranking(campaign: Campaign) -> bool:
    """Say whether a round or a new ranking of the campaign is under way."""
    return Run.objects.filter(campaign=campaign, kind__in=MAKES_RANKINGS, state__in=UNFINISHED).exists()


def tend_plans(now: datetime.datetime | None = None) -> int:
    """Do what is due in all campaigns: nightly rounds, and rankings whose submit was not heard of. Return how many began."""
    plans = RoundPlan.objects.filter(Q(every__gt=0) | Q(nightly=True)).select_related("campaign", "set_by")
    return sum(_tend(plan, now or timezone.now()) for plan in plans)


def _tend(plan: RoundPlan, now: datetime.datetime) -> bool:
    if plan.nightly and _is_night(plan, now):
        return _begin_round(plan, now)
    return consider(plan.campaign) is not None


def _is_night(plan: RoundPlan, now: datetime.datetime) -> bool:
    local = now.astimezone(ZoneInfo(plan.zone))
    return local.time() >= plan.at and plan.looked_on != local.date()  # a day to come is that of a clock that was put right


def _begin_round(plan: RoundPlan, now: datetime.datetime) -> bool:
    """Decide on tonight's round, once; what became of it stands in the plan's note."""
    today = now.astimezone(ZoneInfo(plan.zone)).date()
    mine = RoundPlan.objects.filter(Q(looked_on=None) | ~Q(looked_on=today), pk=plan.pk)
    if not mine.update(looked_on=today):
        return False
    fresh = labels_since_round(plan.campaign)
    try:
        if fresh < plan.at_least:
            note = f"No round: {fresh} of at least {plan.at_least} new labels."
            return False
        note = f"Round {_start(plan).number} began with {fresh} new labels."
    except DomainError as error:
        note = f"No round: {error.detail}"
        return False
    finally:
        RoundPlan.objects.filter(pk=plan.pk).update(note=f"{today:%Y-%m-%d} {note}"[:MOST_NOTE])
    return True


def _start(plan: RoundPlan) -> Round:
    if plan.set_by is None:
        raise InvalidInput("whoever planned it has no account any more; set the plan again.", code="nobody_planned")
    train = plan.campaign.task in FAMILIES
    options = RoundOptions(train=train)
    strategy = plan.strategy or default_for(plan.campaign)
    return start_round(user=plan.set_by, campaign=plan.campaign, strategy=strategy, size=plan.size, options=options)
