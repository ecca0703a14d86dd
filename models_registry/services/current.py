"""Which model a campaign goes by, and which checkpoint of a model answers: promote, roll back, choose."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from campaigns.errors import Conflict, InvalidInput, NotFound
from campaigns.models import Campaign, User
from campaigns.permissions import MANAGE, VIEW, require_role
from models_registry.models import CampaignModel, Checkpoint, ModelKind, Promotion, RegisteredModel
from models_registry.services.auditing import UNKNOWN_CALLER, Caller, record


def current_model(campaign: Campaign) -> RegisteredModel | None:
    """Return the model that rounds go by: the one promoted last, else the one attached last; None without any."""
    attached = answering(campaign)
    promoted = standing(campaign).filter(model__in=attached.values("model")).first()
    if promoted is not None:
        return promoted.model
    latest = attached.order_by("-id").first()
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
    return Promotion.objects.filter(campaign=campaign).select_related("model", "created_by")


def promote_model(*, user: User, campaign: Campaign, model_id: int, caller: Caller = UNKNOWN_CALLER) -> RegisteredModel:
    """Let a campaign go by one of its models. Raises NotFound when it does not use it, Conflict for one that only answers clicks."""
    require_role(user, campaign, MANAGE)
    attached = CampaignModel.objects.filter(campaign=campaign, model_id=model_id).select_related("model").first()
    if attached is None:
        raise NotFound("This campaign does not use such a model. Attach it first.")
    if attached.model.kind == ModelKind.PROMPTABLE:
        raise Conflict("This model answers clicks on the labeling page; a round cannot go by it.", code="promptable_model")
    with transaction.atomic():
        make_current(campaign, attached.model, user=user)
        record(user, "model.promoted", caller=caller, model=attached.model, details={"campaign": campaign.name})
    return attached.model


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
        standing(campaign).filter(pk__gt=before.pk).update(rolled_back_at=timezone.now())
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
    if not Checkpoint.objects.filter(model=model, role=role).exists():
        raise Conflict(f"{model.name} has no {role} checkpoint; only models that were trained here do.", code="checkpoint_missing")
    version = base_version(model) + ("" if role == Checkpoint.Role.BEST else f"-{role}")
    with transaction.atomic():
        RegisteredModel.objects.filter(pk=model.pk).update(answers_with=role, version=version, updated_at=timezone.now())
        record(user, "model.checkpoint_chosen", caller=caller, model=model, details={"checkpoint": role})
    model.refresh_from_db()
    return model


def base_version(model: RegisteredModel) -> str:
    """Return a model's version without what names its checkpoint."""
    return model.version.removesuffix(f"-{model.answers_with}")
