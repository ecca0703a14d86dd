"""Ensembles: several models of a campaign that answer as one."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson
from django.db import transaction

from campaigns.errors import Conflict, InvalidInput
from campaigns.models import Campaign, Task, User
from campaigns.options import CampaignOptions
from campaigns.permissions import MANAGE, require_role
from inference.endpoints import endpoint_of
from inference.ensembling import Ballot, Voice, combine
from inference.ensembling.voices import DEFAULT_OVERLAP
from inference.schema import Prediction
from inference.services.comparing import kind_of
from models_registry.checkpoints import map_by_identity
from models_registry.models import CampaignModel, ModelKind, RegisteredModel
from models_registry.options import ModelOptions
from models_registry.protocols import ENSEMBLE
from models_registry.services.auditing import UNKNOWN_CALLER, Caller, record

MOST_MEMBERS: Final = 8
MOST_WEIGHT: Final = 100.0


@dataclass(frozen=True, slots=True)
class Member:
    """A model of an ensemble. ``labels``: class index → label id, as the campaign maps it."""

    model: RegisteredModel
    weight: float
    labels: Mapping[int, int]


@dataclass(frozen=True)
class Ensemble:
    """An ensemble ready to vote."""

    model: RegisteredModel
    members: tuple[Member, ...]
    ballot: Ballot

    def combine(self, answers: Mapping[int, Prediction]) -> Prediction:
        """Return the answer of all, from those of the members (model id → prediction)."""
        return combine([Voice(answers[each.model.pk], each.labels, each.weight) for each in self.members], self.ballot)


@dataclass(frozen=True, slots=True)
class _Recipe:
    """What is stored of an ensemble. ``labels``: label ids, the place is the class index; ``mark``: of what the version stands for."""

    campaign: int
    members: tuple[tuple[int, float], ...]
    labels: tuple[int, ...]
    overlap: float
    mark: int = 0

    @classmethod
    def of(cls, model: RegisteredModel) -> _Recipe:
        stored = model.options["extra"][ENSEMBLE]
        members = tuple((int(one), float(weight)) for one, weight in stored["members"])
        return cls(stored["campaign"], members, tuple(stored["labels"]), stored["overlap"], stored["mark"])


def create_ensemble(
    *, user: User, campaign: Campaign, name: str, members: Sequence[Mapping[str, Any]], overlap: float = DEFAULT_OVERLAP,
    caller: Caller = UNKNOWN_CALLER,
) -> RegisteredModel:  # fmt: skip
    """Make a model of models that the campaign uses, and attach it.

    ``members``: ``[{"model": id, "weight": 1.0}]``, 2 to 8. Raises InvalidInput for models that cannot vote, with the reason.
    """
    require_role(user, campaign, MANAGE)
    recipe = _Recipe(campaign.pk, _checked(campaign, members), tuple(campaign.labels.values_list("pk", flat=True)), _overlap(overlap))
    names = dict(campaign.labels.values_list("pk", "name"))
    classes = [{"index": place, "name": names[label]} for place, label in enumerate(recipe.labels)]
    multi_label = campaign.task == Task.CLASSIFICATION and CampaignOptions.from_document(campaign.settings).multi_label
    with transaction.atomic():
        model = RegisteredModel.objects.create(
            kind=ModelKind.ENSEMBLE, protocol=ENSEMBLE, name=_name(name), version="1", task=campaign.task, multi_label=multi_label,
            classes=classes, options=_options(recipe), created_by=user,
        )  # fmt: skip
        map_by_identity(campaign, model, recipe.labels)
        _write_mark(model)
        record(
            user,
            "model.registered",
            caller=caller,
            model=model,
            details={"protocol": ENSEMBLE, "members": [one for one, _ in recipe.members]},
        )
    return model


def change_ensemble(
    *, user: User, campaign: Campaign, model: RegisteredModel, members: Sequence[Mapping[str, Any]], overlap: float,
    caller: Caller = UNKNOWN_CALLER,
) -> RegisteredModel:  # fmt: skip
    """Give an ensemble other members or weights; its version counts on, so that images are answered about anew."""
    require_role(user, campaign, MANAGE)
    recipe = _Recipe.of(_ensemble(model, campaign))
    changed = _Recipe(recipe.campaign, _checked(campaign, members), recipe.labels, _overlap(overlap), recipe.mark)
    with transaction.atomic():
        model.options = _options(changed)
        model.save(update_fields=["options", "updated_at"])
        renew_version(model)
        record(user, "model.changed", caller=caller, model=model, details={"fields": ["members"]})
    return model


def members_document(model: RegisteredModel, campaign: Campaign) -> dict[str, Any]:
    """Return who votes in an ensemble, and how."""
    recipe = _Recipe.of(_ensemble(model, campaign))
    known = RegisteredModel.objects.in_bulk([one for one, _ in recipe.members])
    members = [
        {
            "model": one,
            "weight": weight,
            "name": known[one].name if one in known else "",
            "version": known[one].version if one in known else "",
        }
        for one, weight in recipe.members
    ]
    return {"members": members, "overlap": recipe.overlap}


def load_ensemble(model: RegisteredModel) -> Ensemble:
    """Return an ensemble with its members as they are now; raises Conflict when one of them is gone."""
    recipe = _Recipe.of(model)
    campaign = Campaign.objects.filter(pk=recipe.campaign).first()
    if campaign is None:
        raise Conflict("The campaign of this ensemble was removed.", code="ensemble_broken")
    attached = {
        each.model_id: each
        for each in CampaignModel.objects.filter(campaign=campaign, model__in=[one for one, _ in recipe.members])
        .select_related("model")
        .prefetch_related("mappings")
    }
    members = []
    for one, weight in recipe.members:
        if one not in attached:
            raise Conflict(
                f"A member of {model.name} (model {one}) is no longer attached to the campaign. Attach it again, or change the members.",
                code="ensemble_broken",
            )
        mapping = {row.class_index: row.label_id for row in attached[one].mappings.all()}
        members.append(Member(attached[one].model, weight, mapping))
    return Ensemble(model, tuple(members), _ballot(model, campaign, recipe))


def _ballot(model: RegisteredModel, campaign: Campaign, recipe: _Recipe) -> Ballot:
    names = {int(each["index"]): str(each["name"]) for each in model.classes}
    return Ballot(
        tuple((label, names[place]) for place, label in enumerate(recipe.labels)),
        multi_label=model.multi_label,
        boxes=campaign.task == Task.DETECTION,
        areas=kind_of(campaign) == "areas",
        overlap=recipe.overlap,
        version=model.version,
    )


def renew_version(model: RegisteredModel) -> None:
    """Count the version on when a member answers otherwise than when it was last counted: another version, mapping or weight."""
    if model.kind != ModelKind.ENSEMBLE:
        return
    with transaction.atomic():
        locked = RegisteredModel.objects.select_for_update().get(pk=model.pk)
        if _mark(load_ensemble(locked)) == _Recipe.of(locked).mark:
            model.version = locked.version
            return
        model.version = locked.version = str(int(locked.version) + 1) if locked.version.isdigit() else f"{locked.version}.1"
        locked.save(update_fields=["version"])
        _write_mark(locked)
        model.options = locked.options


def require_unchanged(model: RegisteredModel) -> None:
    """Raise Conflict where an ensemble answers otherwise by now than in the version that it is held in."""
    if model.kind != ModelKind.ENSEMBLE:
        return
    now = RegisteredModel.objects.get(pk=model.pk)
    if now.version != model.version or _mark(load_ensemble(now)) != _Recipe.of(now).mark:
        raise Conflict(
            f"A member of {model.name} was changed while this was being made. Begin again, so that all answers are of one kind.",
            code="ensemble_changed",
        )


def _write_mark(model: RegisteredModel) -> None:
    recipe = _Recipe.of(model)
    model.options = _options(_Recipe(recipe.campaign, recipe.members, recipe.labels, recipe.overlap, _mark(load_ensemble(model))))
    model.save(update_fields=["options"])


def _mark(ensemble: Ensemble) -> int:
    """Return a number that changes with whatever changes the ensemble's answers."""
    told = [[each.model.pk, each.model.version, each.weight, sorted(each.labels.items())] for each in ensemble.members]
    return zlib.crc32(orjson.dumps([told, ensemble.ballot.overlap]))


def _options(recipe: _Recipe) -> dict[str, Any]:
    return ModelOptions(extra={ENSEMBLE: asdict(recipe)}).as_document()


def _ensemble(model: RegisteredModel, campaign: Campaign) -> RegisteredModel:
    if model.kind != ModelKind.ENSEMBLE or _Recipe.of(model).campaign != campaign.pk:
        raise InvalidInput(f"{model.name} is no ensemble of this campaign.", code="not_an_ensemble")
    return model


def _checked(campaign: Campaign, members: Sequence[Mapping[str, Any]]) -> tuple[tuple[int, float], ...]:
    chosen = {int(each["model"]): float(each.get("weight", 1.0)) for each in members}
    if not 2 <= len(chosen) <= MOST_MEMBERS or len(chosen) != len(members):
        raise InvalidInput(f"An ensemble has 2 to {MOST_MEMBERS} different models of the campaign.", code="invalid_ensemble")
    for weight in chosen.values():
        if not (math.isfinite(weight) and 0 < weight <= MOST_WEIGHT):
            raise InvalidInput(f"A weight lies above 0 and at most at {MOST_WEIGHT:.0f}.", code="invalid_ensemble")
    attached = {
        each.model_id: each
        for each in CampaignModel.objects.filter(campaign=campaign, model__in=chosen).select_related("model").prefetch_related("mappings")
    }
    for one in chosen:
        _check_member(one, attached.get(one))
    return tuple(chosen.items())


def _check_member(one: int, attached: CampaignModel | None) -> None:
    if attached is None:
        raise InvalidInput(f"Model {one} is not attached to this campaign. Attach it and map its classes first.", code="model_not_attached")
    model = attached.model
    if model.kind == ModelKind.ENSEMBLE:
        raise InvalidInput(f"{model.name} is an ensemble itself. Name its members.", code="invalid_ensemble")
    clicks = model.kind == ModelKind.PROMPTABLE
    if model.kind == ModelKind.EXTERNAL:
        endpoint = endpoint_of(model)
        clicks = endpoint.protocol.answers_clicks_alone(endpoint.card)
    if clicks:
        raise InvalidInput(f"{model.name} answers clicks on the labeling page; it says nothing of whole images.", code="promptable_model")
    if not attached.mappings.all():
        raise InvalidInput(f"No class of {model.name} is mapped to a label. Map its classes first.", code="invalid_ensemble")


def _overlap(value: float) -> float:
    if not (math.isfinite(value) and 0.05 <= value <= 1.0):
        raise InvalidInput("overlap lies between 0.05 and 1.", code="invalid_ensemble")
    return value


def _name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= 200:
        raise InvalidInput("name takes 1 to 200 characters.", code="invalid_ensemble")
    return name
