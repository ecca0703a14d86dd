"""The question that an agent fetches, and its answer: Winnow's own contract without an address to send it to.

An agent is a program beside a model that asks Winnow for work. Its question is that of ``inference.protocols.winnow``, with
"address" in "image" (where this deployment lends the picture, see ``campaigns.lending``), or "b64" for a picture that is kept nowhere.
Of a large image that is asked about in windows each window is a question of its own, and its address lends that window.
"""

from __future__ import annotations

import base64
from typing import Any, ClassVar

import orjson

from inference.protocols.base import ImageForm, ModelCard, ModelInput, Prediction, Protocol, WireReply, WireRequest
from inference.protocols.winnow import TASKS, parse_answer, question

AGENT = "agent"


class Agent(Protocol):
    """A program beside the model fetches the questions and brings the answers."""

    name = AGENT
    title = "Agent (the model fetches its work)"
    description = "For a model behind a firewall: winnow-agent runs beside it and asks Winnow for images over HTTPS."
    tasks = TASKS
    image_form: ClassVar[ImageForm] = "address"
    pulled = True

    def build_request(self, image: ModelInput, model: ModelCard) -> WireRequest:
        """Return what an agent is handed, as a request to nowhere."""
        return WireRequest("", {"Content-Type": "application/json"}, orjson.dumps(handed(image, model)))

    def parse(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Read the answer."""
        return parse_answer(reply, image, model)


def handed(image: ModelInput, model: ModelCard) -> dict[str, Any]:
    """Return the question with the image's address, or the image itself."""
    document = question(image, model)
    if image.content:
        document["image"]["b64"] = base64.b64encode(image.content).decode("ascii")
    else:
        document["image"]["address"] = image.address
    return document
