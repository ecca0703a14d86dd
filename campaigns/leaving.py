"""What applications clear away when a campaign is removed: files, which no cascade of the database reaches.

This floor knows nothing of who keeps some. An application names what it does when it is ready.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from django.utils.module_loading import import_string

from campaigns.models import Campaign

Clearing = Callable[[], None]

logger: Final = logging.getLogger(__name__)
_LEAVERS: list[str] = []


def register_leaver(leaver: str) -> None:
    """Make known who keeps files of campaigns: ``leaver(campaign) -> Clearing``, by its dotted path.

    It looks while the campaign is there, and returns what to do once it is gone. A second time changes nothing.
    """
    if leaver not in _LEAVERS:
        _LEAVERS.append(leaver)


def clearings_of(campaign: Campaign) -> list[Clearing]:
    """Return what is to be done once a campaign is gone."""
    leavers: list[Callable[[Campaign], Clearing]] = [import_string(leaver) for leaver in _LEAVERS]
    return [leaver(campaign) for leaver in leavers]


def clear(clearings: list[Clearing]) -> None:
    """Clear everything away; a file that cannot be removed takes room and does no other harm."""
    for clearing in clearings:
        try:
            clearing()
        except OSError:
            logger.warning("a removed campaign left a file behind", exc_info=True)
