"""Try a registered model on one image and show what came of it, or exactly what was wrong."""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from campaigns.errors import Conflict
from campaigns.imagery import Refused
from campaigns.models import Campaign, Image, Label, User
from campaigns.permissions import VIEW, require_role
from inference.calling import Answer, CallFailed, Endpoint
from inference.decode.excerpts import excerpt
from inference.endpoints import endpoint_of, model_card
from inference.inputs import StoredImage, model_input
from inference.joining import windows_for
from inference.predictors import Picture
from inference.prefill import draft
from inference.protocols.middle import ClickInTheMiddle
from inference.samples import drawn_sample
from inference.schema import Prediction, PredictionRejected
from inference.sending import sent_image
from inference.services.agent_asker import ask_agent, ask_agent_about
from inference.services.asking import ask_image, ask_input, greeted, impatient
from inference.services.onnx import ask_aside
from inference.services.planning import draft_rules, stored_image
from inference.steps import recording
from inference.tensors.network import reading_options
from inference.tensors.pictures import pixels_of
from inference.tiling import WindowPx
from inference.windowed import Joined
from inference.wire import ModelInput
from models_registry.models import CallKind, CampaignModel, ModelKind, RegisteredModel
from models_registry.permissions import changeable, require_use
from models_registry.protocols import ONNX
from models_registry.services.auditing import UNKNOWN_CALLER, Caller, record
from models_registry.services.calls import Call, record_calls

LONGEST_S = 30.0
"""A person waits for it, and a web worker with them."""
LONGEST_IN_WINDOWS_S = 60.0


@dataclass(frozen=True)
class ConnectionReport:
    """What came of a test. ``request`` and ``raw`` (a part of the answer) are for those who may change the model.

    ``mark``: (start, end) of the wrong place in ``raw``. ``sample``: the drawn picture as base64 PNG, when that was sent.

    ``steps``: what each step of the model did, in order. ``labels``: what the campaign's mapping would make of the answer.
    ``windows``: in how many windows the image was asked about, 0: as a whole. ``latency_ms`` is then the mean of a question.
    """

    image: dict[str, Any]
    request: dict[str, Any] | None
    latency_ms: float | None = None
    raw: str | None = None
    prediction: dict[str, Any] | None = None
    failure: dict[str, str] | None = None
    warnings: list[str] = field(default_factory=list)
    steps: list[dict[str, str]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    mark: tuple[int, int] | None = None
    sample: str | None = None
    windows: int = 0

    @property
    def ok(self) -> bool:
        """Whether a sound prediction came of it."""
        return self.prediction is not None


def try_connection(
    *,
    user: User,
    model: RegisteredModel,
    image: Image | None = None,
    campaign: Campaign | None = None,
    caller: Caller = UNKNOWN_CALLER,
) -> ConnectionReport:
    """Ask an external model about one image: the one given, the campaign's first, or a drawn sample of a coast."""
    require_use(user, model)
    if model.kind == ModelKind.PROMPTABLE:
        raise Conflict("This model has no address to test; it answers clicks on the labeling page.", code="promptable_model")
    if model.kind == ModelKind.ENSEMBLE:
        raise Conflict("An ensemble has no address to test; test its members.", code="ensemble")
    if model.kind == ModelKind.INTERNAL and model.protocol != ONNX:
        raise Conflict("A model that was trained here has no address to test; run inference on one image instead.", code="internal_model")
    if image is None and campaign is not None:
        image = campaign.images.order_by("id").first()
    if image is not None:
        require_role(user, image.campaign, VIEW)
    with recording() as told:
        report = _onnx_report(model, image) if model.protocol == ONNX else _endpoint_report(user, model, image)
    failure = report.failure or {"code": "", "why": ""}
    if report.failure is not None and image is not None:
        report.failure["why"] += _about_bands(model, image, failure["code"])
    record(user, "model.tested", caller=caller, model=model, details={"ok": report.ok, "code": failure["code"]})
    record_calls(model.pk, CallKind.TEST, [Call(report.latency_ms, failure["code"], failure["why"])])
    return replace(report, steps=[asdict(each) for each in told], labels=_labels(report, model, image))


def _about_bands(model: RegisteredModel, image: Image, code: str) -> str:
    """Say of a refusal what may be behind it: many servers take pictures alone, and were sent a raster as it is."""
    if code != "http_4xx" or model.options.get("pre") or (image.bands in (1, 3) and image.dtype == "uint8"):
        return ""
    return f" It was sent {image.bands} bands of {image.dtype}. If it takes 3 bands of uint8, make them under Steps, Before sending."


def _labels(report: ConnectionReport, model: RegisteredModel, image: Image | None) -> list[str]:
    """Say what would be drafted in the image's campaign; nothing where it does not use the model."""
    if report.prediction is None or image is None or not CampaignModel.objects.filter(model=model, campaign=image.campaign_id).exists():
        return []
    names = dict(Label.objects.filter(campaign=image.campaign_id).values_list("pk", "name"))
    drafts = draft(Prediction.from_document(report.prediction), draft_rules(model, image.campaign))
    said = [f"{names[label]}: {count} drafted" for label, count in Counter(each["label"] for each in drafts.annotations).items()]
    for name, count in drafts.unmapped.items():
        said.append(f"{name or 'a class'}: no label here, left out {'once' if count == 1 else f'{count} times'}")
    if drafts.unsure:
        said.append(f"{drafts.unsure} below the thresholds")
    if drafts.runner_up is not None:
        near = drafts.runner_up
        said.append(
            f"{near.best_class} ({near.best_confidence:.2f}) is the most probable and has no label here; "
            f"the best that has one is {names[near.label]} ({near.confidence:.2f})"
        )
    return said


def _endpoint_report(user: User, model: RegisteredModel, image: Image | None) -> ConnectionReport:
    endpoint = _tried(impatient(endpoint_of(model), LONGEST_S))
    asked = None if image is None else stored_image(image)
    windows = () if asked is None else windows_for(asked, endpoint.card.options)
    window = windows[0] if windows else None
    if endpoint.protocol.pulled:  # nothing is read here: the agent fetches it
        form, options = endpoint.image_form, endpoint.card.options
        sent = drawn_sample("encoded") if asked is None else model_input(asked, form=form, options=options, window=window)
    else:
        sent = drawn_sample(endpoint.image_form) if asked is None else _read(asked, endpoint, window)
    return _report(user, model, endpoint, sent, asked if windows else None, len(windows))


def _tried(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint as it is tried: one that answers nothing but clicks by a click in the middle."""
    if not endpoint.protocol.answers_clicks_alone(endpoint.card):
        return endpoint
    whole = replace(endpoint.card, options=replace(endpoint.card.options, window_px=None))
    return replace(endpoint, protocol=ClickInTheMiddle(endpoint.protocol), card=whole)


def _onnx_report(model: RegisteredModel, image: Image | None) -> ConnectionReport:
    """Ask a network in a file, in a process beside this one; of an image that is asked about in windows, about the first of them."""
    sent = drawn_sample("encoded") if image is None else _read_here(stored_image(image), model)
    pixels = pixels_of(sent)
    outcome = ask_aside(model, Picture(pixels, sent.width, sent.height, id=sent.id), within_s=LONGEST_S)
    about = {"id": sent.id, "name": sent.name, "width": sent.width, "height": sent.height, "content_type": sent.content_type}
    if outcome.prediction is None:
        code, where, why = outcome.failure or ("network_failed", "", "")
        return ConnectionReport(about, None, failure={"code": code, "where": where, "why": why}, sample=_sample(sent))
    prediction = outcome.prediction
    warnings = [
        *prediction.warnings,
        *(["Only the first window of the image was asked about; a run asks about all."] if sent.window else []),
    ]
    return ConnectionReport(about, None, outcome.latency_ms, None, prediction.as_document(), warnings=warnings, sample=_sample(sent))


def _read_here(image: StoredImage, model: RegisteredModel) -> ModelInput:
    options = reading_options(model_card(model).options)
    windows = windows_for(image, options)
    try:
        return model_input(image, form="encoded", options=options, window=windows[0] if windows else None)
    except (Refused, OSError) as error:
        raise Conflict(f"{image.name} cannot be read: {error}", code="unreadable_image") from error


def _read(image: StoredImage, endpoint: Endpoint, window: WindowPx | None) -> ModelInput:
    try:
        return sent_image(image, endpoint, window=window)
    except (Refused, OSError) as error:
        raise Conflict(f"{image.name} cannot be read: {error}", code="unreadable_image") from error


def _report(
    user: User, model: RegisteredModel, endpoint: Endpoint, sent: ModelInput, large: StoredImage | None, windows: int
) -> ConnectionReport:
    """Ask and tell. ``large``: the image when it is asked about in windows; ``sent`` is then the first of them."""
    may_see_all = model.pk in changeable(user, [model])
    width, height = (sent.width, sent.height) if large is None else (large.width, large.height)
    image = {"id": sent.id, "name": sent.name, "width": width, "height": height, "content_type": sent.content_type}
    request = None
    try:
        if not endpoint.protocol.pulled:
            endpoint = asyncio.run(greeted(endpoint))
        request = _summary(endpoint, sent) if may_see_all else None
        answer = _asked(endpoint, sent, large)
    except CallFailed as error:
        failure = {"code": error.code, "where": error.where, "why": error.reason.removeprefix(f"{error.where}: ")}
        place = error.where.partition(": ")[2] if windows else error.where
        shown = excerpt(error.sample, where=place, why=error.reason, wrong=error.code == "rejected") if may_see_all else None
        raw, mark = (None, None) if shown is None else (shown.text, shown.mark)
        return ConnectionReport(image, request, raw=raw, mark=mark, failure=failure, sample=_sample(sent), windows=windows)
    except Refused as error:
        return ConnectionReport(image, request, failure={"code": error.code, "where": "", "why": error.detail}, windows=windows)
    told = answer.prediction
    raw = excerpt(answer.reply.body).text if may_see_all else None
    document, warnings = told.as_document(), list(told.warnings)
    return ConnectionReport(image, request, answer.latency_ms, raw, document, warnings=warnings, sample=_sample(sent), windows=windows)


def _asked(endpoint: Endpoint, sent: ModelInput, large: StoredImage | None) -> Answer | Joined:
    if endpoint.protocol.pulled and large is not None:
        return ask_agent_about(endpoint, large, within_s=LONGEST_IN_WINDOWS_S)
    if endpoint.protocol.pulled:
        return ask_agent(endpoint, sent, within_s=LONGEST_S)
    return asyncio.run(ask_input(endpoint, sent) if large is None else ask_image(endpoint, large, within_s=LONGEST_IN_WINDOWS_S))


def _sample(sent: ModelInput) -> str | None:
    """Return the drawn picture as base64 PNG, to be shown; None for an image of a campaign, which has an address."""
    return base64.b64encode(drawn_sample("encoded").content).decode("ascii") if sent.id is None else None


def _summary(endpoint: Endpoint, sent: ModelInput) -> dict[str, Any] | None:
    """Return what is sent, None where it cannot be made; asking then says why."""
    try:
        return endpoint.protocol.build_request(sent, endpoint.card).summary()
    except PredictionRejected:
        return None
