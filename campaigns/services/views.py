"""Saved views: filters with a name, a person's own or shared."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from campaigns.errors import Conflict
from campaigns.filters import Scope, checked_filter
from campaigns.models import Campaign, SavedView, User
from campaigns.permissions import MANAGE, VIEW, require_role
from campaigns.services.campaigns import checked_text


def views_of(*, user: User, campaign: Campaign) -> QuerySet[SavedView]:
    """Return the views that a person may see: the own and the shared ones."""
    found: QuerySet[SavedView] = SavedView.objects.filter(Q(shared=True) | Q(author=user), campaign=campaign).select_related("author")
    return found


def create_view(*, user: User, campaign: Campaign, name: str, shared: bool = False, **fields: Any) -> SavedView:
    """Save a filter; every member keeps views, managers share them."""
    require_role(user, campaign, MANAGE if shared else VIEW)
    fields = _checked(user, campaign, {**fields, "name": name})
    try:
        with transaction.atomic():
            return SavedView.objects.create(campaign=campaign, author=user, shared=shared, **fields)
    except IntegrityError as error:
        raise _taken(name) from error


def update_view(*, user: User, view: SavedView, **changes: Any) -> SavedView:
    """Change a view; what is shared, or becomes so, takes a manager."""
    _require(user, view, shared=changes.get("shared", False))
    changes = _checked(user, view.campaign, changes)
    try:
        with transaction.atomic():
            SavedView.objects.filter(pk=view.pk).update(**changes)
    except IntegrityError as error:
        raise _taken(changes["name"]) from error
    view.refresh_from_db()
    return view


def delete_view(*, user: User, view: SavedView) -> None:
    """Remove a view; the images stay."""
    _require(user, view)
    view.delete()


def _require(user: User, view: SavedView, *, shared: bool = False) -> None:
    require_role(user, view.campaign, MANAGE if view.shared or shared else VIEW)


def _checked(user: User, campaign: Campaign, fields: dict[str, Any]) -> dict[str, Any]:
    checked = dict(fields)
    if "name" in fields:
        checked["name"] = checked_text(fields["name"], "name", 100)
    if "filter" in fields:
        checked["filter"] = checked_filter(fields["filter"], Scope(campaign.pk, user.pk))
    return checked


def _taken(name: str) -> Conflict:
    return Conflict(f"You have a view called {name!r} already; choose another name.", code="view_clash")
