"""How a campaign is trained, ranked and measured: its task, the two kinds of segmentation told apart."""

from __future__ import annotations

from active_learning.training.families import family_name
from campaigns.models import Campaign
from campaigns.options import CampaignOptions


def kind_of(campaign: Campaign) -> str:
    """Return classification, detection, instance, semantic or keypoints."""
    return family_name(campaign.task, CampaignOptions.from_document(campaign.settings).segmentation)
