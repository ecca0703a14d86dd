"""Draft anew what is asked next, by the head that has just ranked it.

No model is made of that head. Its drafts take the place of those of the round's model, under that model's name and a version that
says how many labels taught it: "3+412". Images that somebody has open or has worked on keep the drafts that they have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.utils import timezone

from active_learning.models import Round
from active_learning.services.ranking import Place
from active_learning.services.refitting import Gathered
from active_learning.services.refitting_finders import Refitted
from campaigns.models import AnnotationSet, Image, ImageState
from campaigns.services import write_drafts_bulk
from inference.predictors import classes_said
from inference.prefill import DraftRules, ModelTag, draft
from inference.schema import Prediction
from inference.services.planning import draft_rules
from inference.wire import ModelClass
from models_registry.models import CampaignModel

AHEAD: Final = 50


def redraft(round_: Round, found: Gathered, places: Sequence[Place]) -> int:
    """Write the head's drafts on the next images; return how many got new ones. Nothing where the round wanted no drafts."""
    if found.finder is not None:
        return _redraft_found(round_, found.finder, places)
    head, answers, rules = found.head, found.answers, _rules(round_, found)
    if head is None or answers is None or answers.probabilities is None or rules is None:
        return 0
    classes = [ModelClass(place, name) for place, name in enumerate(head.names)]
    row_of = {image: row for row, image in enumerate(answers.image_ids)}
    drafts = {}
    for image in _untouched([place.image_id for place in places[:AHEAD]]):
        if image in row_of:
            said = classes_said(classes, answers.probabilities[row_of[image]].tolist(), multi_label=answers.multi_label)
            drafts[image] = draft(Prediction((said,), 1, 1), rules).annotations  # of the image as a whole, whatever its size
    if drafts and round_.model_id is not None:
        write_drafts_bulk(model_id=round_.model_id, drafts=drafts)
    return len(drafts)


def _redraft_found(round_: Round, finder: Refitted, places: Sequence[Place]) -> int:
    """Write what the refitted head found on the next images that it was asked about."""
    drafts = {}
    for image in _untouched([place.image_id for place in places[:AHEAD]]):
        answer = finder.answers.get(image)
        if answer is not None and answer.drafts is not None:
            drafts[image] = answer.drafts
    if drafts and round_.model_id is not None:
        write_drafts_bulk(model_id=round_.model_id, drafts=drafts)
    return len(drafts)


def _rules(round_: Round, found: Gathered) -> DraftRules | None:
    """Return how to draft: the round's model lends its name and thresholds, the head's columns are labels of the campaign."""
    wanted = round_.run is None or bool(round_.run.params.get("prefill", True))
    model, head = round_.model, found.head
    if not wanted or model is None or head is None:
        return None
    if not CampaignModel.objects.filter(campaign=round_.campaign_id, model=model).exists():
        return None  # detached since: nobody wants its drafts any more
    tag = ModelTag(model.pk, model.name, f"{round_.model_version}+{head.labeled}")
    return replace(draft_rules(model, round_.campaign), model=tag, labels=dict(enumerate(head.label_ids)))


def _untouched(image_ids: Sequence[int]) -> list[int]:
    """Return those images, in order, that nobody has open, has worked on, or has handed in."""
    waiting = Image.objects.filter(pk__in=image_ids, state=ImageState.UNLABELED).exclude(leased_until__gt=timezone.now())
    free = set(waiting.values_list("pk", flat=True))
    worked_on = set(AnnotationSet.objects.filter(image__in=image_ids).exclude(author=None).values_list("image_id", flat=True))
    return [image for image in image_ids if image in free and image not in worked_on]
