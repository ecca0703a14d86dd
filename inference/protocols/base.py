"""The seam between Winnow and a way of speaking to models.

A protocol is two pure functions: the question as a request, and the reply as a ``Prediction``. It opens no socket
and reads no file, so each is tested with bytes alone. What only some servers offer (a greeting, a health check,
a description of themselves, prompts) has a default that says: not here. To add a protocol: write a module with a
subclass of ``Protocol``, and name it in ``inference.protocols``.
"""

from __future__ import annotations

import math
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Literal

from inference.interactive.prompts import Prompts
from inference.schema import Prediction, PredictionRejected
from inference.wire import ImageForm, ModelCard, ModelClass, ModelInput, SecretPlace, WireReply, WireRequest
from models_registry.options import ModelOptions, OptionsRejected

__all__ = [
    "INTERACTIVE", "MARKED", "ImageForm", "ModelCard", "ModelClass", "ModelInput", "Option", "Prediction", "PredictionRejected", "Prompts",
    "Protocol", "Recognised", "SecretPlace", "WireReply", "WireRequest", "multipart",
]  # fmt: skip

OPTION_FIELDS = frozenset(each.name for each in fields(ModelOptions))
MAX_OPTION_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Option:
    """One setting that a protocol reads, for the form that asks for it. ``kind``: text, number, choice, flag or json.

    It lies in ``ModelOptions.extra``, unless it has the name of one of the fields of ``ModelOptions``. A json option
    holds an object. ``fills``: for a choice, the values of other options to start from; a person may change them after.
    """

    name: str
    title: str
    kind: Literal["text", "number", "choice", "flag", "json"]
    default: Any = None
    choices: tuple[str, ...] = ()
    help: str = ""
    fills: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def in_extra(self) -> bool:
        """Whether it lies in ``ModelOptions.extra``."""
        return self.name not in OPTION_FIELDS

    def of(self, model: ModelCard) -> Any:
        """Return the option's value for a model."""
        options = model.options
        value = options.extra.get(self.name) if self.in_extra else getattr(options, self.name)
        return self.default if value is None else value

    def check(self, value: Any) -> None:
        """Raise OptionsRejected for a value that the option cannot have; None is always "not set"."""
        if value is not None and not _CHECKS[self.kind](value, self):
            raise OptionsRejected(f"extra.{self.name}", f"must be {self._expected()}.")

    def _expected(self) -> str:
        if self.kind == "choice":
            return f"one of {', '.join(repr(choice) for choice in self.choices)}"
        text = f"a text of at most {MAX_OPTION_TEXT:,} characters"
        return {"text": text, "number": "a number", "flag": "true or false", "json": "an object"}[self.kind]


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)


_CHECKS: dict[str, Callable[[Any, Option], bool]] = {
    "text": lambda value, option: isinstance(value, str) and len(value) <= MAX_OPTION_TEXT,
    "number": lambda value, option: _is_number(value),
    "choice": lambda value, option: value in option.choices,
    "flag": lambda value, option: isinstance(value, bool),
    "json": lambda value, option: isinstance(value, Mapping),
}


INTERACTIVE = Option(
    "interactive",
    "Answers clicks and boxes",
    "flag",
    False,
    help="Offered in the smart tool of the labeling page, to outline one thing at a time.",
)
"""What a protocol with ``interactive`` lists among its options: whether this very model answers prompts."""


MARKED = ModelClass(1, "object")
"""The class of what was marked: class 0 of a mask is the ground."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a server said of itself. ``confidence``: how sure it is that the protocol answers here, 0 to 1; "" is: not told.

    ``url``: the address to register. ``options``: values of ``ModelOptions`` to start with. ``classes_of_tasks``: where one
    address answers several tasks, the classes of each. ``notes``: sentences for who registers it. ``choices``: the addresses of its
    models, where a server has several and this one names none.
    """

    confidence: float
    url: str
    name: str = ""
    version: str = ""
    task: str = ""
    classes: tuple[ModelClass, ...] = ()
    multi_label: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    classes_of_tasks: Mapping[str, tuple[ModelClass, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


class Protocol(ABC):
    """A way of speaking to models."""

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    tasks: ClassVar[frozenset[str]]
    image_form: ClassVar[ImageForm] = "encoded"
    """What ``ModelInput`` must hold: the image as JPEG, PNG or its own bytes, a GeoTIFF with all bands, or an address that gives it."""
    prompt_form: ClassVar[ImageForm] = "encoded"
    """What ``ModelInput`` must hold when prompts are asked about."""
    interactive: ClassVar[bool] = False
    """Whether it answers prompts about one thing, too."""
    computes: ClassVar[bool] = False
    """Whether building a request takes arithmetic on the image's pixels, and is better done in a thread."""
    options: ClassVar[tuple[Option, ...]] = ()
    pulled: ClassVar[bool] = False
    """Whether its models come and ask for work: they have no address, and no request is ever sent to them."""

    @abstractmethod
    def build_request(self, image: ModelInput, model: ModelCard) -> WireRequest:
        """Return the request that asks ``model`` about ``image``."""

    @abstractmethod
    def parse(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Return the answer in pixels of the image as stored; raise ``PredictionRejected`` with the exact place."""

    def form_of(self, model: ModelCard) -> ImageForm:
        """Return what ``ModelInput`` must hold for this model, where the model's options decide."""
        return self.image_form

    def secret_place(self, model: ModelCard) -> SecretPlace:
        """Return where the server looks for the secret; the caller puts it there, and the protocol never sees it."""
        return SecretPlace()

    def check_options(self, options: ModelOptions, task: str) -> None:
        """Raise OptionsRejected for settings that this protocol cannot use, before a model is stored with them."""
        for option in self.options:
            if option.in_extra:
                option.check(options.extra.get(option.name))

    def prompt_form_of(self, model: ModelCard) -> ImageForm:
        """Return in which form this model takes images that prompts are asked about."""
        return self.prompt_form

    def answers_prompts(self, model: ModelCard) -> bool:
        """Tell whether this model answers prompts."""
        return self.interactive and model.options.extra.get(INTERACTIVE.name) is True

    def answers_clicks_alone(self, model: ModelCard) -> bool:
        """Tell whether this model answers prompts and nothing else: it is offered no runs, and tried by a click."""
        return False

    def greeting(self, model: ModelCard) -> WireRequest | None:
        """Return what is sent once before the first question, or None."""
        return None

    def greeted(self, reply: WireReply, model: ModelCard) -> ModelCard:
        """Return the card with what the reply to the greeting tells."""
        return model

    def health(self, model: ModelCard) -> WireRequest | None:
        """Return the request that asks whether the server is up, or None when there is none."""
        return None

    def pause_s(self, status: int, body: bytes) -> float | None:
        """Return how long a refusal asks to wait, where its body says so (s)."""
        return None

    def build_prompt_request(self, image: ModelInput, model: ModelCard, prompts: Prompts) -> WireRequest:
        """Return the request that asks for the one thing that ``prompts`` mark; only where ``interactive``."""
        raise NotImplementedError(f"{self.name} answers no prompts")

    def parse_prompted(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Return the answer to prompts, as ``parse`` does; what the thing is called does not matter, since the person says it."""
        return self.parse(reply, image, replace(model, classes=(MARKED,)))

    def inquiries(self, url: str) -> tuple[WireRequest, ...]:
        """Return requests without an image that ask an address what it is."""
        return ()

    def recognise(self, url: str, replies: Sequence[WireReply | None]) -> Recognised | None:
        """Return what the replies to ``inquiries`` tell (None: no reply with status 2xx); None when it speaks something else."""
        return None


def multipart(parts: Mapping[str, tuple[str | None, str | None, bytes]]) -> tuple[str, bytes]:
    """Return (content type, body) of a multipart form; each part is (filename, content type, bytes)."""
    boundary = uuid.uuid4().hex
    lines: list[bytes] = []
    for name, (filename, content_type, data) in parts.items():
        disposition = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
        kind = f"\r\nContent-Type: {content_type}" if content_type else ""
        lines += [f"--{boundary}\r\n{disposition}{kind}\r\n\r\n".encode(), data, b"\r\n"]
    lines.append(f"--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", b"".join(lines)
