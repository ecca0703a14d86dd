"""Who may do what: a person's role in a campaign, checked first in every service.

Fetching checks visibility (a stranger gets 404), services check the role (a member gets 403).
"""

from collections.abc import Iterable
from typing import Final

from campaigns.errors import NotAllowed, NotFound
from campaigns.models import Campaign, Membership, Role, User

MANAGE: Final = (Role.OWNER, Role.MANAGER)
REVIEW: Final = (*MANAGE, Role.REVIEWER)
ANNOTATE: Final = (*REVIEW, Role.ANNOTATOR)
VIEW: Final = (*ANNOTATE, Role.VIEWER)


def remember_role(user: User, campaign: Campaign, role: str) -> None:
    """Keep a role that fetching the campaign told anyway, on this instance alone: a save is one query shorter."""
    campaign.fetched_role = (user.pk, Role(role))  # type: ignore[attr-defined]


def role_in(user: User, campaign: Campaign) -> Role | None:
    """Return the user's role; the deployment's owner is owner of every campaign."""
    if user.is_superuser:
        return Role.OWNER
    known_user, known_role = getattr(campaign, "fetched_role", (None, None))
    if known_user == user.pk:
        return known_role
    role = Membership.objects.filter(user=user, campaign=campaign).values_list("role", flat=True).first()
    return Role(role) if role else None


def require_role(user: User, campaign: Campaign, roles: Iterable[Role]) -> Role:
    """Return the user's role in the campaign.

    Raises NotFound for a stranger, NotAllowed for a member whose role is not among ``roles``.
    """
    roles = tuple(roles)
    role = role_in(user, campaign)
    if role is None:
        raise NotFound("There is no such campaign.")
    if role not in roles:
        wanted = " or ".join(sorted({str(r.value) for r in roles}))
        raise NotAllowed(f"This takes the role {wanted} in the campaign; yours is {role.value}. Ask its owner.")
    return role


def require_manager_somewhere(user: User) -> None:
    """Let pass who manages any campaign, and the deployment's owner."""
    if user.is_superuser or Membership.objects.filter(user=user, role__in=MANAGE).exists():
        return
    raise NotAllowed("This takes the role owner or manager in a campaign. Ask the owner of yours.")
