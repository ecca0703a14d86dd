"""Models of our own, asked in this process: a checkpoint becomes a predictor.

A head on the backbone as installed needs nothing but embeddings, and those are kept from one model to the next: a
pool that was embedded once is answered without opening an image, and without torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from campaigns.errors import Conflict
from inference.predictors import LocalPredictor, Picture, classified
from inference.schema import Prediction
from inference.wire import ModelCard, ModelClass
from models_registry.networks.backbones import DIMENSION, SIZES, Backbone, BackboneSpec, loaded_backbone
from models_registry.networks.checkpoint import FORMAT as CLASSIFIER
from models_registry.networks.checkpoint import ClassifierCheckpoint, format_of
from models_registry.networks.library_networks import Eye, tuned_eye
from models_registry.networks.library_segmenter_checkpoint import FORMAT as LIBRARY_SEGMENTER
from models_registry.networks.object_checkpoint import FORMAT as OBJECTS
from models_registry.networks.pictures import ROOM
from models_registry.networks.segmenter_checkpoint import FORMAT as SEGMENTER
from models_registry.networks.store import EmbeddingStore, content_key
from models_registry.networks.tensors import TensorFileError
from models_registry.networks.weights import find_weights

BATCH: Final = 64


PREDICTORS: Final = {
    CLASSIFIER: "inference.protocols.local.load_classifier",
    OBJECTS: "inference.protocols.local_objects.load_objects",
    SEGMENTER: "inference.protocols.segmenter.load_segmenter",
    LIBRARY_SEGMENTER: "inference.protocols.segmenter.load_library_segmenter",
}
"""By the format that a checkpoint names: what loads its predictor, with the arguments of ``load_predictor``."""


def load_predictor(*, path: Path, card: ModelCard, embeddings: Path | None = None) -> LocalPredictor:
    """Load a checkpoint by what it says of its architecture. ``embeddings``: the folder of all embedding stores; None keeps none.

    Raises ``Conflict`` when the file is damaged, or was trained on a backbone with other weights than those installed.
    """
    try:
        kind = format_of(path)
    except (OSError, TensorFileError) as error:
        raise damaged(card, error) from error
    if kind not in PREDICTORS:
        raise damaged(card, f"its format is {kind!r}, which this version of Winnow does not know.")
    module, name = PREDICTORS[kind].rsplit(".", 1)
    predictor: LocalPredictor = getattr(import_module(module), name)(path=path, card=card, embeddings=embeddings)
    return predictor


def damaged(card: ModelCard, reason: object) -> Conflict:
    """Return the complaint about a file that cannot be loaded."""
    return Conflict(f"{card.name or 'The model'} cannot be loaded: {reason} Train it again.", code="checkpoint_damaged")


def require_backbone(card: ModelCard, weights_sha256: str) -> None:
    """Raise ``Conflict`` for a model on frozen features where other weights than those of its training are installed."""
    if weights_sha256 != find_weights().sha256:
        raise Conflict(
            f"{card.name or 'The model'} was trained on a backbone with other weights than those installed now. Train it again.",
            code="backbone_changed",
        )


def load_classifier(*, path: Path, card: ModelCard, embeddings: Path | None = None) -> ClassifierPredictor:
    """Load a classifier; see ``load_predictor``."""
    try:
        checkpoint = ClassifierCheckpoint.load(path)
    except (OSError, TensorFileError) as error:
        raise damaged(card, error) from error
    if checkpoint.is_frozen:
        require_backbone(card, checkpoint.weights_sha256)
    return ClassifierPredictor(checkpoint, card, embeddings)


class ClassifierPredictor:
    """Answers with the probability of every class."""

    def __init__(self, checkpoint: ClassifierCheckpoint, card: ModelCard, embeddings: Path | None) -> None:
        self.batch_size = BATCH
        self.max_side: int | None = ROOM * SIZES[checkpoint.size]
        self.reading = None
        self.scale = checkpoint.scale
        self._checkpoint = checkpoint
        self._card = card
        self._classes = [card.class_at(index) or ModelClass(index, name) for index, name in enumerate(checkpoint.classes)]
        self._backbone: Backbone | Eye | None = None
        self._store = self._shared_store(embeddings)

    def _shared_store(self, embeddings: Path | None) -> EmbeddingStore | None:
        if embeddings is None or not self._checkpoint.is_frozen:
            return None
        spec = BackboneSpec(SIZES[self._checkpoint.size], self._checkpoint.weights_sha256, scale=self.scale)
        return EmbeddingStore(embeddings / spec.space, DIMENSION)

    def needs_pixels(self, sha256: str) -> bool:
        """Say whether the image with this content has to be looked at; its stored embedding suffices otherwise."""
        return self._store is None or bool(len(self._store.missing([content_key(sha256)])))

    def predict(self, pictures: Sequence[Picture]) -> list[Prediction]:
        """Return one prediction per picture, in order."""
        probabilities = self._checkpoint.head.probabilities(self._vectors(pictures))
        return [self._prediction(picture, row) for picture, row in zip(pictures, probabilities.tolist(), strict=True)]

    def probabilities(self, keys: Sequence[int] | npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return (N, K) for content keys whose embeddings are stored, in the order of ``keys``; raises ``MissingEmbeddings``."""
        if self._store is None:
            raise ValueError("a fine-tuned model has no stored embeddings")
        result = np.empty((len(keys), len(self._classes)), np.float32)
        for place, vectors in self._store.chunks(keys):
            result[place] = self._checkpoint.head.probabilities(vectors)
        return result

    def _vectors(self, pictures: Sequence[Picture]) -> npt.NDArray[np.float32]:
        """Return (N, D): stored where stored, computed and stored where not."""
        store = self._store
        if store is None or not all(picture.sha256 for picture in pictures):
            return self._embed([picture.pixels for picture in pictures])
        keys = [content_key(picture.sha256) for picture in pictures]
        missing = set(store.missing(keys).tolist())
        fresh = [(key, picture.pixels) for key, picture in zip(keys, pictures, strict=True) if key in missing]
        if fresh:
            store.append([key for key, _ in fresh], self._embed([pixels for _, pixels in fresh]))
        return store.load(keys)

    def _embed(self, pixels: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        if self._backbone is None:
            try:
                self._backbone = self._load_backbone()
            except ValueError as error:
                raise damaged(self._card, f"{error}.") from error
        return self._backbone.embed(pixels)

    def _load_backbone(self) -> Backbone | Eye:
        if self._checkpoint.network is not None:
            return tuned_eye(self._checkpoint.network, self._checkpoint.backbone, SIZES[self._checkpoint.size], self.scale)
        if self._checkpoint.is_frozen:
            return loaded_backbone(self._checkpoint.size, self._checkpoint.weights_sha256, self.scale)
        return Backbone(self._checkpoint.size, self._checkpoint.backbone, self.scale)

    def _prediction(self, picture: Picture, probabilities: list[float]) -> Prediction:
        multi = self._checkpoint.head.multi_label
        return classified(picture, self._classes, probabilities, multi_label=multi, version=self._card.version)
