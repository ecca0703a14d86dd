"""Which model a campaign goes by, and which checkpoint of a model answers: promote, roll back, choose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from campaigns.errors import Conflict, InvalidInput, NotFound
from campaigns.models import Campaign, User
from campaigns.permissions import MANAGE, VIEW, require_role
from models_registry.checkpoints import answering_checkpoint, require_file
from models_registry.models import CampaignModel, Checkpoint, LabelMapping, ModelKind, Promotion, RegisteredModel
from models_registry.services.auditing import UNKNOWN_CALLER, Caller, record


def current_model(campaign: Campaign) -> RegisteredModel | None:
    """Return the model that rounds go by: the one promoted last, else the one attached last; None without any.

    Nobody promoted one: a model of which no class stands for a label gives way to those that say something of the campaign.
    """
    attached = answering(campaign)
    promoted = standing(campaign).filter(model__in=attached.values("model")).first()
    if promoted is not None:
        return promoted.model
    speaks = Exists(LabelMapping.objects.filter(campaign_model=OuterRef("pk")))
    latest = attached.annotate(speaks=speaks).order_by("-speaks", "-id").first()
    return latest.model if latest is not None else None


def answering(campaign: Campaign) -> QuerySet[CampaignModel]:
    """Return the models that answer about whole images: a segmenter that answers clicks says nothing of one."""
    return CampaignModel.objects.filter(campaign=campaign).exclude(model__kind=ModelKind.PROMPTABLE).select_related("model")


def standing(campaign: Campaign) -> QuerySet[Promotion]:
    """Return the promotions that were not rolled back, the newest first."""
    return Promotion.objects.filter(campaign=campaign, rolled_back_at=None).select_related("model")


def promotions_of(*, user: User, campaign: Campaign) -> QuerySet[Promotion]:
    """Return which models were current when, the newest first, those rolled back included."""
    require_role(user, campaign, VIEW)
    return Promotion.objects.filter(campaign=campaign).select_related("model", "created_by", "rolled_back_by")


@dataclass(frozen=True)
class Change:
    """A campaign's current model became another one: when, by whom (None: an account that is gone), from which to which.

    ``before`` and ``after`` are None where nothing that was promoted counted.
    """

    at: datetime
    by: User | None
    by_training: bool
    rolled_back: bool
    before: RegisteredModel | None
    after: RegisteredModel | None


def changes_among(promotions: Iterable[Promotion]) -> list[Change]:
    """Tell promotions and the ways back from them as one story, the newest change first."""
    rows = sorted(promotions, key=lambda row: row.pk)
    events = [(row.created_at, row, False) for row in rows]
    events += [(row.rolled_back_at, row, True) for row in rows if row.rolled_back_at is not None]
    standing_now: list[Promotion] = []
    told: list[Change] = []
    for at, row, back in sorted(events, key=lambda event: (event[0], event[1].pk)):
        before = standing_now[-1].model if standing_now else None
        standing_now = [each for each in standing_now if each.pk != row.pk] if back else [*standing_now, row]
        after = standing_now[-1].model if standing_now else None
        by = row.rolled_back_by if back else row.created_by
        told.append(Change(at, by, row.by_training and not back, back, before, after))
    return [*reversed(_joined(told))]


def _joined(changes: Iterable[Change]) -> list[Change]:
    """Make one of the ways back that were gone at once, past models that are detached by now."""
    joined: list[Change] = []
    for change in changes:
        if joined and change.rolled_back and joined[-1].rolled_back and joined[-1].at == change.at:
            joined[-1] = replace(joined[-1], after=change.after)
        else:
            joined.append(change)
    return joined


def promote_model(*, user: User, campaign: Campaign, model_id: int, caller: Caller = UNKNOWN_CALLER) -> RegisteredModel:
    """Let a campaign go by one of its models. Raises NotFound when it does not use it, Conflict for one that only answers clicks."""
    require_role(user, campaign, MANAGE)
    attached = CampaignModel.objects.filter(campaign=campaign, model_id=model_id).select_related("model").first()
    if attached is None:
        raise NotFound("This campaign does not use such a model. Attach it first.")
    if attached.model.kind == ModelKind.PROMPTABLE:
        raise Conflict("This model answers clicks on the labeling page; a round cannot go by it.", code="promptable_model")
    _require_answering(attached.model)
    with transaction.atomic():
        make_current(campaign, attached.model, user=user)
        record(user, "model.promoted", caller=caller, model=attached.model, details={"campaign": campaign.name})
    return attached.model


def _require_answering(model: RegisteredModel) -> None:
    """Raise Conflict for a model of ours that could not answer, because its file is missing or damaged."""
    checkpoint = answering_checkpoint(model) if model.kind == ModelKind.INTERNAL else None
    if checkpoint is not None:
        require_file(checkpoint)


def make_current(campaign: Campaign, model: RegisteredModel, *, user: User | None, by_training: bool = False) -> None:
    """Write the promotion, unless the model is the promoted one already; the caller has asked for permission."""
    newest = standing(campaign).first()
    if newest is None or newest.model_id != model.pk:
        Promotion.objects.create(campaign=campaign, model=model, created_by=user, by_training=by_training)


def roll_back(*, user: User, campaign: Campaign, caller: Caller = UNKNOWN_CALLER) -> RegisteredModel:
    """Go back to the model that was promoted before the current one; raises Conflict where there is none."""
    require_role(user, campaign, MANAGE)
    with transaction.atomic():
        Campaign.objects.select_for_update().get(pk=campaign.pk)
        before = _promotion_before(campaign)
        if before is None:
            raise Conflict("No earlier model was promoted here, so there is nothing to go back to.", code="nothing_to_roll_back")
        _require_answering(before.model)
        standing(campaign).filter(pk__gt=before.pk).update(rolled_back_at=timezone.now(), rolled_back_by=user)
        record(user, "model.rolled_back_to", caller=caller, model=before.model, details={"campaign": campaign.name})
    return before.model


def model_before(campaign: Campaign) -> RegisteredModel | None:
    """Return the model that going back would lead to."""
    before = _promotion_before(campaign)
    return before.model if before is not None else None


def _promotion_before(campaign: Campaign) -> Promotion | None:
    there = standing(campaign).filter(model__in=answering(campaign).values("model"))
    newest = there.first()
    return there.exclude(model=newest.model_id).first() if newest is not None else None


def choose_checkpoint(*, user: User, attached: CampaignModel, role: str, caller: Caller = UNKNOWN_CALLER) -> RegisteredModel:
    """Let a model that was trained here answer with its best or its last checkpoint.

    Its version tells the two apart ("3" and "3-last"), so that answers of one are never taken for the other's, and those that are
    stored count again after a change back. Raises Conflict for a model without such a checkpoint.
    """
    require_role(user, attached.campaign, MANAGE)
    model = attached.model
    if role not in Checkpoint.Role.values:
        raise InvalidInput(f"role is {' or '.join(Checkpoint.Role.values)}.", code="invalid_role")
    checkpoint = Checkpoint.objects.filter(model=model, role=role).select_related("model").first()
    if checkpoint is None:
        raise Conflict(f"{model.name} has no {role} checkpoint; only models that were trained here do.", code="checkpoint_missing")
    require_file(checkpoint)
    version = base_version(model) + ("" if role == Checkpoint.Role.BEST else f"-{role}")
    with transaction.atomic():
        RegisteredModel.objects.filter(pk=model.pk).update(answers_with=role, version=version, updated_at=timezone.now())
        record(user, "model.checkpoint_chosen", caller=caller, model=model, details={"checkpoint": role})
    model.refresh_from_db()
    return model


def base_version(model: RegisteredModel) -> str:
    """Return a model's version without what names its checkpoint."""
    return model.version.removesuffix(f"-{model.answers_with}")
