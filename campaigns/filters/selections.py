"""Selections: how a request's body names images."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q

from campaigns.filters.conditions import Scope
from campaigns.filters.fields import filtered
from campaigns.filters.tree import refused
from campaigns.models import Campaign, Image, ImageState, SavedView, Split, User
from campaigns.querysets import ImageQuerySet

MAX_IDS: Final = 100_000
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
    raise refused('images must be "all", "unlabeled", a list of ids, {"filter": {…}} or {"view": id}.')


def settled(campaign: Campaign, selection: Any, *, reader: User | None) -> Any:
    """Return the selection with a saved view's filter in the view's place, for work that goes on when the view has changed.

    Raises InvalidInput for a view that is not there, or is another person's own.
    """
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


def selected_ids(campaign: Campaign, selection: Any, *, checked: bool = False, reader: User | None = None) -> list[int]:
    """Return the ids that a selection names, in the order of labeling; a list of ids is a selection too and keeps its order.

    ``checked``: the selection was looked at before, so that images removed since then are left out in silence.
    Raises InvalidInput for what is no selection, and for ids that are not of this campaign.
    """
    if not isinstance(selection, list):
        chosen = select_images(campaign, selection, reader=reader)
        return list(chosen.order_by("-priority", "id").values_list("pk", flat=True))
    if not selection or len(selection) > MAX_IDS or any(isinstance(i, bool) or not isinstance(i, int) for i in selection):
        raise refused(f"A selection is a list of 1 to {MAX_IDS} image ids.")
    wanted = list(dict.fromkeys(selection))
    found: set[int] = set()
    for start in range(0, len(wanted), IDS_A_QUERY):
        part = Image.objects.filter(campaign=campaign, pk__in=wanted[start : start + IDS_A_QUERY])
        found.update(part.values_list("pk", flat=True))
    missing = [i for i in wanted if i not in found]
    if missing and not checked:
        raise refused(f"Image {missing[0]} is not in this campaign.")
    return [i for i in wanted if i in found]
