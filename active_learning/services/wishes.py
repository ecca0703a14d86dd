"""What the trainings of a campaign may be asked: by its task, its settings, its images and its models."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q

from active_learning.training.config import METHODS
from active_learning.training.families import FAMILIES, family_name
from active_learning.training.wishes import Wish, wishes_of
from campaigns.models import Campaign, Image, User
from campaigns.options import CampaignOptions
from campaigns.permissions import VIEW, require_role
from models_registry.models import CampaignModel, ModelKind
from models_registry.networks.own_backbones import has_timm

SHOWN_AS_THEY_ARE = Q(bands__in=(1, 3), dtype="uint8")
"""Images whose bands are the colours that a person sees, and nothing else."""


def read_wishes(*, user: User, campaign: Campaign) -> Mapping[str, tuple[Wish, ...]]:
    """Return by method what a training heeds; nothing where no model of the campaign's task is trained here."""
    require_role(user, campaign, VIEW)
    options = CampaignOptions.from_document(campaign.settings)
    family = FAMILIES.get(family_name(campaign.task, options.segmentation))
    if family is None:
        return {}
    facts = {
        "multi_label": options.multi_label,
        "bands": Image.objects.filter(campaign=campaign).exclude(SHOWN_AS_THEY_ARE).exists(),
        "start_from": CampaignModel.objects.filter(campaign=campaign, model__kind=ModelKind.INTERNAL).exists(),
        "timm": has_timm(),
    }
    true = frozenset(name for name, holds in facts.items() if holds)
    return {method: wishes_of(family, method, true) for method in METHODS}
