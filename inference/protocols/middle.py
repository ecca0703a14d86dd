"""A protocol that asks about the middle of the image: how a server that answers nothing but clicks is tried."""

from __future__ import annotations

from inference.interactive.prompts import PromptPoint, Prompts
from inference.protocols.base import ImageForm, ModelCard, ModelInput, Prediction, Protocol, SecretPlace, WireReply, WireRequest


class ClickInTheMiddle(Protocol):
    """Ask as another protocol asks about a click, always at the same place."""

    def __init__(self, inner: Protocol) -> None:
        self._inner = inner

    def form_of(self, model: ModelCard) -> ImageForm:
        """Return what goes with a click."""
        return self._inner.prompt_form_of(model)

    def build_request(self, image: ModelInput, model: ModelCard) -> WireRequest:
        """Return the question about a click in the middle."""
        return self._inner.build_prompt_request(image, model, Prompts(points=(PromptPoint(image.width / 2, image.height / 2),)))

    def parse(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Read the answer to a click."""
        return self._inner.parse_prompted(reply, image, model)

    def greeting(self, model: ModelCard) -> WireRequest | None:
        """Return the other's."""
        return self._inner.greeting(model)

    def greeted(self, reply: WireReply, model: ModelCard) -> ModelCard:
        """Return the other's."""
        return self._inner.greeted(reply, model)

    def secret_place(self, model: ModelCard) -> SecretPlace:
        """Return the other's."""
        return self._inner.secret_place(model)
