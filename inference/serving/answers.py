"""The process beside the web server in which models of our own answer, so that the web server never loads a network.

It keeps the models that were asked last. A question names a model and files; the answer is one prediction for each.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.db import close_old_connections

from campaigns.errors import DomainError
from campaigns.imagery import Refused, read_rgb
from inference.endpoints import model_card
from inference.inputs import StoredImage
from inference.looking import look_once
from inference.predictors import LocalPredictor
from inference.schema import PredictionRejected
from inference.services.local import load_predictor
from models_registry.models import Checkpoint, RegisteredModel
from models_registry.networks.embedding import Embedder
from models_registry.options import ModelOptions

MOST_MODELS: Final = 3


@dataclass(frozen=True)
class Loaded:
    """A model in memory; networks are asked one at a time."""

    predictor: LocalPredictor
    options: ModelOptions
    lock: threading.Lock


class ModelAnswers:
    """Answers ``{"model", "role", "images"}`` with ``{"predictions"}``, and ``{"embed": images, "by"}`` with ``{"vectors"}``.

    An image is the fields of a ``StoredImage``. ``by``: a size of the installed backbone, or the fields of an ``OwnBackbone``.
    """

    def __init__(self, most: int = MOST_MODELS) -> None:
        self._most = most
        self._loaded: OrderedDict[tuple[object, ...], Loaded] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Return the predictions as documents, in order; raises Refused with a sentence for the person."""
        if "embed" in question:
            try:
                return {"vectors": self._embedded([_stored(each) for each in question["embed"]], question.get("by"))}
            except DomainError as error:
                raise Refused(error.code, error.detail) from error
        try:
            loaded = self._model(int(question["model"]), str(question["role"]))
            with loaded.lock:
                predictions = [look_once(loaded.predictor, _stored(each), loaded.options) for each in question["images"]]
        except DomainError as error:
            raise Refused(error.code, error.detail) from error
        except PredictionRejected as error:
            raise Refused("rejected", str(error)) from error
        finally:
            close_old_connections()
        return {"predictions": [each.as_document() for each in predictions]}

    def _embedded(self, images: list[StoredImage], by: str | Mapping[str, Any] | None) -> list[list[float]]:
        """Return the vectors of pictures, by the backbone that a campaign's images are embedded with."""
        from models_registry.networks.pictures import ROOM

        backbone = _backbone(by)
        with self._lock:
            vectors = backbone.embed([read_rgb(image.path, ROOM * backbone.side_px) for image in images])
        return [[float(number) for number in vector] for vector in vectors]

    def _model(self, model_id: int, role: str) -> Loaded:
        model = RegisteredModel.objects.filter(pk=model_id).first()
        if model is None:
            raise Refused("model_gone", "The model was removed.")
        files = tuple(Checkpoint.objects.filter(model=model).order_by("role").values_list("role", "sha256"))
        key = (model_id, role, files, model.updated_at)
        with self._lock:
            if key not in self._loaded:
                for old in [each for each in self._loaded if each[:2] == key[:2]]:
                    del self._loaded[old]
                predictor = load_predictor(model, role, of_campaign=False)
                self._loaded[key] = Loaded(predictor, model_card(model).options, threading.Lock())
                while len(self._loaded) > self._most:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(key)
            return self._loaded[key]


def _backbone(by: str | Mapping[str, Any] | None) -> Embedder:
    from models_registry.networks.backbones import DEFAULT_SIZE, BackboneSpec, loaded_backbone
    from models_registry.networks.own_backbones import OwnBackbone, own_network

    if isinstance(by, Mapping):
        return own_network(OwnBackbone(**{**by, "path": Path(by["path"])}))
    size = by or DEFAULT_SIZE
    return loaded_backbone(size, BackboneSpec.of_size(size).weights_sha256)


def _stored(image: Mapping[str, Any]) -> StoredImage:
    place = image["transform"] and tuple(image["transform"])
    return StoredImage(**{**image, "path": Path(image["path"]), "transform": place})
