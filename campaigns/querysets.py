"""Reading goes through querysets that know the user: what you may not see, you cannot hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast

if TYPE_CHECKING:
    from campaigns.models import User


class CampaignQuerySet(models.QuerySet[Any]):
    """Campaigns."""

    def visible_to(self, user: User) -> CampaignQuerySet:
        """Keep those that the user is a member of; the deployment's owner sees all."""
        if user.is_superuser:
            return self
        return self.filter(memberships__user=user)


class ChildOfCampaignQuerySet(models.QuerySet[Any]):
    """Rows that belong to a campaign."""

    def visible_to(self, user: User) -> ChildOfCampaignQuerySet:
        """Keep those of campaigns that the user is a member of."""
        if user.is_superuser:
            return self
        return self.filter(campaign__memberships__user=user)


class ImageQuerySet(ChildOfCampaignQuerySet):
    """Images."""

    def pool(self) -> ImageQuerySet:
        """Keep images not yet labeled; the test split is never asked."""
        return self.filter(state="unlabeled").exclude(split="test")


class AnnotationSetQuerySet(models.QuerySet[Any]):
    """Annotation sets."""

    def visible_to(self, user: User) -> AnnotationSetQuerySet:
        """Keep those on images of campaigns that the user is a member of."""
        if user.is_superuser:
            return self
        return self.filter(image__campaign__memberships__user=user)

    def with_text(self) -> AnnotationSetQuerySet:
        """Read the annotations as ``text``, JSON that nothing has parsed; they become values only when they are asked for."""
        texts: AnnotationSetQuerySet = self.defer("annotations").annotate(text=Cast("annotations", models.TextField()))
        return texts


class RunQuerySet(models.QuerySet[Any]):
    """Background runs."""

    def visible_to(self, user: User) -> RunQuerySet:
        """Keep the user's own and those of campaigns that the user is a member of."""
        if user.is_superuser:
            return self
        return self.filter(Q(campaign__memberships__user=user) | Q(campaign=None, created_by=user)).distinct()
