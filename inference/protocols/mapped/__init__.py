"""Any server that takes an image and answers JSON: a mapping says how the image travels and where the answer's parts are."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, get_args
from urllib.parse import urlsplit, urlunsplit

import orjson

from inference.decode import Classes, Node, parse_json
from inference.decode.classes import Notes
from inference.decode.coordinates import Frame
from inference.decode.items import Reader
from inference.decode.rasters import is_raster, to_raster
from inference.protocols.base import (
    ImageForm,
    ModelCard,
    ModelInput,
    Option,
    Prediction,
    PredictionRejected,
    Protocol,
    Recognised,
    SecretPlace,
    WireReply,
    WireRequest,
    multipart,
)  # fmt: skip
from inference.protocols.mapped.answer import framed, read_answer
from inference.protocols.mapped.document import FieldMapping, RequestMapping, check_task, read_mapping
from inference.protocols.mapped.presets import JSON_DEFAULT, PRESETS
from inference.schema import Item
from inference.wire import origin_of
from models_registry.options import Activation, ModelOptions, OptionsRejected

_PRESET = Option(
    "preset", "Begin with", "choice", JSON_DEFAULT, tuple(PRESETS), "Fills in the mapping below, which you may then change.",
    fills={name: {"mapping": mapping} for name, mapping in PRESETS.items()},
)  # fmt: skip
_MAPPING = Option(
    "mapping", "Mapping", "json", None,
    help='How the image travels ("request") and where the parts of the answer are ("answer"), as paths: predictions[*].label',
)  # fmt: skip
_ACTIVATION = Option(
    "activation", "The model's numbers are", "choice", "probability", get_args(Activation), "Logits go through softmax or sigmoid first."
)
_PERCENT = Option("percent_scores", "Scores go from 0 to 100", "flag", False)
_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


class MappedJson(Protocol):
    """Speak as the mapping says."""

    name = "mapped_json"
    title = "Any JSON (field mapping)"
    description = "POST the image as a mapping says and read the JSON by its paths. Begins with TorchServe, SageMaker, Vertex AI or MLflow."
    tasks = frozenset({"classification", "detection", "segmentation", "keypoints"})
    options = (_PRESET, _MAPPING, _ACTIVATION, _PERCENT)

    def build_request(self, image: ModelInput, model: ModelCard) -> WireRequest:
        """Return the question."""
        mapping = mapping_of(model).request
        place = mapping.image
        if place.way == "body":
            return WireRequest(model.url, {"Content-Type": image.content_type, "Accept": "application/json"}, image.content)
        if place.way == "multipart":
            kind, body = multipart({place.name: (image.name, image.content_type, image.content), **_form_fields(mapping, image, model)})
            return WireRequest(model.url, {"Content-Type": kind, "Accept": "application/json"}, body)
        assert place.at is not None
        travels = image.address if place.way == "address" else _encoded(image, place.data_url)
        return WireRequest(model.url, _JSON, orjson.dumps(place.at.put(_filled(mapping, image, model), travels)))

    def parse(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Read the answer by the mapping's paths; a picture is taken for the class of each pixel."""
        mapping, notes = mapping_of(model), Notes()
        answer = mapping.answer
        reader = Reader(framed(answer, Frame(model.options.coords, image)), Classes(model, notes))
        version = None
        if is_raster(reply.body):
            items: Sequence[Item] = [_picture(reply.body, image, model, reader)]
        else:
            root = parse_json(reply.body)
            items = read_answer(root, answer, reader, model.task)
            version = answer.version.find(root) if answer.version else None
        told = model.version if version is None else _version(version)
        return Prediction(tuple(items), image.width, image.height, told, tuple(notes.warnings), notes.as_dropped())

    def form_of(self, model: ModelCard) -> ImageForm:
        """An address where the mapping sends one, else the image's bytes."""
        return "address" if mapping_of(model).request.image.way == "address" else "encoded"

    def secret_place(self, model: ModelCard) -> SecretPlace:
        """Return the place that the mapping names, by default a header."""
        return mapping_of(model).request.secret

    def check_options(self, options: ModelOptions, task: str) -> None:
        """Refuse a mapping with the place that cannot be used."""
        super().check_options(options, task)
        mapping = _mapping(options)
        check_task(mapping, task)
        if mapping.request.image.way == "address" and (options.pre or options.window_px is not None):
            why = 'must be another than "address": what steps or windows make of an image has no address.'
            raise OptionsRejected("extra.mapping.request.image.as", why)

    def inquiries(self, url: str) -> tuple[WireRequest, ...]:
        """Ask for what TorchServe (/ping) and MLflow's scoring server (/version) say."""
        return tuple(WireRequest(f"{origin_of(url)}{path}", {"Accept": "*/*"}, b"", "GET") for path in ("/ping", "/version"))

    def recognise(self, url: str, replies: Sequence[WireReply | None]) -> Recognised | None:
        """Tell the servers of the presets by their hosts and their own words; none of them names its classes."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host.endswith("-aiplatform.googleapis.com"):
            return _begun(0.9, url, "Vertex AI classification")
        if host.startswith("runtime.sagemaker.") and host.endswith(".amazonaws.com"):
            return _begun(0.9, url, "SageMaker classification")
        ping, version = (reply.body.strip() if reply else None for reply in (*replies, None, None)[:2])
        if ping is not None and b'"Healthy"' in ping and b'"status"' in ping:
            return _begun(0.7, url, "TorchServe image_classifier")
        if ping == b"" and version is not None and version[:1].isdigit() and version.count(b".") >= 1 and len(version) <= 20:
            return _begun(0.7, urlunsplit(parts._replace(path="/invocations")), "MLflow inputs")
        return None


def mapping_of(model: ModelCard) -> FieldMapping:
    """Return a model's mapping; raise OptionsRejected where its options hold none that can be used."""
    return _mapping(model.options)


def _mapping(options: ModelOptions) -> FieldMapping:
    own = options.extra.get("mapping")
    return read_mapping(PRESETS[options.extra.get("preset") or JSON_DEFAULT] if own is None else own)


def _begun(confidence: float, url: str, preset: str) -> Recognised:
    return Recognised(confidence, url, options={"extra": {"preset": preset}})


def _encoded(image: ModelInput, data_url: bool) -> str:
    text = base64.b64encode(image.content).decode("ascii")
    return f"data:{image.content_type};base64,{text}" if data_url else text


def _filled(mapping: RequestMapping, image: ModelInput, model: ModelCard) -> Any:
    """Return the constant document with what Winnow knows in its places."""
    width, height = image.sent_size
    known = {"threshold": model.options.threshold, "width": width, "height": height, "name": image.name, "id": image.id,
             "labels": [each.name for each in model.classes]}  # fmt: skip
    document: Any = dict(mapping.body)
    for path, name in mapping.fill:
        document = path.put(document, known[name])
    return document


def _form_fields(mapping: RequestMapping, image: ModelInput, model: ModelCard) -> dict[str, tuple[None, str | None, bytes]]:
    """Return the constants as fields of a form: texts as they are, anything else as JSON."""
    filled = _filled(mapping, image, model)
    return {
        name: (None, None, value.encode()) if isinstance(value, str) else (None, "application/json", orjson.dumps(value))
        for name, value in filled.items()
    }


def _picture(body: bytes, image: ModelInput, model: ModelCard, reader: Reader) -> Item:
    if model.task != "segmentation":
        raise PredictionRejected("", "expected JSON, got a picture: is this a segmentation model?")
    return to_raster(body, "", image, reader.classes)


def _version(node: Node) -> str:
    return str(node.value)[:100] if isinstance(node.value, int) else node.text(100)
