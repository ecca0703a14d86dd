"""Who may use a model, and who may change it.

A model's URL decides where images and its secret go, so a membership alone gives neither: to use a model in another
campaign takes managing one that has it, to change it takes managing every one that has it. Who detached it may put it to use again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from django.conf import settings
from django.db.models import Q

from campaigns.errors import NotAllowed, NotFound
from campaigns.models import Membership, Role, User
from campaigns.permissions import MANAGE, require_manager_somewhere
from models_registry.models import CampaignModel, RegisteredModel
from models_registry.querysets import detached_by


def fetch_model(user: User, model_id: int) -> RegisteredModel:
    """Return a model that the user may see; raises NotFound."""
    model = RegisteredModel.objects.visible_to(user).filter(pk=model_id).first()
    if model is None:
        raise NotFound("There is no such model, or none of your campaigns uses it.")
    assert isinstance(model, RegisteredModel)
    return model


def changeable(user: User, models: Iterable[RegisteredModel]) -> set[int]:
    """Return the ids of those models that the user may change: one query for all."""
    ids = [model.pk for model in models]
    if user.is_superuser:
        return set(ids)
    managed = set(Membership.objects.filter(user=user, role__in=MANAGE).values_list("campaign_id", flat=True))
    users: dict[int, set[int]] = {pk: set() for pk in ids}
    for model_id, campaign_id in CampaignModel.objects.filter(model__in=ids).values_list("model_id", "campaign_id"):
        users[model_id].add(campaign_id)
    own = {model.pk for model in models if model.created_by_id == user.pk}
    return {pk for pk in ids if managed and users[pk] <= managed and (users[pk] or pk in own)}


def usable(user: User, models: Sequence[RegisteredModel]) -> set[int]:
    """Return the ids of those models that the user may try and put to use: one query for all."""
    ids = {model.pk for model in models}
    if user.is_superuser:
        return ids
    managing = Q(campaign_models__campaign__memberships__user=user, campaign_models__campaign__memberships__role__in=MANAGE)
    found = RegisteredModel.objects.filter(managing | Q(created_by=user) | Q(pk__in=detached_by(user)), pk__in=ids)
    return set(found.values_list("pk", flat=True))


def rights(user: User, models: Iterable[RegisteredModel]) -> dict[str, set[int]]:
    """Return what serializers of models are told of a person."""
    asked = list(models)
    return {"changeable": changeable(user, asked), "usable": usable(user, asked)}


def require_registrar(user: User) -> None:
    """Raise NotAllowed unless the user may say which addresses are called: by default who manages a campaign.

    The operator narrows it with ``WINNOW_MODEL_REGISTRARS``: owners (of campaigns), or owner (of the deployment).
    """
    allowed = settings.MODEL_REGISTRARS
    if user.is_superuser or (allowed == "owners" and Membership.objects.filter(user=user, role=Role.OWNER).exists()):
        return
    if allowed == "managers":
        require_manager_somewhere(user)
        return
    who = "owners of campaigns" if allowed == "owners" else "the owner of this deployment"
    raise NotAllowed(f"The operator lets only {who} register model addresses here. Ask them to enter this one.", code="not_a_registrar")


def refused(check: Callable[[User], None], user: User) -> str:
    """Return why the check does not let the user pass; empty where it does."""
    try:
        check(user)
    except NotAllowed as why:
        return why.detail
    return ""


def require_change(user: User, model: RegisteredModel) -> None:
    """Raise NotAllowed unless the user may change the model."""
    require_manager_somewhere(user)
    if model.pk not in changeable(user, [model]):
        raise NotAllowed("Other campaigns use this model, and you do not manage them all. Ask the deployment's owner, or register it anew.")


def require_use(user: User, model: RegisteredModel) -> None:
    """Raise NotAllowed unless the user may put the model to use in a campaign."""
    if model.pk in usable(user, [model]):
        return
    raise NotAllowed("To use this model elsewhere takes the role owner or manager in a campaign that has it.")
