"""The coverage map: a place on a plane for each image, computed in a run and kept, and what its points are coloured by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import transaction

from active_learning.embeddings.projection import project
from active_learning.models import RankedImage
from active_learning.services.embeddings import ensure_embeddings
from active_learning.services.outdated import saw_otherwise
from campaigns.errors import InvalidInput, NotFound
from campaigns.filters import Scope, counted_uses
from campaigns.imagery import written_atomically
from campaigns.models import Campaign, Image, Run, RunState, User
from campaigns.permissions import MANAGE, VIEW, require_role
from campaigns.runs import RunContext, enqueue_run
from campaigns.storage import folder
from inference.models import Prediction
from models_registry.networks.backbones import cores

KIND: Final = "map"
SEED: Final = 3
PLACES: Final = 4  # digits that are told of a place


@dataclass(frozen=True, eq=False)
class CoverageMap:
    """One column a property, one row an image that is still there, in the order of ids; ``run`` is None where no map is drawn yet.

    ``label``: that of its set, the default one or the most used, else None. ``round``: the last that asked for it. ``uncertainty``: the
    entropy of the newest answer of a model, 0 to 1. ``missing``: images that came after the map was drawn; ``unreadable``: those that had
    no place on it, since their files could not be read. ``outdated``: another backbone has come since.
    """

    run: int | None
    outdated: bool
    missing: int
    unreadable: int
    ids: list[int]
    x: list[float]
    y: list[float]
    label: list[int | None]
    split: list[str]
    state: list[str]
    round: list[int | None]
    uncertainty: list[float | None]


def start_map(*, user: User, campaign: Campaign) -> Run:
    """Queue a run that draws the campaign's map anew."""
    require_role(user, campaign, MANAGE)
    if not campaign.images.exists():
        raise InvalidInput("This campaign has no images yet.", code="nothing_selected")
    with transaction.atomic():
        return enqueue_run(user=user, kind=KIND, campaign=campaign)


def execute_map(context: RunContext) -> dict[str, object]:
    """Embed what is missing, lay all images out on the plane, and keep their places."""
    campaign = context.run.campaign
    if campaign is None:
        raise NotFound("The campaign of this run was removed.")
    images = list(campaign.images.order_by("id"))
    embedded = ensure_embeddings(context, campaign, images)
    context.progress(message="Laying the images out", force=True)
    places = project(embedded.matrix, seed=SEED, check=context.progress, jobs=cores())
    with written_atomically(map_path(campaign)) as temporary, temporary.open("wb") as file:
        lost = np.array([image.pk for image in images if image.pk in embedded.failures], np.int64)
        np.savez(file, run=context.run.pk, ids=np.array(embedded.image_ids, np.int64), places=places, unreadable=lost)
    return {"images": len(places), "unreadable": len(embedded.failures)}


def map_path(campaign: Campaign) -> Path:
    """Return the file of a campaign's map."""
    return folder("likeness") / f"map-{campaign.pk}.npz"


@dataclass(frozen=True, eq=False)
class _Kept:
    """A map as it was drawn: the places (N, 2) of images, and the images that have none; ``run`` is 0 where there is no map."""

    run: int
    ids: npt.NDArray[np.int64]
    places: npt.NDArray[np.float32]
    unreadable: frozenset[int]


NOTHING: Final = _Kept(0, np.empty(0, np.int64), np.empty((0, 2), np.float32), frozenset())


def _kept(campaign: Campaign) -> _Kept:
    try:
        with np.load(map_path(campaign), allow_pickle=False) as found:
            lost = found["unreadable"].tolist() if "unreadable" in found else []
            kept = _Kept(int(found["run"]), found["ids"], found["places"], frozenset(lost))
    except FileNotFoundError:
        return NOTHING
    return kept if Run.objects.filter(pk=kept.run, campaign=campaign, state=RunState.SUCCEEDED).exists() else NOTHING


def read_map(*, user: User, campaign: Campaign) -> CoverageMap:
    """Return the map as it was drawn last, with what its images are now."""
    require_role(user, campaign, VIEW)
    drawn = _kept(campaign)
    run, ids, places = drawn.run or None, drawn.ids, drawn.places
    rows = {pk: (split, state) for pk, split, state in Image.objects.filter(campaign=campaign).values_list("pk", "split", "state")}
    unreadable = len(drawn.unreadable & rows.keys())
    there = [at for at, pk in enumerate(ids.tolist()) if pk in rows]
    kept = [int(ids[at]) for at in there]
    labels, rounds, doubts = _labels(campaign, user), _rounds(campaign), _uncertainties(campaign)
    return CoverageMap(
        run=run,
        outdated=saw_otherwise(campaign, run),
        missing=len(rows) - len(kept) - unreadable if run is not None else 0,
        unreadable=unreadable,
        ids=kept,
        x=[round(float(places[at, 0]), PLACES) for at in there],
        y=[round(float(places[at, 1]), PLACES) for at in there],
        label=[labels.get(pk) for pk in kept],
        split=[rows[pk][0] for pk in kept],
        state=[rows[pk][1] for pk in kept],
        round=[rounds.get(pk) for pk in kept],
        uncertainty=[doubts.get(pk) for pk in kept],
    )


def _labels(campaign: Campaign, user: User) -> dict[int, int]:
    """Return one label an image: the default one, else the most used, else the first."""
    uses = counted_uses(Scope(campaign.pk, user.pk)).values_list("annotation_set__image", "label", "default", "count")
    best: dict[int, tuple[tuple[bool, int, int], int]] = {}
    for image, label, default, count in uses:
        worth = (bool(default), int(count), -int(label))
        if image not in best or worth > best[image][0]:
            best[image] = (worth, label)
    return {image: label for image, (_, label) in best.items()}


def _rounds(campaign: Campaign) -> dict[int, int]:
    """Return the last round that asked for each image; what was ranked behind a round's size was not asked."""
    rows = RankedImage.objects.filter(round__campaign=campaign).order_by("round__number")
    return {
        image: number for image, number, rank, size in rows.values_list("image", "round__number", "rank", "round__size") if rank <= size
    }


def _uncertainties(campaign: Campaign) -> dict[int, float]:
    rows = Prediction.objects.filter(image__campaign=campaign).order_by("id").values_list("image", "uncertainty")
    return {image: round(float(said["entropy"]), PLACES) for image, said in rows if _has_entropy(said)}


def _has_entropy(said: Mapping[str, Any]) -> bool:
    return isinstance(said.get("entropy"), int | float)
