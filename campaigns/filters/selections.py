"""Selections: how a request's body names images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q

from campaigns.errors import InvalidInput
from campaigns.filters.conditions import Scope
from campaigns.filters.fields import filtered
from campaigns.filters.tree import refused
from campaigns.models import Campaign, Image, ImageState, SavedView, Split, User
from campaigns.querysets import ImageQuerySet

MAX_IDS: Final = 100_000
MISSING: Final = ("refuse", "skip")
IDS_A_QUERY: Final = 500  # a database takes a limited number of variables in one statement


def select_images(campaign: Campaign, selection: Any, *, reader: User | None = None) -> ImageQuerySet:
    """Return the images that a selection names: ``"all"``, ``"unlabeled"``, ``{"filter": {…}}`` or ``{"view": id}``.

    Held-back images whose truth is known wait for nobody's label, so ``"unlabeled"`` leaves them out. ``reader``: whose own
    work counts where nothing was submitted. Raises InvalidInput for anything else.
    """
    images: ImageQuerySet = Image.objects.filter(campaign=campaign)
    if selection == "all":
        return images
    if selection == "unlabeled":
        waiting: ImageQuerySet = images.filter(state=ImageState.UNLABELED).exclude(split=Split.TEST, reference__isnull=False)
        return waiting
    selection = settled(campaign, selection, reader=reader)
    if isinstance(selection, dict) and set(selection) == {"filter"} and isinstance(selection["filter"], dict):
        return filtered(images, selection["filter"], Scope(campaign.pk, reader.pk if reader else None))
    raise refused('images must be "all", "unlabeled", a list of ids, {"ids": […]}, {"filter": {…}} or {"view": id}.')


def settled(campaign: Campaign, selection: Any, *, reader: User | None) -> Any:
    """Return the selection as it is now, for work that goes on when things have changed: a view's filter, the ids that are there.

    Raises InvalidInput for a view that is not there or is another person's own, and for ids that may not be missing.
    """
    if isinstance(selection, dict) and "ids" in selection:
        return chosen_images(campaign, selection, reader=reader).ids
    if not isinstance(selection, dict) or set(selection) != {"view"}:
        return selection
    number = selection["view"]
    if isinstance(number, bool) or not isinstance(number, int):
        raise refused("view is the id of a saved view.")
    visible = Q(shared=True) | Q(author=reader) if reader else Q(shared=True)
    view = SavedView.objects.filter(visible, campaign=campaign, pk=number).first()
    if view is None:
        raise refused("There is no such saved view in this campaign, or it is somebody else's own.")
    return {"filter": view.filter}


@dataclass(frozen=True)
class Chosen:
    """The images that a selection names, and those of its ids that the campaign does not have (any more)."""

    ids: list[int]
    missing: list[int]


def chosen_images(campaign: Campaign, selection: Any, *, reader: User | None = None, checked: bool = False) -> Chosen:
    """Return the images that a selection names, in the order of labeling; ids are a selection too and keep their order.

    ``[1, 2]`` must all be there; of ``{"ids": [1, 2], "missing": "skip"}`` those that are gone are passed over and named. With
    ``"state": "unlabeled"`` images that somebody labeled meanwhile are as good as gone.
    ``checked``: the selection was looked at before, so that images removed since then are passed over anyway.
    Raises InvalidInput for what is no selection, for ids that may not be missing, and when all of those that may are.
    """
    ids, may_miss, waiting = _listed(selection)
    if ids is None:
        chosen = select_images(campaign, selection, reader=reader)
        return Chosen(list(chosen.order_by("-priority", "id").values_list("pk", flat=True)), [])
    if not ids or len(ids) > MAX_IDS or any(isinstance(i, bool) or not isinstance(i, int) for i in ids):
        raise refused(f"A selection is a list of 1 to {MAX_IDS} image ids.")
    wanted = list(dict.fromkeys(ids))
    there = _there(campaign, wanted, waiting=waiting)
    missing = [i for i in wanted if i not in there]
    if missing and not checked and not may_miss:
        raise refused(f"Image {missing[0]} {'waits for no label any more' if waiting else 'is not in this campaign'}.")
    if may_miss and not there and waiting:
        raise InvalidInput("None of these images waits for a label any more. Look again.", code="all_gone")
    if may_miss and not there:
        raise InvalidInput("None of these images is in the campaign any more. Choose others.", code="all_gone")
    return Chosen([i for i in wanted if i in there], missing)


def selected_ids(campaign: Campaign, selection: Any, *, checked: bool = False, reader: User | None = None) -> list[int]:
    """Return the ids of ``chosen_images``."""
    return chosen_images(campaign, selection, reader=reader, checked=checked).ids


def _listed(selection: Any) -> tuple[list[Any] | None, bool, bool]:
    """Return the ids of a selection that lists them, whether some may be missing, and whether it means only those without a label."""
    if isinstance(selection, list):
        return selection, False, False
    if not isinstance(selection, dict) or "ids" not in selection:
        return None, False, False
    missing, state = selection.get("missing", "refuse"), selection.get("state", "")
    if set(selection) - {"ids", "missing", "state"} or not isinstance(selection["ids"], list) or missing not in MISSING:
        raise refused('Ids are written {"ids": [1, 2], "missing": "skip"}; missing is refuse or skip.')
    if state not in ("", ImageState.UNLABELED):
        raise refused("state is unlabeled, or left out.")
    return selection["ids"], missing == "skip", state == ImageState.UNLABELED


def _there(campaign: Campaign, wanted: list[int], *, waiting: bool) -> set[int]:
    images = Image.objects.filter(campaign=campaign, **({"state": ImageState.UNLABELED} if waiting else {}))
    found: set[int] = set()
    for start in range(0, len(wanted), IDS_A_QUERY):
        found.update(images.filter(pk__in=wanted[start : start + IDS_A_QUERY]).values_list("pk", flat=True))
    return found
