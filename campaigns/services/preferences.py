"""A person's preferences: read and replaced by that person alone."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns.errors import PreconditionFailed
from campaigns.models import Preferences, User
from campaigns.preferences import checked_preferences


def preferences_of(user: User) -> Preferences:
    """Return what the person chose; version 0, and not stored, when that is nothing yet."""
    return Preferences.objects.filter(user=user).first() or Preferences(user=user, version=0)


def replace_preferences(*, user: User, version: int, document: Any) -> Preferences:
    """Keep another document in the place of the one of ``version``.

    Raises PreconditionFailed with the document as it is now when another page of the person was faster.
    """
    checked = checked_preferences(document)
    if version == 0:
        _create(user, checked)
    else:
        mine = Preferences.objects.filter(user=user, version=version)
        if not mine.update(document=checked, version=version + 1, updated_at=timezone.now()):
            raise _conflict(user)
    return preferences_of(user)


def _create(user: User, document: dict[str, Any]) -> None:
    try:
        with transaction.atomic():
            Preferences.objects.create(user=user, document=document)
    except IntegrityError as error:
        raise _conflict(user) from error


def _conflict(user: User) -> PreconditionFailed:
    now = preferences_of(user)
    message = f"Another page of yours changed them first (version {now.version}). Take in `current`, then save again with its version."
    return PreconditionFailed(message, current=now.document, version=now.version)
