"""Label Studio's contract with its ML backends (https://labelstud.io/guide/ml_create).

The server is greeted once (POST /setup) and then asked about one image at a time (POST /predict), which it fetches
from an address that needs no login, or finds in the question itself. It is never given a token of a person's.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import orjson

from inference.decode import Classes, Node, parse_json
from inference.decode.classes import Notes
from inference.decode.coordinates import Frame
from inference.decode.items import Reader
from inference.protocols.base import (
    INTERACTIVE,
    ImageForm,
    ModelCard,
    ModelInput,
    Option,
    Prediction,
    PredictionRejected,
    Prompts,
    Protocol,
    Recognised,
    WireReply,
    WireRequest,
)
from inference.protocols.label_studio_config import IMAGE, NAMES, label_config, label_names
from inference.protocols.label_studio_regions import read_regions

PATHS = ("predict", "setup", "health", "webhook")
JSON = {"Content-Type": "application/json", "Accept": "application/json"}
MOST_PREDICTIONS = 1000


class LabelStudio(Protocol):
    """Speak as Label Studio does to its ML backends."""

    name = "label_studio"
    title = "Label Studio ML backend"
    description = "POST /setup once, then POST /predict with a task and the image's address; answers regions in percent of the image."
    tasks = frozenset({"classification", "detection", "segmentation", "keypoints"})
    image_form = "address"
    prompt_form = "address"
    interactive = True
    options = (
        Option(
            "image", "The image travels as", "choice", "address", ("address", "data"),
            'An address that the server fetches, signed and good for ten minutes; or inside the question ("data:"), for servers that '
            "cannot reach Winnow, and always where steps or windows are set.",
        ),
        INTERACTIVE,
        Option("webhook", "Tell it what people submit", "flag", False, help="POST /webhook with each submitted image, to learn from."),
        Option("label_config", "Labeling interface", "text", "", help="XML in the place of the one that follows from task and classes."),
        Option("extra_params", "Parameters for /setup", "text", "", help="What the server's own documentation asks for, as a text."),
    )  # fmt: skip

    def form_of(self, model: ModelCard) -> ImageForm:
        """Return "address" unless the image is to travel inside the question; what is made of an image for one model always does."""
        options = model.options
        inside = options.extra.get("image") == "data" or options.pre or options.window_px is not None
        return "encoded" if inside else "address"

    def prompt_form_of(self, model: ModelCard) -> ImageForm:
        """Return the same as for whole images."""
        return self.form_of(model)

    def build_request(self, image: ModelInput, model: ModelCard) -> WireRequest:
        """Return the question about one task."""
        return _predict(image, model, None)

    def build_prompt_request(self, image: ModelInput, model: ModelCard, prompts: Prompts) -> WireRequest:
        """Return the question with what is marked as its context."""
        return _predict(image, model, {"result": context(image, model, prompts)})

    def parse(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Read {"results": [prediction or list of predictions]}: one result, since one image was asked about."""
        root, notes = parse_json(reply.body), Notes()
        reader = Reader(Frame("percent", image), Classes(model, notes))
        found = _chosen(root, notes)
        version = next((each for each in (found and found.first("model_version"), root.first("model_version")) if each), None)
        items = [] if found is None else read_regions(found.at("result"), found.first("score"), reader)
        return Prediction(
            tuple(items), image.width, image.height, _version(version) or model.version, tuple(notes.warnings), notes.as_dropped()
        )

    def greeting(self, model: ModelCard) -> WireRequest | None:
        """Return /setup: what is to be labeled, and no key to anything."""
        extra = model.options.extra.get("extra_params") or None
        body = {"project": project(model), "schema": label_config(model), "hostname": "", "access_token": "", "extra_params": extra}
        return WireRequest(endpoint(model.url, "setup"), JSON, orjson.dumps(body))

    def greeted(self, reply: WireReply, model: ModelCard) -> ModelCard:
        """Return the card with the version that the server says it runs."""
        told = parse_json(reply.body).first("model_version")
        return replace(model, version=_version(told) or model.version)

    def health(self, model: ModelCard) -> WireRequest | None:
        """Return GET /health."""
        return WireRequest(endpoint(model.url, "health"), {"Accept": "application/json"}, b"", "GET")

    def inquiries(self, url: str) -> tuple[WireRequest, ...]:
        """Return GET /health."""
        return (WireRequest(endpoint(url, "health"), {"Accept": "application/json"}, b"", "GET"),)

    def recognise(self, url: str, replies: Sequence[WireReply | None]) -> Recognised | None:
        """Know a backend by its {"status": "UP"} with a model_class (its name), or with a model_dir as older ones say."""
        try:
            told = None if not replies or replies[0] is None else parse_json(replies[0].body)
        except PredictionRejected:
            return None
        if told is None or not told.is_object() or told.value.get("status") != "UP":
            return None
        named = told.first("model_class")
        if named is None and "model_dir" not in told.value:
            return None
        name = named.value[:200] if named is not None and isinstance(named.value, str) else ""
        return Recognised(0.95 if named is not None else 0.8, _base(url), name=name)


def _base(url: str) -> str:
    """Return where a backend's paths begin: people paste one of them, too."""
    scheme, host, path, query, _ = urlsplit(url)
    parts = path.rstrip("/").split("/")
    return urlunsplit((scheme, host, "/".join(parts[:-1] if parts[-1] in PATHS else parts), query, ""))


def endpoint(url: str, path: str) -> str:
    """Return the address of one of a backend's paths."""
    scheme, host, before, query, _ = urlsplit(_base(url))
    return urlunsplit((scheme, host, f"{before}/{path}", query, ""))


def project_id(model: ModelCard) -> int:
    """Return the number under which a backend keeps what it learns: always the same for a model of this name at this address."""
    return zlib.crc32(f"{_base(model.url)}\n{model.name}".encode()) & 0x7FFFFFFF


def project(model: ModelCard) -> str:
    """Return the project as Label Studio writes it: its number, and when it was made."""
    return f"{project_id(model)}.0"


def task_document(image: ModelInput, model: ModelCard) -> dict[str, Any]:
    """Return one image as a task."""
    address = image.address or f"data:{image.content_type};base64,{base64.b64encode(image.content).decode('ascii')}"
    return {"id": image.id or 0, "data": {IMAGE: address}, "project": project_id(model), "annotations": [], "predictions": []}


def _predict(image: ModelInput, model: ModelCard, told: dict[str, Any] | None) -> WireRequest:
    body = {
        "tasks": [task_document(image, model)],
        "project": project(model),
        "label_config": label_config(model),
        "params": {"login": "", "password": "", "context": told},
    }
    return WireRequest(endpoint(model.url, "predict"), JSON, orjson.dumps(body))


def context(image: ModelInput, model: ModelCard, prompts: Prompts) -> list[dict[str, Any]]:
    """Return what is marked as regions: points that are on the thing (is_positive 1) or off it (0), and a box around it."""
    label = label_names(model)[0]
    width, height = image.sent_size
    frame = {"to_name": IMAGE, "original_width": width, "original_height": height, "image_rotation": 0, "origin": "manual"}
    across, down = 100.0 / image.width, 100.0 / image.height
    marked = [
        {
            "id": f"mark{number}", "from_name": NAMES["KeyPointLabels"], "type": "keypointlabels", **frame,
            "is_positive": int(dot.positive), "value": {"x": dot.x * across, "y": dot.y * down, "width": 0.3, "keypointlabels": [label]},
        }
        for number, dot in enumerate(prompts.dots())
    ]  # fmt: skip
    if prompts.box is not None:
        x0, y0, x1, y1 = prompts.box
        value = {"x": x0 * across, "y": y0 * down, "width": (x1 - x0) * across, "height": (y1 - y0) * down, "rotation": 0}
        marked.append({
            "id": "box", "from_name": NAMES["RectangleLabels"], "type": "rectanglelabels", **frame,
            "value": {**value, "rectanglelabels": [label]},
        })  # fmt: skip
    return marked


def _chosen(root: Node, notes: Notes) -> Node | None:
    """Return the prediction of the one task: of several the best; None when the server has none."""
    results = root.at("results").entries(2)
    if not results:
        notes.warn("The server gave no prediction for this image.")
        return None
    if len(results) > 1:
        raise PredictionRejected("results", f"expected one result for the one image asked about, got {len(results)}")
    if not results[0].is_list():
        return results[0]
    predictions = results[0].entries(MOST_PREDICTIONS)
    if not predictions:
        notes.warn("The server gave no prediction for this image.")
        return None
    if len(predictions) > 1:
        notes.warn(f"The server gave {len(predictions)} predictions for this image; the one with the highest score was taken.")
    return max(predictions, key=_score_of)


def _score_of(prediction: Node) -> float:
    score = prediction.first("score")
    return -1.0 if score is None else score.number()


def _version(node: Node | None) -> str:
    """Return a version, which may be a number; "" for anything else."""
    if node is None or isinstance(node.value, bool) or not isinstance(node.value, str | int | float):
        return ""
    return str(node.value).replace("\0", "")[:100]
