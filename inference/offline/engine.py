"""A model that was taken along: loaded from its folder, asked about pictures, answering as Winnow does."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from campaigns.errors import Conflict, InvalidInput, NotFound, Unavailable
from campaigns.imagery import Refused, probe
from inference.inputs import StoredImage
from inference.looking import look_once
from inference.offline.manifest import BACKBONE, CHECKPOINT, CLASSIFIER, Manifest
from inference.predictors import LocalPredictor, Picture, classified
from inference.schema import Prediction, PredictionRejected
from inference.serving.questions import Served, Wanted, by_label, with_profile
from inference.serving.things import said, with_thresholds
from inference.tensors.network import OnnxPredictor
from inference.wire import ModelCard, ModelClass
from models_registry.networks.onnx_files import open_session
from models_registry.networks.pictures import ROOM, stacked

BATCH = 16


class SquareClassifier:
    """A classifier of ours whose network sees squares of one size and answers probabilities."""

    def __init__(self, session: Any, card: ModelCard, side_px: int) -> None:
        self.batch_size = BATCH
        self.max_side: int | None = ROOM * side_px
        self.reading = None
        self._session = session
        self._card = card
        self._side_px = side_px

    def needs_pixels(self, sha256: str) -> bool:
        """Say that every picture has to be looked at."""
        return True

    def predict(self, pictures: Sequence[Picture]) -> list[Prediction]:
        """Return one prediction per picture, in order."""
        squares = stacked([picture.pixels for picture in pictures], self._side_px)
        batch = np.ascontiguousarray(np.moveaxis(squares, 3, 1), np.float32)
        (rows,) = self._session.run(["probabilities"], {"image": batch})
        card = self._card
        classes = [card.class_at(index) or ModelClass(index, str(index)) for index in range(rows.shape[1])]
        return [
            classified(picture, classes, row, multi_label=card.multi_label, version=card.version)
            for picture, row in zip(pictures, rows.tolist(), strict=True)
        ]


class OfflineModel:
    """A model with its labels, ready to answer; one picture at a time goes through the network."""

    def __init__(self, manifest: Manifest, predictor: LocalPredictor) -> None:
        self.manifest = manifest
        self._predictor = predictor
        self._lock = threading.Lock()

    @classmethod
    def load(cls, folder: Path, *, threads: int = 0) -> OfflineModel:
        """Load what lies in a folder; raises ``Conflict`` when the network's file is not the one that came with it."""
        manifest = Manifest.from_document(json.loads((folder / "labels.json").read_text(encoding="utf-8")))
        path = folder / manifest.network
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != manifest.sha256:
                raise Conflict(
                    f"{manifest.network} is not the file that came with labels.json. Unpack the archive again.", code="model_damaged"
                )
        if manifest.kind == CHECKPOINT:
            return cls(manifest, _checkpoint(path, manifest.card, threads))
        session = open_session(path, threads=threads)
        if manifest.kind == CLASSIFIER:
            return cls(manifest, SquareClassifier(session, manifest.card, manifest.side_px))
        return cls(manifest, OnnxPredictor(session, manifest.card))

    def check_address(self, campaign: str, model: str, role: str) -> None:
        """Raise ``NotFound`` for another campaign or model, ``Conflict`` for a checkpoint that is not here. ``role``: "" for any."""
        here = self.manifest
        if campaign != str(here.campaign_id) or model not in (str(here.model.id), here.model.name):
            raise NotFound(f"Here answers model {here.model.id} of campaign {here.campaign_id}, and no other.")
        if role and here.model.role and role != here.model.role:
            raise Conflict(
                f"This archive holds the {here.model.role} checkpoint. Download the other one with ?checkpoint={role}.",
                code="other_checkpoint",
            )

    def predict(self, content: bytes, name: str, wanted: Wanted) -> Served:
        """Return what the model says of a picture; raises InvalidInput for what is none, Unavailable for an unsound answer."""
        here = self.manifest
        wanted = with_profile(wanted, here.profiles)
        rules = with_thresholds(here.rules, by_label(wanted.thresholds, here.names), wanted.threshold)
        with tempfile.TemporaryDirectory(prefix="winnow-") as folder:
            image = _stored(content, name, Path(folder) / "picture")
            begun = time.perf_counter()
            prediction = self._look(image)
            latency_ms = (time.perf_counter() - begun) * 1000.0
        told = {here.names[label]: value for label, value in rules.thresholds.items() if label in here.names}
        return Served(here.model, image.width, image.height, said(prediction, rules, here.names), told, latency_ms)

    def _look(self, image: StoredImage) -> Prediction:
        try:
            with self._lock:
                return look_once(self._predictor, image, self.manifest.card.options)
        except Refused as refused:
            raise InvalidInput(refused.detail, code=refused.code) from refused
        except PredictionRejected as error:
            raise Unavailable(f"The model gave no answer: {error}", code="rejected") from error


def _checkpoint(path: Path, card: ModelCard, threads: int) -> LocalPredictor:
    """Load a checkpoint of ours. What that needs is named by strings, because other archives do without it and without torch."""
    backbone = path.parent / BACKBONE
    if backbone.is_file():
        os.environ[import_module("models_registry.networks.weights").VARIABLE] = str(backbone)
    if threads:
        os.environ["WINNOW_TORCH_THREADS"] = str(threads)
    predictor: LocalPredictor = import_module("inference.protocols.local").load_predictor(path=path, card=card)
    return predictor


def _stored(content: bytes, name: str, path: Path) -> StoredImage:
    try:
        facts = probe(content, name)
    except Refused as refused:
        raise InvalidInput(refused.detail, code=refused.code) from refused
    path.write_bytes(content)
    return StoredImage(
        0, name, path, facts.format, facts.width, facts.height, facts.bands, facts.dtype, facts.crs, facts.transform, len(content)
    )
