"""Register models, change them, remove them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from campaigns.errors import Conflict, InvalidInput
from campaigns.models import User
from models_registry import secrets
from models_registry.addresses import EgressRefused, same_server
from models_registry.card import CardRejected, checked_card
from models_registry.credentials import check_header, check_secret
from models_registry.models import ModelKind, RegisteredModel
from models_registry.options import ModelOptions, OptionsRejected
from models_registry.permissions import require_change, require_registrar
from models_registry.protocols import ONNX, known_protocols
from models_registry.services.auditing import UNKNOWN_CALLER, Caller, record, shown_url
from models_registry.services.mapping import match_new_classes
from models_registry.services.onnx import remove_unused
from models_registry.services.policy import egress_policy

MAX_CLASSES = 10_000
FIELDS = frozenset(
    {"name", "description", "version", "task", "multi_label", "protocol", "url", "auth_header", "classes", "options", "card"}
)
# What a person may change of a model of ours: the rest belongs to its checkpoint.
INTERNAL_FIELDS = frozenset({"name", "description", "options", "card"})
# An ONNX file knows little of itself, so its person says what its numbers mean.
ONNX_FIELDS = INTERNAL_FIELDS | {"version", "task", "multi_label", "classes"}
# What decides where images and the secret go.
ADDRESS_FIELDS = frozenset({"url", "auth_header"})


def create_model(*, user: User, secret: str = "", caller: Caller = UNKNOWN_CALLER, **fields: Any) -> RegisteredModel:
    """Register an external model; its secret is stored encrypted and never returned."""
    require_registrar(user)
    checked = checked_fields(fields)
    for needed in ("name", "task", "protocol"):
        if not checked.get(needed):
            raise _invalid(needed, "is needed.")
    check_protocol(checked["protocol"], checked["task"], checked.get("options", {}), external=True)
    _check_address(checked["protocol"], checked.get("url", ""))
    check_steps(protocol=checked["protocol"], task=checked["task"], options=checked.get("options", {}))
    secret = check_secret(secret)
    with transaction.atomic():
        model = RegisteredModel.objects.create(kind=ModelKind.EXTERNAL, created_by=user, **checked)
        _store_secret(model, secret)
        record(user, "model.registered", caller=caller, model=model, details={"protocol": model.protocol, "secret": bool(secret)})
    return model


def update_model(
    *, user: User, model: RegisteredModel, secret: str | None = None, caller: Caller = UNKNOWN_CALLER, **changes: Any
) -> RegisteredModel:
    """Change a model.

    ``secret``: None keeps the stored one, "" removes it. A URL of another origin removes it too, unless a new one
    comes along: else whoever may edit the URL could have the secret sent to a machine of their own.
    """
    require_change(user, model)
    lives_here = model.kind != ModelKind.EXTERNAL
    is_onnx = model.protocol == ONNX
    if lives_here and (secret or not changes.keys() <= (ONNX_FIELDS if is_onnx else INTERNAL_FIELDS)):
        raise Conflict("Of a model that lives here, only the name, the description and the options change.", code="internal_model")
    checked = {name: value for name, value in checked_fields(changes).items() if value != getattr(model, name)}
    secret = None if secret == "" and not model.has_secret else secret
    if secret is not None or ADDRESS_FIELDS & checked.keys():
        require_registrar(user)
    if lives_here and not is_onnx and "options" in checked:
        checked["options"]["extra"] = model.options.get("extra", {})  # it names what made the model
    if {"protocol", "task", "options"} & checked.keys():
        now = {name: checked.get(name, getattr(model, name)) for name in ("protocol", "task", "options")}
        if not lives_here or is_onnx:
            check_protocol(**now)
        check_steps(**now)
    if not lives_here and {"protocol", "url"} & checked.keys():
        _check_address(checked.get("protocol", model.protocol), checked.get("url", model.url))
    if secret is None and "url" in checked and not same_server(checked["url"], model.url):
        secret = ""
    if secret is not None:
        secret = check_secret(secret)
    details = _told(model, checked, secret)
    classes_before = model.classes
    with transaction.atomic():
        for name, value in checked.items():
            setattr(model, name, value)
        model.save(update_fields=[*checked, "updated_at"])
        match_new_classes(model, classes_before)
        if secret is not None:
            _store_secret(model, secret)
        if details:
            record(user, "model.changed", caller=caller, model=model, details=details)
    return model


def delete_model(*, user: User, model: RegisteredModel, caller: Caller = UNKNOWN_CALLER) -> None:
    """Remove a model with its answers; annotations made from them stay."""
    require_change(user, model)
    files = [checkpoint.path for checkpoint in model.checkpoints.all()] if model.protocol == ONNX else []
    with transaction.atomic():
        record(user, "model.removed", caller=caller, model=model)
        model.delete()
        transaction.on_commit(lambda: remove_unused(files))


def _told(model: RegisteredModel, changes: Mapping[str, Any], secret: str | None) -> dict[str, Any]:
    """Return what the audit log keeps of a change: which fields, the address before, what became of the secret."""
    details: dict[str, Any] = {"fields": sorted(changes)} if changes else {}
    if "url" in changes:
        details["url_before"] = shown_url(model.url)
    if secret:
        details["secret"] = "set"
    elif secret is not None and model.has_secret:
        details["secret"] = "removed"
    return details


def _store_secret(model: RegisteredModel, secret: str) -> None:
    model.secret = secrets.encrypt(secret, model_id=model.pk) if secret else ""
    model.save(update_fields=["secret"])


def checked_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as they are stored; raise InvalidInput with the field that cannot be used."""
    for name in fields:
        if name not in FIELDS:
            raise _invalid(name, "is not a field of a model.")
    checked = dict(fields)
    for name, limit in (("name", 200), ("version", 100)):
        if name in checked:
            checked[name] = _text(checked[name], name, limit)
    if "url" in checked:
        checked["url"] = _checked_url(checked["url"]) if checked["url"].strip() else ""
    if "auth_header" in checked:
        checked["auth_header"] = check_header(checked["auth_header"])
    if "classes" in checked:
        checked["classes"] = _checked_classes(checked["classes"])
    if "options" in checked:
        checked["options"] = _checked_options(checked["options"])
    if "card" in checked:
        checked["card"] = _checked_card(checked["card"])
    return checked


def _text(value: object, name: str, limit: int) -> str:
    text = str(value).strip()
    if not 1 <= len(text) <= limit:
        raise _invalid(name, f"has 1 to {limit} characters.")
    return text


def _checked_url(url: str) -> str:
    try:
        egress_policy().check_url(url.strip())
    except EgressRefused as error:
        raise InvalidInput(
            error.detail, code=error.code, errors=[{"field": "url", "detail": error.detail, "reason": error.reason}]
        ) from error
    return url.strip()


def _check_address(protocol: str, url: str) -> None:
    """Raise InvalidInput for a model that needs an address and has none, or the other way round."""
    if known_protocols()[protocol].has_address:
        if not url:
            raise _invalid("url", "is needed.")
    elif url:
        raise _invalid("url", "stays empty: an agent comes to Winnow by itself.")


def check_protocol(protocol: str, task: str, options: Mapping[str, Any], *, external: bool = False) -> None:
    """Raise InvalidInput for a protocol, a task or options that do not go together; ``external``: of a model at an address."""
    known = {name: each for name, each in known_protocols().items() if each.external or not external}
    spoken = known.get(protocol)
    if spoken is None:
        raise _invalid("protocol", f"is one of {', '.join(sorted(known))}.")
    if task not in spoken.tasks:
        raise _invalid("task", f"{spoken.title} speaks of {', '.join(sorted(spoken.tasks))} only.")
    try:
        spoken.check_options(ModelOptions.from_document(options), task)
    except OptionsRejected as error:
        raise _invalid(f"options.{error.field}", error.why) from error


def check_steps(*, protocol: str, task: str, options: Mapping[str, Any]) -> None:
    """Raise InvalidInput with its place for options that cannot be used, or whose steps cannot work in their order."""
    known = known_protocols().get(protocol)
    try:
        asked = ModelOptions.from_document(options)
        asked.check_chain(task=task, image_form=known.image_form(asked, task) if known else "encoded")
    except OptionsRejected as error:
        raise _unusable(error) from error


def _checked_classes(classes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return classes sorted by index; each index and each name once."""
    if len(classes) > MAX_CLASSES:
        raise _invalid("classes", f"are at most {MAX_CLASSES}.")
    found: dict[int, str] = {}
    for place, entry in enumerate(classes):
        index, name = entry.get("index", place), str(entry.get("name", "")).strip()
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < 65_535:
            raise _invalid(f"classes.{place}.index", "is a whole number from 0 to 65534.")
        if not 1 <= len(name) <= 200:
            raise _invalid(f"classes.{place}.name", "has 1 to 200 characters.")
        if index in found or name in found.values():
            raise _invalid(f"classes.{place}", "is there twice; every index and every name stands once.")
        found[index] = name
    return [{"index": index, "name": found[index]} for index in sorted(found)]


def _checked_options(options: object) -> dict[str, Any]:
    try:
        return ModelOptions.from_document(options).as_document()
    except OptionsRejected as error:
        raise _unusable(error) from error


def _unusable(error: OptionsRejected) -> InvalidInput:
    """Return the complaint about options; that about a step is a whole sentence of its own."""
    if error.field.partition(".")[0] in ("pre", "post"):
        return InvalidInput(error.why, code="invalid_steps", errors=[{"field": f"options.{error.field}", "detail": error.why}])
    return _invalid(f"options.{error.field}" if error.field != "options" else "options", error.why)


def _checked_card(card: object) -> dict[str, str]:
    try:
        return checked_card(card)
    except CardRejected as error:
        raise _invalid(f"card.{error.field}" if error.field else "card", error.why) from error


def _invalid(field: str, why: str) -> InvalidInput:
    return InvalidInput(f"{field} {why}", code="invalid_model", errors=[{"field": field, "detail": why}])
