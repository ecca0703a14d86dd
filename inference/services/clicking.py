"""Smart labeling with a model behind an address: what a person marked goes to its server, and its outline comes back."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings

from campaigns.errors import Conflict, TooSlow, Unavailable
from campaigns.imagery import Refused
from campaigns.models import Image
from inference.calling import Answer, CallFailed, Endpoint, ask_marked
from inference.endpoints import egress_policy, endpoint_of
from inference.interactive.marked import marked_object
from inference.interactive.process import Desk
from inference.interactive.prompts import Prompts
from inference.precedence import go_first
from inference.protocols import PROTOCOLS
from inference.sending import sent_image
from inference.services.asking import impatient
from inference.services.planning import stored_image
from inference.switchboard import SWITCHBOARD
from inference.wire import ModelInput
from models_registry.egress import EgressClient
from models_registry.models import CallKind, ModelKind, RegisteredModel
from models_registry.services.calls import Call, record_calls

ANSWER_WITHIN_S: Final = 10.0
AT_ONCE: Final = 2
MOST_WAITING: Final = 8
KEPT_BYTES: Final = 64_000_000

# A person waits, and a thread of the web server with them: a slow server must not take all of the threads.
DESK: Final = Desk(AT_ONCE, MOST_WAITING)


def answers_clicks(model: RegisteredModel) -> bool:
    """Tell whether a model behind an address answers what a person marks."""
    protocol = PROTOCOLS.get(model.protocol)
    if model.kind != ModelKind.EXTERNAL or protocol is None or not protocol.interactive:
        return False
    return protocol.answers_prompts(endpoint_of(model).card)


def answer_clicks(*, model: RegisteredModel, image: Image, objects: Sequence[Prompts], polygon: bool, asker: str) -> dict[str, Any]:
    """Return {"shape", "confidence", "took_ms"}, and "objects" for several; raises Refused, Conflict, TooSlow and Unavailable."""
    begun = time.perf_counter()
    endpoint = impatient(endpoint_of(model), ANSWER_WITHIN_S)
    with DESK.admit(asker, time.monotonic() + ANSWER_WITHIN_S), go_first(settings.DATA_DIR, model.pk):
        sent = _pictures.of(image, model, endpoint)
        answers = _asked(model, endpoint, sent, objects)
    pairs = zip(answers, objects, strict=True)
    shapes = [marked_object(answer.prediction, prompts, polygon=polygon) for answer, prompts in pairs]
    took_ms = round((time.perf_counter() - begun) * 1000, 1)
    return {**shapes[0], **({"objects": shapes} if len(shapes) > 1 else {}), "took_ms": took_ms}


def prepare_clicks(*, model: RegisteredModel, image: Image) -> dict[str, Any]:
    """Read the image and greet the server, so that the first click finds both done."""
    begun = time.perf_counter()
    endpoint = impatient(endpoint_of(model), ANSWER_WITHIN_S)
    _pictures.of(image, model, endpoint)
    _asked(model, endpoint, None, ())
    return {"ready": True, "took_ms": round((time.perf_counter() - begun) * 1000, 1)}


def _asked(model: RegisteredModel, endpoint: Endpoint, sent: ModelInput | None, objects: Sequence[Prompts]) -> list[Answer]:
    async def work(client: EgressClient, greeted: Endpoint) -> list[Answer]:
        if sent is None:
            return []
        return list(await asyncio.gather(*(ask_marked(client, greeted, sent, prompts) for prompts in objects)))

    try:
        answers = SWITCHBOARD.ask((model.pk, model.updated_at), endpoint, egress_policy(), work, within_s=ANSWER_WITHIN_S)
        record_calls(model.pk, CallKind.ASSIST, [Call(answer.latency_ms) for answer in answers])
        return answers
    except TimeoutError as error:
        record_calls(model.pk, CallKind.ASSIST, [Call(None, "timeout", "It did not answer while a person waited.")])
        raise _too_slow(model) from error
    except CallFailed as error:
        record_calls(model.pk, CallKind.ASSIST, [Call(None, error.code, error.reason)])
        if error.code == "timeout":
            raise _too_slow(model) from error
        raise Unavailable(f"{model.name} gave no outline: {error.reason}", code=f"model_{error.code}") from error


def _too_slow(model: RegisteredModel) -> TooSlow:
    return TooSlow(f"{model.name} did not answer within {ANSWER_WITHIN_S:g} seconds. Try again, or use GrabCut.", code="assist_slow")


class _Pictures:
    """Images as they were sent last: the next click is about the same one."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept: OrderedDict[tuple[Any, ...], ModelInput] = OrderedDict()
        self._limit = kept_bytes
        self._lock = threading.Lock()

    def of(self, image: Image, model: RegisteredModel, endpoint: Endpoint) -> ModelInput:
        """Return an image as the endpoint takes it with prompts; raises Conflict when its file cannot be read."""
        if endpoint.prompt_form == "address":  # an address grows old
            return self._made(image, endpoint)
        key = (image.pk, image.sha256, model.pk, model.updated_at)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = self._made(image, endpoint)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > 1 and sum(len(each.content) for each in self._kept.values()) > self._limit:
                self._kept.popitem(last=False)
        return made

    def _made(self, image: Image, endpoint: Endpoint) -> ModelInput:
        try:
            return sent_image(stored_image(image), endpoint, endpoint.prompt_form)
        except (Refused, OSError) as error:
            raise Conflict(f"{image.name} cannot be read: {error}", code="unreadable_image") from error


_pictures: Final = _Pictures()
