"""Smart labeling: turn what a person marked into an outline, by GrabCut, by a segmenter of our own, or by a model at an address."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet

from campaigns.errors import Conflict, DomainError, InvalidInput, NotFound, TooLarge, TooSlow, Unavailable
from campaigns.geometry.validity import MAX_MASK_PIXELS
from campaigns.imagery import Refused, Style
from campaigns.models import Image, User
from campaigns.permissions import ANNOTATE, require_role
from campaigns.queue import keep_lease
from campaigns.storage import image_path
from inference.interactive.client import AssistTooSlow, AssistUnreachable, ask
from inference.interactive.prompts import PromptRefused, Prompts, read_objects, read_roi
from inference.interactive.windows import AskedImage
from inference.services.clicking import answer_clicks, answers_clicks, prepare_clicks
from models_registry.models import CallKind, ModelKind, RegisteredModel
from models_registry.services import promptable_files
from models_registry.services.calls import Call, record_calls

FIELDS: Final = frozenset({"tool", "model", "roi", "prompts", "mask", "polygon", "style", "prepare"})
GRABCUT: Final = "grabcut"
MODEL: Final = "model"
STATE_CODES: Final = {"busy", "superseded", "model_missing", "model_damaged", "model_unusable"}


def assist(*, user: User, image: Image, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{shape, confidence, took_ms}`` for what ``wanted`` marks; see the API's schema for its fields.

    Raises InvalidInput that names the place at fault, or ``nothing_found``; Conflict when a newer request took the place of this
    one; Unavailable and TooSlow when smart labeling does not answer.
    """
    require_role(user, image.campaign, ANNOTATE)
    _check_fields(image, wanted)
    model = _model(image, wanted.get("model")) if wanted.get("tool") == MODEL else None
    try:
        if model is not None and model.kind == ModelKind.EXTERNAL:
            return _clicked(user, image, model, wanted)
        question = _question(user, image, model, wanted)
        keep_lease(user, image)
        begun = perf_counter()
        answer = ask(settings.DATA_DIR, question)
        _count(model, question, Call((perf_counter() - begun) * 1000.0))
        return answer
    except Refused as refused:
        raise _problem(refused) from refused
    except AssistTooSlow as error:
        _count(model, question, Call(None, "timeout", "Smart labeling took too long."))
        raise TooSlow(
            "Smart labeling took too long here. Choose a smaller work area, or try again in a moment.", code="assist_slow"
        ) from error
    except AssistUnreachable as error:
        raise Unavailable(
            "Smart labeling does not answer. `manage.py serve` starts it by itself and again when it stops; elsewhere start "
            "`python -m inference.interactive` beside the web server.",
            code="assist_unreachable",
        ) from error


def _count(model: RegisteredModel | None, question: Mapping[str, Any], call: Call) -> None:
    """Add a call to the model's figures; GrabCut is no model, and preparing is no question."""
    if model is not None and question["do"] == MODEL:
        record_calls(model.pk, CallKind.ASSIST, [call])


def _clicked(user: User, image: Image, model: RegisteredModel, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Ask a model behind an address."""
    if _flag(wanted, "prepare"):
        keep_lease(user, image)
        return prepare_clicks(model=model, image=image)
    objects, polygon = _objects(image, MODEL, wanted), _flag(wanted, "polygon")
    keep_lease(user, image)
    return answer_clicks(model=model, image=image, objects=objects, polygon=polygon, asker=f"{user.pk}-{image.pk}")


def _check_fields(image: Image, wanted: Mapping[str, Any]) -> None:
    unknown = wanted.keys() - FIELDS
    if unknown:
        raise _invalid(min(map(str, unknown)), f"is not a field; there are {', '.join(sorted(FIELDS))}.")
    if image.width * image.height > MAX_MASK_PIXELS:
        raise TooLarge(
            f"A mask has at most {MAX_MASK_PIXELS:,} pixels, and this image has more. Draw polygons here.", code="image_too_large"
        )
    tool = wanted.get("tool", GRABCUT)
    if tool not in (GRABCUT, MODEL):
        raise _invalid("tool", f"is {GRABCUT} or {MODEL}.")


def _objects(image: Image, tool: str, wanted: Mapping[str, Any]) -> tuple[Prompts, ...]:
    try:
        objects = read_objects(wanted.get("prompts", {}), width=image.width, height=image.height)
    except PromptRefused as refused:
        raise _invalid(refused.field, refused.detail.removeprefix(f"{refused.field} ")) from refused
    _check_objects(tool, objects)
    return objects


def _question(user: User, image: Image, model: RegisteredModel | None, wanted: Mapping[str, Any]) -> dict[str, Any]:
    tool = GRABCUT if model is None else MODEL
    files = None if model is None else promptable_files(model)
    try:
        roi = read_roi(wanted.get("roi", [0, 0, image.width, image.height]), width=image.width, height=image.height)
        asked = AskedImage(image_path(image), image.sha256, image.width, image.height, image.format, _style(wanted.get("style")))
        question = {"image": asked.as_document(), "roi": roi, "files": files, "polygon": _flag(wanted, "polygon")}
        if _flag(wanted, "prepare"):
            return {**question, "do": "prepare" if tool == MODEL else "warm"}
    except PromptRefused as refused:
        raise _invalid(refused.field, refused.detail.removeprefix(f"{refused.field} ")) from refused
    except Refused as refused:
        raise InvalidInput(refused.detail, code=refused.code) from refused
    marks = [each.as_document() for each in _objects(image, tool, wanted)]
    return {**question, "do": tool, "objects": marks, "mask": wanted.get("mask"), "asker": f"{user.pk}-{image.pk}"}


def _check_objects(tool: str, objects: tuple[Any, ...]) -> None:
    if tool == GRABCUT and len(objects) > 1:
        raise _invalid("prompts", "of several objects take a model; GrabCut cuts out one thing at a time.")
    if tool == MODEL and not all(each.marks_something for each in objects):
        raise _invalid("prompts", "need a box, a positive point or a foreground stroke: something that is on the thing.")


def _model(image: Image, model_id: object) -> RegisteredModel:
    """Return the segmenter to ask: the one named, else the one that joined the campaign first."""
    if model_id is not None and (isinstance(model_id, bool) or not isinstance(model_id, int)):
        raise _invalid("model", "is the id of a registered model.")
    there: QuerySet[RegisteredModel] = RegisteredModel.objects.filter(campaign_models__campaign=image.campaign_id).order_by(
        "campaign_models__id"
    )
    if model_id is not None:
        model = there.filter(pk=model_id).first()
        if model is None:
            raise NotFound("This campaign does not use such a model. Attach it first.", code="model_not_attached")
        if model.kind != ModelKind.PROMPTABLE and not answers_clicks(model):
            raise Conflict("This model answers about whole images, not clicks. Choose a promptable one.", code="not_promptable")
        return model
    model = next((each for each in there if each.kind == ModelKind.PROMPTABLE or answers_clicks(each)), None)
    if model is None:
        raise Conflict("This campaign has no promptable model. Add MobileSAM on the Models page and attach it.", code="no_promptable_model")
    return model


def _style(value: object) -> Style:
    """Read how the image is shown, with the names that tiles use."""
    if value is None:
        return Style()
    if not isinstance(value, Mapping) or value.keys() - {"bands", "min", "max", "gamma"}:
        raise _invalid("style", "is an object with bands, min, max and gamma, as tiles take them.")
    gamma = _numbers(value, "gamma")
    bands = _numbers(value, "bands")
    if bands is not None and any(band != int(band) for band in bands):
        raise _invalid("style.bands", "are whole numbers, counted from 1.")
    return Style(
        bands=None if bands is None else tuple(int(band) for band in bands),
        low=_numbers(value, "min"),
        high=_numbers(value, "max"),
        gamma=1.0 if gamma is None else gamma[0],
    )


def _numbers(style: Mapping[str, Any], name: str) -> tuple[float, ...] | None:
    value = style.get(name)
    if value is None:
        return None
    numbers = value if isinstance(value, list) else [value]
    if not 1 <= len(numbers) <= 3 or any(isinstance(each, bool) or not isinstance(each, int | float) for each in numbers):
        raise _invalid(f"style.{name}", "is a number, or up to three.")
    if any(abs(each) > 1e30 for each in numbers):
        raise _invalid(f"style.{name}", "is beyond what pixels hold.")
    return tuple(float(each) for each in numbers)


def _flag(wanted: Mapping[str, Any], name: str) -> bool:
    value = wanted.get(name, False)
    if not isinstance(value, bool):
        raise _invalid(name, "is true or false.")
    return value


def _problem(refused: Refused) -> DomainError:
    if refused.code == "file_missing":
        return NotFound(refused.detail, code=refused.code)
    if refused.code in STATE_CODES:
        return Conflict(refused.detail, code=refused.code)
    return InvalidInput(refused.detail, code=refused.code)


def _invalid(field: str, why: str) -> InvalidInput:
    return InvalidInput(f"{field} {why}", code="invalid_prompt", errors=[{"field": field, "detail": why}])
