"""Find labels that are probably wrong, in a run: whole images by folds and neighbours, objects by what a model says of them.

A doubt's ``facts``: of whole images {"own", "other": probabilities of the given and the suggested label, "neighbours": the share
of them that has the given one}; of objects {"said": the model's annotation, "overlap": IoU, "model": its name}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from django.db import transaction

from active_learning.label_errors.classes import find_wrong_bits, find_wrong_classes
from active_learning.label_errors.objects import Judged, judge, ranked, sure_from
from active_learning.models import DoubtKind, DoubtState, LabelDoubt
from active_learning.services.embeddings import ensure_embeddings
from active_learning.services.out_of_fold import Annotations, learned_here, said_out_of_fold
from active_learning.services.outdated import last_look, saw_otherwise
from active_learning.services.truth import submitted_of, whole_labels
from campaigns.errors import Conflict, InvalidInput, NotFound
from campaigns.models import UNFINISHED, Campaign, Image, ImageState, Label, Run, Task, User
from campaigns.permissions import REVIEW, require_role
from campaigns.runs import RunContext, enqueue_run
from inference.models import Prediction
from inference.prefill import draft
from inference.services.planning import draft_rules
from inference.store import load_prediction
from models_registry.models import CampaignModel, RegisteredModel

KIND: Final = "label-errors"
BATCH: Final = 100
MOST: Final = 2000
WORTH_A_LOOK: Final = 30
"""With fewer labeled images than this the folds learn too little to doubt anybody."""
SEED: Final = 7
LEAST_SCORE: Final = 0.05


def start_doubting(*, user: User, campaign: Campaign, model: int | None = None) -> Run:
    """Queue a run that looks for wrong labels. ``model``: of objects, whose answers to compare with; None takes the one with most.

    Raises Conflict where nothing is submitted, or where no model has answered about what is.
    """
    require_role(user, campaign, REVIEW)
    if not _submitted(campaign).exists():
        raise Conflict("Nothing is submitted yet, so there is nothing to doubt.", code="nothing_submitted")
    if campaign.task != Task.CLASSIFICATION:
        _model_to_ask(campaign, model)
    with transaction.atomic():
        return enqueue_run(user=user, kind=KIND, campaign=campaign, params={"model": model})


def doubt_later(campaign: Campaign) -> Run | None:
    """Queue a look without anybody's asking, after a round; None where one waits already or there is too little to go by."""
    if _submitted(campaign).count() < WORTH_A_LOOK or Run.objects.filter(campaign=campaign, kind=KIND, state__in=UNFINISHED).exists():
        return None
    try:
        if campaign.task != Task.CLASSIFICATION:
            _model_to_ask(campaign, None)
    except Conflict:
        return None
    return enqueue_run(user=None, kind=KIND, campaign=campaign, params={"model": None})


def is_outdated(campaign: Campaign) -> bool:
    """Say whether another backbone has come since the last look; what is doubted of objects goes by no backbone."""
    if campaign.task != Task.CLASSIFICATION:
        return False
    look = last_look(campaign, KIND)
    return look is not None and saw_otherwise(campaign, look.pk)


def execute_doubting(context: RunContext) -> dict[str, object]:
    """Look for wrong labels, and put the list in the place of what is open of the last one; decisions stay decided."""
    campaign = context.run.campaign
    if campaign is None:
        raise NotFound("The campaign of this run was removed.")
    found = _whole(context, campaign) if campaign.task == Task.CLASSIFICATION else _objects(context, campaign)
    fresh = _fresh(campaign, found)
    context.flush()  # nothing is written over the list of a worker that has taken over
    with transaction.atomic():
        kept = _still_there(campaign, fresh)[:MOST]
        LabelDoubt.objects.filter(campaign=campaign, state=DoubtState.OPEN).delete()
        for doubt in kept:
            doubt.run = context.run
        LabelDoubt.objects.bulk_create(kept, batch_size=BATCH)
    return {"doubts": len(kept), "judged": _submitted(campaign).count()}


def _submitted(campaign: Campaign) -> Any:
    return Image.objects.filter(campaign=campaign, state__in=(ImageState.SUBMITTED, ImageState.ACCEPTED))


def _whole(context: RunContext, campaign: Campaign) -> list[LabelDoubt]:
    given = {image: named for image, said in submitted_of(_submitted(campaign)).items() if (named := whole_labels(said))}
    images = [image for image in _submitted(campaign).order_by("pk") if image.pk in given]
    embedded = ensure_embeddings(context, campaign, images)
    context.progress(message="Asking folds and neighbours", force=True)
    labels = sorted(set().union(*given.values())) if given else []
    if len(embedded.image_ids) < 2:
        return []
    bits = np.array([[label in given[image] for label in labels] for image in embedded.image_ids], bool)
    rng, check = np.random.default_rng(SEED), context.progress
    if (bits.sum(axis=1) > 1).any() or campaign.settings.get("multi_label"):
        return [
            LabelDoubt(
                campaign=campaign,
                image_id=embedded.image_ids[each.row],
                kind=DoubtKind.EXTRA if each.extra else DoubtKind.MISSING,
                given_id=labels[each.label] if each.extra else None,
                suggested_id=None if each.extra else labels[each.label],
                score=each.score,
                facts={"own": each.probability, "neighbours": each.neighbours},
            )
            for each in find_wrong_bits(embedded.matrix, bits, rng=rng, check=check)
        ]
    classes = bits.argmax(axis=1)
    return [
        LabelDoubt(
            campaign=campaign,
            image_id=embedded.image_ids[each.row],
            kind=DoubtKind.LABEL,
            given_id=labels[classes[each.row]],
            suggested_id=labels[each.suggested],
            score=each.score,
            facts={"own": each.own, "other": each.other, "neighbours": each.neighbours},
        )
        for each in find_wrong_classes(embedded.matrix, classes, len(labels), rng=rng, check=check)
    ]


def _model_to_ask(campaign: Campaign, wanted: int | None) -> RegisteredModel:
    """Return the model that submitted images are compared with: the one asked for, else the one that answered about most of them.

    One that was trained here need not have answered: heads of its kind are asked that did not learn from the image.
    """
    submitted = _submitted(campaign).order_by()
    attached = CampaignModel.objects.filter(campaign=campaign).select_related("model")
    models = [joined.model for joined in attached if wanted in (None, joined.model_id)]
    answers = {m: Prediction.objects.filter(model=m, model_version=m.version, image__in=submitted).count() for m in models}
    able = [m for m in models if answers[m]] or [m for m in models if learned_here(m) is not None]
    if not able:
        raise Conflict(
            "No model of this campaign has answered about submitted images, and none was trained here. "
            "Train one, or run one on them without drafts.",
            code="no_answers",
        )
    return max(able, key=lambda model: (answers[model], model.pk))


def _objects(context: RunContext, campaign: Campaign) -> list[LabelDoubt]:
    model = _model_to_ask(campaign, context.run.params.get("model"))
    known = set(Label.objects.filter(campaign=campaign).values_list("pk", flat=True))
    found = ranked(_judged(context, campaign, model))
    doubts = []
    for image, wrong in found:
        given, said = (None if each is None else each["label"] for each in (wrong.drawn, wrong.said))
        if wrong.score < LEAST_SCORE or {given, said} - {None} - known:
            continue
        facts = {"said": wrong.said, "drawn": wrong.drawn, "overlap": round(wrong.overlap, 4), "model": model.name}
        doubts.append(
            LabelDoubt(
                campaign=campaign,
                image_id=image,
                kind=wrong.kind.value,
                given_id=given,
                suggested_id=said,
                score=wrong.score,
                annotation="" if wrong.drawn is None else str(wrong.drawn["id"]),
                facts=facts,
            )
        )
    return doubts


def _judged(context: RunContext, campaign: Campaign, model: RegisteredModel) -> Iterator[tuple[int, Judged]]:
    """Judge every submitted image twice over: first to learn from which confidence on the model means what it says, then for good."""
    told = _folds(context, campaign, model)
    sure = sure_from(_compared(context, campaign, model, told))
    return ((image, judge(drawn, said, sure=sure)) for image, drawn, said in _compared(context, campaign, model, told))


def _folds(context: RunContext, campaign: Campaign, model: RegisteredModel) -> Mapping[int, Annotations] | None:
    """Return what heads say that did not learn from the image; None where the model did not, or nothing can be learned."""
    document = learned_here(model)
    if document is None:
        return None
    ids = list(_submitted(campaign).order_by("pk").values_list("pk", flat=True))
    try:
        return said_out_of_fold(context, campaign, model, ids, document)
    except InvalidInput as nothing:
        context.log(f"{nothing.detail} So the model's own answers are compared, which may repeat what it learned.")
        return None


def _compared(
    context: RunContext, campaign: Campaign, model: RegisteredModel, told: Mapping[int, Annotations] | None
) -> Iterator[tuple[int, Annotations, Annotations]]:
    """Yield each submitted image with what people accepted and what is said of it."""
    rules = draft_rules(model, campaign)
    ids = list(_submitted(campaign).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        context.progress(done=start, total=len(ids), message="Comparing with what the model says")
        part = ids[start : start + BATCH]
        truth = submitted_of(Image.objects.filter(pk__in=part))
        if told is not None:
            yield from ((image, _accepted(truth[image]), told[image]) for image in part if image in truth and image in told)
            continue
        for row in Prediction.objects.filter(image__in=part, model=model, model_version=model.version).order_by("image_id"):
            if row.image_id in truth:
                yield row.image_id, _accepted(truth[row.image_id]), draft(load_prediction(row), rules).annotations


def _accepted(annotations: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [each for each in annotations if each.get("review") == "accepted"]


def _still_there(campaign: Campaign, found: Sequence[LabelDoubt]) -> list[LabelDoubt]:
    """Leave out what is about images or labels that were removed during the search, which may take hours."""
    images = set(_submitted(campaign).values_list("pk", flat=True))
    labels = {None, *Label.objects.filter(campaign=campaign).values_list("pk", flat=True)}
    return [each for each in found if each.image_id in images and {each.given_id, each.suggested_id} <= labels]


def _fresh(campaign: Campaign, found: Sequence[LabelDoubt]) -> list[LabelDoubt]:
    """Leave out what somebody looked at already and kept, as long as the label is the same."""
    settled = LabelDoubt.objects.filter(campaign=campaign, state=DoubtState.KEPT)
    seen = set(settled.values_list("image_id", "kind", "given_id", "suggested_id", "annotation"))
    return [each for each in found if (each.image_id, each.kind, each.given_id, each.suggested_id, each.annotation) not in seen]
