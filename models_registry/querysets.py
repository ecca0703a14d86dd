"""Reading the registry goes through querysets that know the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from campaigns.models import User


class RegisteredModelQuerySet(models.QuerySet[Any]):
    """Registered models."""

    def visible_to(self, user: User) -> RegisteredModelQuerySet:
        """Keep the user's own models and those put to use in the user's campaigns."""
        if user.is_superuser:
            return self
        return self.filter(Q(created_by=user) | Q(campaign_models__campaign__memberships__user=user)).distinct()
