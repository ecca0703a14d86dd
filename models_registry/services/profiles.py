"""Thresholds under a name: kept beside those that hold, and taken up again by people and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import IntegrityError, transaction

from campaigns.errors import Conflict, InvalidInput, NotFound
from campaigns.models import Campaign, User
from campaigns.permissions import MANAGE, VIEW, require_role
from models_registry.models import CampaignModel, RegisteredModel, ThresholdProfile
from models_registry.services.mapping import checked_thresholds

MOST_PROFILES: Final = 50


def threshold_profiles(*, user: User, attached: CampaignModel) -> list[ThresholdProfile]:
    """Return the profiles of a model in a campaign, by name, without labels that are gone."""
    require_role(user, attached.campaign, VIEW)
    found = list(attached.profiles.select_related("created_by"))
    labels = _labels(attached.campaign)
    for profile in found:
        profile.thresholds = _of_labels(profile.thresholds, labels)
    return found


def create_profile(*, user: User, attached: CampaignModel, name: str, thresholds: Mapping[str, float]) -> ThresholdProfile:
    """Keep thresholds (label id → 0 to 1) under a name that no other profile of the model has here; raises Conflict otherwise."""
    require_role(user, attached.campaign, MANAGE)
    if attached.profiles.count() >= MOST_PROFILES:
        raise Conflict(f"A model has at most {MOST_PROFILES} profiles. Remove one first.", code="too_many_profiles")
    limits = checked_thresholds(thresholds, _labels(attached.campaign))
    return _saved(ThresholdProfile(campaign_model=attached, name=_checked_name(name), thresholds=limits, created_by=user))


def change_profile(
    *, user: User, profile: ThresholdProfile, name: str | None = None, thresholds: Mapping[str, float] | None = None
) -> ThresholdProfile:
    """Give a profile another name, or other thresholds."""
    campaign = profile.campaign_model.campaign
    require_role(user, campaign, MANAGE)
    if name is not None:
        profile.name = _checked_name(name)
    if thresholds is not None:
        profile.thresholds = checked_thresholds(thresholds, _labels(campaign))
    return _saved(profile)


def delete_profile(*, user: User, profile: ThresholdProfile) -> None:
    """Forget a profile; the thresholds that hold stay as they are."""
    require_role(user, profile.campaign_model.campaign, MANAGE)
    profile.delete()


def fetch_profile(*, user: User, attached: CampaignModel, profile_id: int) -> ThresholdProfile:
    """Return a profile of a model in a campaign; raises NotFound."""
    require_role(user, attached.campaign, VIEW)
    profile = ThresholdProfile.objects.filter(campaign_model=attached, pk=profile_id).first()
    if profile is None:
        raise NotFound("This model has no such profile here.")
    return profile


def profiles_by_name(campaign: Campaign, model: RegisteredModel) -> dict[str, dict[int, float]]:
    """Return name → label id → threshold of every profile of a model in a campaign, without labels that are gone."""
    labels = _labels(campaign)
    rows = ThresholdProfile.objects.filter(campaign_model__campaign=campaign, campaign_model__model=model)
    return {
        name: {int(label): float(value) for label, value in _of_labels(thresholds, labels).items()}
        for name, thresholds in rows.values_list("name", "thresholds")
    }


def _labels(campaign: Campaign) -> set[int]:
    return set(campaign.labels.values_list("pk", flat=True))


def _of_labels(thresholds: Mapping[str, float], labels: set[int]) -> dict[str, float]:
    return {label: value for label, value in thresholds.items() if int(label) in labels}


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= 100:
        raise InvalidInput("A profile has a name of at most 100 characters.", code="invalid_name")
    return name


def _saved(profile: ThresholdProfile) -> ThresholdProfile:
    try:
        with transaction.atomic():
            profile.save()
    except IntegrityError as error:
        raise Conflict(
            f"There is a profile {profile.name!r} already. Choose another name, or change that one.", code="name_taken"
        ) from error
    return profile
