"""Write down who did what to which model, and show it to owners."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.db.models import Q, QuerySet

from campaigns.errors import NotAllowed
from campaigns.models import Membership, Role, User
from models_registry.models import AuditEntry, CampaignModel, RegisteredModel

LONGEST_URL = 500


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request came from: the network address, and what sent it."""

    address: str = ""
    client: str = ""


UNKNOWN_CALLER: Final = Caller()


def record(
    user: User,
    action: str,
    *,
    caller: Caller = UNKNOWN_CALLER,
    model: RegisteredModel | None = None,
    url: str = "",
    details: Mapping[str, Any] | None = None,
    campaigns: Iterable[int] = (),
) -> AuditEntry:
    """Add an entry, in the transaction of what it tells; a secret is named at most, never written."""
    entry = AuditEntry.objects.create(
        user=user, username=user.username, action=action,
        model_number=None if model is None else model.pk, model_name="" if model is None else model.name,
        url=shown_url(url or ("" if model is None else model.url)), details=dict(details or {}),
        address=caller.address[:64], client=caller.client[:200],
    )  # fmt: skip
    used = set(campaigns)
    if model is not None:
        used |= set(CampaignModel.objects.filter(model=model).values_list("campaign_id", flat=True))
    entry.campaigns.set(used)
    return entry


def shown_url(url: str) -> str:
    """Return an address without what may be secret in it: user, password, query and fragment."""
    try:
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{host}{port}{parts.path}"[:LONGEST_URL] if host else ""


def audit_entries(*, user: User) -> QuerySet[AuditEntry]:
    """Return what the user may read: all for the deployment's owner; for a campaign's owner what concerns its models.

    Raises NotAllowed for everyone else.
    """
    if user.is_superuser:
        return AuditEntry.objects.all()
    owned = Membership.objects.filter(user=user, role=Role.OWNER).values("campaign_id")
    if not owned.exists():
        raise NotAllowed("The audit log is for owners of campaigns. Ask the owner of yours.")
    used = CampaignModel.objects.filter(campaign__in=owned).values("model_id")
    mine = Q(user=user) | Q(campaigns__in=owned) | Q(model_number__in=used)
    return AuditEntry.objects.filter(pk__in=AuditEntry.objects.filter(mine).values("pk"))
