"""Put models to use in campaigns: attach, map classes to labels, set thresholds, detach."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from django.db import transaction

from campaigns.errors import Conflict, InvalidInput, NotFound
from campaigns.models import Campaign, Task, User
from campaigns.permissions import MANAGE, VIEW, require_role
from models_registry.mapping import auto_map
from models_registry.models import CampaignModel, LabelMapping, ModelKind, RegisteredModel
from models_registry.permissions import require_use
from models_registry.services.auditing import UNKNOWN_CALLER, Caller, record

MOST_TEMPERATURE: Final = 100.0


def attach_model(*, user: User, campaign: Campaign, model: RegisteredModel, caller: Caller = UNKNOWN_CALLER) -> CampaignModel:
    """Put a model to use in a campaign and map classes to labels of the same name; a second time changes nothing."""
    require_role(user, campaign, MANAGE)
    require_use(user, model)
    if (model.task == Task.CLASSIFICATION) != (campaign.task == Task.CLASSIFICATION):
        raise Conflict(f"A model for {model.task} cannot serve a campaign for {campaign.task}.", code="task_mismatch")
    with transaction.atomic():
        attached, is_new = CampaignModel.objects.get_or_create(campaign=campaign, model=model)
        if is_new:
            names = ((each["index"], each["name"]) for each in model.classes)
            _write(attached, dict(auto_map(names, campaign.labels.values_list("pk", "name"))))
            record(user, "model.attached", caller=caller, model=model, details={"campaign": campaign.name})
    return attached


def match_new_classes(model: RegisteredModel, before: Sequence[Mapping[str, Any]]) -> None:
    """Map the classes that came or got another name to labels of the same name, wherever the model is used.

    ``before``: the classes that it had. Who changes a model has been asked for permission. A line that somebody drew stays, and so does
    the choice that a class whose name is as it was stands for nothing.
    """
    known = {(each["index"], each["name"]) for each in before}
    names = [(each["index"], each["name"]) for each in model.classes if (each["index"], each["name"]) not in known]
    if not names:
        return
    for attached in CampaignModel.objects.filter(model=model).select_related("campaign").prefetch_related("mappings"):
        taken = {each.class_index for each in attached.mappings.all()}
        found = auto_map(names, attached.campaign.labels.values_list("pk", "name"))
        rows = [LabelMapping(campaign_model=attached, class_index=at, label_id=label) for at, label in found.items() if at not in taken]
        LabelMapping.objects.bulk_create(rows)


def set_mapping(
    *,
    user: User,
    attached: CampaignModel,
    mapping: Sequence[Mapping[str, Any]] | None = None,
    thresholds: Mapping[str, float] | None = None,
    on_open: bool | None = None,
) -> CampaignModel:
    """Replace the mapping (``[{"class": 0 | {"index": 0}, "label": id | None}]``), the thresholds, or when the model is asked.

    A class without a label is not provided. Thresholds are by label id, 0 to 1: below it nothing is drafted. ``on_open``: ask
    the model about an image when a person opens it; raises Conflict for a model that only answers clicks.
    """
    require_role(user, attached.campaign, MANAGE)
    labels = set(attached.campaign.labels.values_list("pk", flat=True))
    pairs = None if mapping is None else _checked_mapping(mapping, labels)
    limits = None if thresholds is None else checked_thresholds(thresholds, labels)
    if on_open and attached.model.kind == ModelKind.PROMPTABLE:
        raise Conflict("This model answers clicks, one thing at a time; it says nothing when an image is opened.", code="promptable_model")
    with transaction.atomic():
        if pairs is not None:
            _write(attached, pairs)
        if limits is not None:
            CampaignModel.objects.filter(pk=attached.pk).update(thresholds=limits)
            attached.thresholds = limits
        if on_open is not None:
            CampaignModel.objects.filter(pk=attached.pk).update(on_open=on_open)
            attached.on_open = on_open
    return attached


def set_temperature(
    *, user: User, attached: CampaignModel, temperature: float | None, shift: float = 0.0, fitted_to: tuple[str, int] = ("", 0)
) -> CampaignModel:
    """Keep the temperature that calibrates the probabilities of the model's version in this campaign; None takes them as they are.

    ``shift``: added to the logits of objects after it. ``fitted_to``: which images, and how many.
    """
    require_role(user, attached.campaign, MANAGE)
    if temperature is not None and not 0.0 < temperature <= MOST_TEMPERATURE:
        raise InvalidInput(f"A temperature lies above 0 and is at most {MOST_TEMPERATURE:g}.", code="invalid_temperature")
    version = "" if temperature is None else attached.model.version
    name, images = fitted_to
    kept = {
        "temperature": temperature,
        "shift": shift,
        "temperature_version": version,
        "temperature_slice": name,
        "temperature_images": images,
    }
    CampaignModel.objects.filter(pk=attached.pk).update(**kept)
    for field, value in kept.items():
        setattr(attached, field, value)
    return attached


def set_spans(*, user: User, attached: CampaignModel, spans: Mapping[str, Mapping[str, float]]) -> CampaignModel:
    """Replace the spans of confidence in which the model leaves a label to people: label id → low and high, 0 <= low < high <= 1."""
    require_role(user, attached.campaign, MANAGE)
    labels = set(attached.campaign.labels.values_list("pk", flat=True))
    checked = {label: checked_span(label, ends, labels) for label, ends in spans.items()}
    CampaignModel.objects.filter(pk=attached.pk).update(unsure_spans=checked)
    attached.unsure_spans = checked
    return attached


def checked_span(label: str, ends: Mapping[str, float], labels: Collection[int]) -> dict[str, float]:
    """Return a span as it is kept; raises InvalidInput for what is no label, or no span."""
    if not str(label).isdecimal() or int(label) not in labels:
        raise InvalidInput(f"{str(label)[:40]!r} is no label of this campaign.", code="unknown_label")
    given = [ends.get(end) for end in ("low", "high")] if isinstance(ends, Mapping) else []
    found = [float(each) for each in given if isinstance(each, int | float) and not isinstance(each, bool)]
    low, high = found if len(found) == 2 else (1.0, 0.0)
    if not 0 <= low < high <= 1:
        raise InvalidInput(f"spans.{label}: low and high are numbers from 0 to 1, low below high.", code="invalid_span")
    return {"low": low, "high": high}


def detach_model(*, user: User, attached: CampaignModel, caller: Caller = UNKNOWN_CALLER) -> None:
    """Stop using a model in a campaign; its answers and what was drafted from them stay."""
    require_role(user, attached.campaign, MANAGE)
    with transaction.atomic():
        record(user, "model.detached", caller=caller, model=attached.model, details={"campaign": attached.campaign.name})
        attached.delete()


def attached_model(*, user: User, campaign: Campaign, model_id: int) -> CampaignModel:
    """Return how a campaign uses a model; raises NotFound when it does not."""
    require_role(user, campaign, VIEW)
    attached = CampaignModel.objects.select_related("model", "campaign").filter(campaign=campaign, model_id=model_id).first()
    if attached is None:
        raise NotFound("This campaign does not use such a model. Attach it first.")
    return attached


def mapping_document(attached: CampaignModel) -> list[dict[str, Any]]:
    """Return every class of the model, and every other mapped index, with its label or None."""
    mapped: dict[int, int] = {each.class_index: each.label_id for each in attached.mappings.all()}
    names: dict[int, str] = {each["index"]: each["name"] for each in attached.model.classes}
    indices = sorted(names.keys() | mapped.keys())
    return [{"class": {"index": index, "name": names.get(index, str(index))}, "label": mapped.get(index)} for index in indices]


def _write(attached: CampaignModel, mapping: Mapping[int, int]) -> None:
    attached.mappings.all().delete()
    rows = [LabelMapping(campaign_model=attached, class_index=index, label_id=label) for index, label in mapping.items()]
    LabelMapping.objects.bulk_create(rows)


def _checked_mapping(mapping: Sequence[Mapping[str, Any]], labels: set[int]) -> dict[int, int]:
    pairs: dict[int, int] = {}
    seen: set[int] = set()
    for place, entry in enumerate(mapping):
        index, label = _index_of(entry, place), entry.get("label")
        if index in seen:
            raise _invalid(f"mapping.{place}.class", f"Class {index} is there twice; a class stands for one label.")
        seen.add(index)
        if label is None:
            continue
        if label not in labels:
            raise _invalid(f"mapping.{place}.label", f"{label} is no label of this campaign.")
        pairs[index] = label
    return pairs


def _index_of(entry: Mapping[str, Any], place: int) -> int:
    named = entry.get("class")
    index = named.get("index") if isinstance(named, Mapping) else named
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < 65_535:
        raise _invalid(f"mapping.{place}.class", 'A class is its number, 0 or more, or {"index": number}.')
    return index


def checked_thresholds(thresholds: Mapping[str, float], labels: set[int]) -> dict[str, float]:
    """Return thresholds by label id as they are kept; raises InvalidInput for what is no label of the campaign, or no threshold."""
    checked: dict[str, float] = {}
    for name, value in thresholds.items():
        if not str(name).isdecimal() or int(name) not in labels:
            raise _invalid(f"thresholds.{name}", f"{name} is no label of this campaign.")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
            raise _invalid(f"thresholds.{name}", "A threshold is a number from 0 to 1.")
        checked[str(int(name))] = float(value)
    return checked


def _invalid(field: str, why: str) -> InvalidInput:
    return InvalidInput(why, code="invalid_mapping", errors=[{"field": field, "detail": why}])
