"""What labeling cost, by person, shape and origin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Sum

from campaigns.models import Campaign, Effort, User
from campaigns.permissions import REVIEW, VIEW, require_role


@dataclass(frozen=True)
class EffortRow:
    """What objects of one shape and origin cost one person in a campaign."""

    user: dict[str, Any]
    shape: str
    origin: str
    objects: int
    active_s: float
    actions: int

    @property
    def s_per_object(self) -> float:
        """Return active seconds an object."""
        return round(self.active_s / self.objects, 2)

    @property
    def actions_per_object(self) -> float:
        """Return actions an object."""
        return round(self.actions / self.objects, 2)


def effort_of(
    *, user: User, campaign: Campaign, person: int | None = None, after: datetime | None = None, before: datetime | None = None
) -> list[EffortRow]:
    """Add up what was submitted between two times. Who neither manages nor reviews sees the own effort alone."""
    role = require_role(user, campaign, VIEW)
    rows = Effort.objects.filter(campaign=campaign)
    if role not in REVIEW:
        rows = rows.filter(user=user)
    if person is not None:
        rows = rows.filter(user=person)
    if after is not None:
        rows = rows.filter(submitted_at__gte=after)
    if before is not None:
        rows = rows.filter(submitted_at__lte=before)
    sums = rows.values("user", "user__username", "shape", "origin").annotate(
        total_objects=Sum("object_count"), total_s=Sum("active_s"), total_actions=Sum("actions")
    )
    return [
        EffortRow(
            {"id": row["user"], "username": row["user__username"]}, row["shape"], row["origin"],
            row["total_objects"], round(row["total_s"], 2), row["total_actions"],
        )
        for row in sums.order_by("user__username", "user", "shape", "origin")
    ]  # fmt: skip
