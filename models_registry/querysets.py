"""Reading the registry goes through querysets that know the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Q, QuerySet

from campaigns.permissions import MANAGE

if TYPE_CHECKING:
    from campaigns.models import User


class RegisteredModelQuerySet(models.QuerySet[Any]):
    """Registered models."""

    def visible_to(self, user: User) -> RegisteredModelQuerySet:
        """Keep the user's own models, those put to use in the user's campaigns, and those that the user took out of them."""
        if user.is_superuser:
            return self
        mine = Q(created_by=user) | Q(campaign_models__campaign__memberships__user=user) | Q(pk__in=detached_by(user))
        return self.filter(mine).distinct()


def detached_by(user: User) -> QuerySet[Any, Any]:
    """Return the ids of the models that the user detached from a campaign, and manages it still: so that it can be taken back."""
    entries = apps.get_model("models_registry", "AuditEntry").objects.filter(user=user, action="model.detached")
    managed = entries.filter(campaigns__memberships__user=user, campaigns__memberships__role__in=MANAGE)
    return managed.exclude(model_number=None).values_list("model_number", flat=True)
