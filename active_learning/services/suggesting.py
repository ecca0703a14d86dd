"""Label by similarity: what the labeled images that look most alike say of others, without any training."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import transaction

from active_learning.embeddings.votes import NEIGHBOURS, vote
from active_learning.services.embeddings import ensure_embeddings
from active_learning.services.outdated import saw_otherwise
from active_learning.services.truth import submitted_of, whole_labels
from campaigns.errors import Conflict, InvalidInput, NotFound
from campaigns.filters import selected_ids
from campaigns.imagery import written_atomically
from campaigns.models import Campaign, Image, ImageState, Label, Run, RunState, User
from campaigns.permissions import ANNOTATE, require_role
from campaigns.runs import RunContext, enqueue_run
from campaigns.storage import folder

KIND: Final = "suggesting"
SHOWN_NEIGHBOURS: Final = 3
MOST_NEIGHBOURS: Final = 100
LEAST_SHARE: Final = 0.05


@dataclass(frozen=True)
class Suggestion:
    """A label for an image, its share of the neighbours' votes (0 to 1), and the nearest of those that voted for it."""

    image: int
    label: int
    confidence: float
    neighbours: tuple[int, ...]


@dataclass(frozen=True)
class Suggestions:
    """What the last run suggests, the surest first. ``voters``: so many labeled images could vote; ``outdated``: another backbone came."""

    run: int | None
    voters: int
    suggestions: tuple[Suggestion, ...]
    outdated: bool = False


def start_suggesting(*, user: User, campaign: Campaign, images: Any = "unlabeled", neighbours: int = NEIGHBOURS) -> Run:
    """Queue a run that lets labeled images vote on the labels of a selection; what it suggests waits to be accepted."""
    require_role(user, campaign, ANNOTATE)
    if not 1 <= neighbours <= MOST_NEIGHBOURS:
        raise InvalidInput(f"neighbours is a whole number from 1 to {MOST_NEIGHBOURS}.", code="invalid_neighbours")
    chosen = selected_ids(campaign, images, reader=user)
    if not chosen:
        raise InvalidInput("No image is selected.", code="nothing_selected")
    with transaction.atomic():
        return enqueue_run(user=user, kind=KIND, campaign=campaign, params={"images": images, "neighbours": neighbours})


def execute_suggesting(context: RunContext) -> dict[str, object]:
    """Embed what is missing, let the neighbours vote, and write down what they say."""
    campaign = context.run.campaign
    if campaign is None:
        raise NotFound("The campaign of this run was removed.")
    known = _voters(campaign)
    if not known:
        raise Conflict("No image has a label of the whole image yet. Label a few of each kind first.", code="nothing_labeled")
    asked = set(selected_ids(campaign, context.run.params["images"], checked=True, reader=context.run.created_by)) - set(known)
    images = list(campaign.images.exclude(state=ImageState.EXCLUDED).order_by("id"))
    embedded = ensure_embeddings(context, campaign, [image for image in images if image.pk in known or image.pk in asked])
    context.progress(message="Asking the neighbours", force=True)
    found = _voted(
        embedded.image_ids, embedded.matrix, known, asked, int(context.run.params["neighbours"]), bool(campaign.settings.get("multi_label"))
    )
    _write(campaign, context.run, len(known), found)
    return {"suggested": len({each.image for each in found}), "voters": len(known), "unreadable": len(embedded.failures)}


def _voters(campaign: Campaign) -> dict[int, frozenset[int]]:
    """Return the labeled images that may vote; those that measure models stay out."""
    images: Any = Image.objects.filter(campaign=campaign, state__in=(ImageState.SUBMITTED, ImageState.ACCEPTED)).exclude(split="test")
    labels = {image: whole_labels(said) for image, said in submitted_of(images).items()}
    return {image: given for image, given in labels.items() if given}


def _voted(
    ids: Sequence[int],
    matrix: npt.NDArray[np.float32],
    known: Mapping[int, frozenset[int]],
    asked: set[int],
    neighbours: int,
    several: bool,
) -> list[Suggestion]:
    voting = [place for place, pk in enumerate(ids) if pk in known]
    waiting = [place for place, pk in enumerate(ids) if pk in asked]
    if not voting or not waiting:
        return []
    labels = sorted(set().union(*(known[ids[place]] for place in voting)))
    bits = np.array([[label in known[ids[place]] for label in labels] for place in voting], np.float32)
    votes = vote(matrix[waiting], matrix[voting], bits, neighbours=neighbours)
    found = []
    for row, place in enumerate(waiting):
        shares = votes.shares[row]
        columns = np.flatnonzero(shares >= 0.5) if several else [int(shares.argmax())]
        for column in columns:
            agreeing = [ids[voting[at]] for at in votes.places[row] if bits[at, column]][:SHOWN_NEIGHBOURS]
            if shares[column] >= LEAST_SHARE:
                found.append(Suggestion(ids[place], labels[column], round(float(shares[column]), 4), tuple(agreeing)))
    return sorted(found, key=lambda each: (-each.confidence, each.image))


def suggestions_path(campaign: Campaign) -> Path:
    """Return the file of what a campaign's neighbours suggest."""
    return folder("likeness") / f"suggestions-{campaign.pk}.json"


def _write(campaign: Campaign, run: Run, voters: int, found: Sequence[Suggestion]) -> None:
    document = {"run": run.pk, "voters": voters, "found": [[each.image, each.label, each.confidence, each.neighbours] for each in found]}
    with written_atomically(suggestions_path(campaign)) as temporary:
        temporary.write_text(json.dumps(document, separators=(",", ":")))


def read_suggestions(*, user: User, campaign: Campaign, least: float = 0.0) -> Suggestions:
    """Return what the last run suggested from a confidence on, for images that still wait for a label and labels still there."""
    require_role(user, campaign, ANNOTATE)
    try:
        document = json.loads(suggestions_path(campaign).read_text())
    except FileNotFoundError:
        return Suggestions(None, 0, ())
    if not Run.objects.filter(pk=document["run"], campaign=campaign, state=RunState.SUCCEEDED).exists():
        return Suggestions(None, 0, ())
    waiting = set(Image.objects.filter(campaign=campaign, state=ImageState.UNLABELED).values_list("pk", flat=True))
    labels = set(Label.objects.filter(campaign=campaign).values_list("pk", flat=True))
    found = (Suggestion(image, label, confidence, tuple(near)) for image, label, confidence, near in document["found"])
    kept = tuple(each for each in found if each.confidence >= least and each.image in waiting and each.label in labels)
    return Suggestions(document["run"], document["voters"], kept, saw_otherwise(campaign, document["run"]))
