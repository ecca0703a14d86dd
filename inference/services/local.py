"""Ask a model of ours: pictures are read ahead in threads, the network answers them in batches in this one."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from django.conf import settings

from campaigns.errors import Conflict
from campaigns.imagery import Refused, read_rgb
from inference.answers import digest
from inference.endpoints import model_card
from inference.inputs import StoredImage, model_input
from inference.predictors import LocalPredictor, Picture
from inference.protocols.oip import pixels_of
from inference.protocols.onnx_file import OnnxPredictor, load_onnx
from inference.schema import Prediction, PredictionRejected
from inference.services.failures import Unanswered
from inference.services.onnx import onnx_file
from inference.services.planning import Plan
from inference.store import Answered
from inference.tiling import WindowPx
from inference.windowed import join_windows, windows_for
from models_registry.models import Checkpoint, RegisteredModel
from models_registry.options import ModelOptions
from models_registry.protocols import ONNX

READERS = 4
UNSEEN = np.zeros((1, 1, 3), np.uint8)  # stands for pixels that the predictor does not need


@dataclass(frozen=True, slots=True)
class Large:
    """An image that is asked about in windows."""

    image: StoredImage
    windows: tuple[WindowPx, ...]


class LocalAsker:
    """Answers about images with a network in this process; loaded once, on entering."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._waiting: deque[tuple[int, Future[Picture | Large]]] = deque()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="picture-reader")
        self._predictor: LocalPredictor

    def __enter__(self) -> Self:
        self._predictor = load_predictor(self._plan.model)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._readers.shutdown(wait=False, cancel_futures=True)

    @property
    def in_flight(self) -> int:
        """How many images wait for their answer."""
        return len(self._waiting)

    @property
    def appetite(self) -> int:
        """How many images it wants to have: one batch to answer, one to read meanwhile."""
        return 2 * self._predictor.batch_size

    @property
    def waits_for(self) -> str:
        """A network in this process keeps nobody waiting."""
        return ""

    def submit(self, images: Sequence[StoredImage]) -> None:
        """Begin to read images."""
        self._waiting.extend((image.id, self._readers.submit(_picture, image, self._predictor)) for image in images)

    def collect(self, *, most: int, within_s: float) -> list[Answered | Unanswered]:
        """Answer one batch; a batch that has begun is always finished."""
        pictures: list[Picture] = []
        outcomes: list[Answered | Unanswered] = []
        while self._waiting and len(pictures) + len(outcomes) < min(most, self._predictor.batch_size):
            image_id, reading = self._waiting.popleft()
            try:
                read = reading.result()
                if isinstance(read, Large):
                    outcomes.append(self._answer_large(read))
                else:
                    pictures.append(read)
            except (OSError, Refused, ValueError) as error:
                outcomes.append(Unanswered(image_id, "unreadable_image", f"The image could not be read: {error}"))
        return [*outcomes, *self._answer(pictures)] if pictures else outcomes

    def _answer(self, pictures: list[Picture]) -> list[Answered | Unanswered]:
        begun = time.monotonic()
        try:
            predictions = self._predictor.predict(pictures)
        except PredictionRejected as error:
            return [Unanswered(_id(picture), "rejected", str(error)) for picture in pictures]
        latency_ms = (time.monotonic() - begun) * 1000 / len(pictures)
        pairs = zip(pictures, predictions, strict=True)
        return [self._kept(picture, prediction, latency_ms) for picture, prediction in pairs]

    def _answer_large(self, large: Large) -> Answered | Unanswered:
        """Answer about an image window by window: one of them is in memory at a time."""
        begun = time.monotonic()
        try:
            prediction = _look_in_windows(self._predictor, large)
        except PredictionRejected as error:
            return Unanswered(large.image.id, "rejected", str(error))
        latency_ms = (time.monotonic() - begun) * 1000 / len(large.windows)
        return Answered(large.image.id, digest(prediction, self._plan.rules), latency_ms)

    def _kept(self, picture: Picture, prediction: Prediction | PredictionRejected, latency_ms: float) -> Answered | Unanswered:
        if isinstance(prediction, PredictionRejected):
            return Unanswered(_id(picture), "rejected", str(prediction))
        return Answered(_id(picture), digest(prediction, self._plan.rules), latency_ms)


def look_once(predictor: LocalPredictor, image: StoredImage) -> Prediction:
    """Return what a network says of one image; raise ``PredictionRejected`` where its answer is unsound, Refused or OSError."""
    read = _picture(image, predictor)
    if isinstance(read, Large):
        return _look_in_windows(predictor, read)
    (prediction,) = predictor.predict([read])
    if isinstance(prediction, PredictionRejected):
        raise prediction
    return prediction


def _look_in_windows(predictor: LocalPredictor, large: Large) -> Prediction:
    assert isinstance(predictor, OnnxPredictor)
    parts = []
    for window in large.windows:
        try:
            parts.append((window, predictor.look(_as_picture(large.image, predictor.reading, window))))
        except PredictionRejected as error:
            column, row, width, height = window
            raise error.within(f"the window of {width} x {height} at x {column}, y {row}") from error
    return join_windows(parts, large.image, predictor.reading)


def _id(picture: Picture) -> int:
    assert picture.id is not None
    return picture.id


def _picture(image: StoredImage, predictor: LocalPredictor) -> Picture | Large:
    if predictor.reading is not None:
        windows = windows_for(image, predictor.reading)
        return Large(image, windows) if windows else _as_picture(image, predictor.reading)
    pixels = read_rgb(image.path, predictor.max_side) if predictor.needs_pixels(image.sha256) else UNSEEN
    return Picture(pixels, image.width, image.height, id=image.id, sha256=image.sha256)


def _as_picture(image: StoredImage, options: ModelOptions, window: WindowPx | None = None) -> Picture:
    sent = model_input(image, form="encoded", options=options, window=window)
    return Picture(pixels_of(sent), sent.width, sent.height, id=image.id, sha256=image.sha256)


def load_predictor(model: RegisteredModel, role: str = "", *, of_campaign: bool = True) -> LocalPredictor:
    """Load a model's best checkpoint, the one with ``role``, or its ONNX file; raises Conflict when it has none.

    ``of_campaign``: it will look at images of campaigns, whose embeddings are kept.
    """
    if model.protocol == ONNX:
        file, sha256 = onnx_file(model)
        return load_onnx(path=file, sha256=sha256, card=model_card(model))
    from inference.protocols.local import load_predictor as load  # torch comes with it, and only runs need that

    roles = (Checkpoint.Role.BEST, Checkpoint.Role.LAST)
    checkpoints = {checkpoint.role: checkpoint for checkpoint in Checkpoint.objects.filter(model=model)}
    checkpoint = checkpoints.get(role) if role else next((checkpoints[each] for each in roles if each in checkpoints), None)
    path = None if checkpoint is None else settings.DATA_DIR / "checkpoints" / checkpoint.path
    if path is None or not path.is_file():
        raise Conflict(f"{model.name} has no checkpoint on this machine. Train it again.", code="checkpoint_missing")
    kept = settings.DATA_DIR / "embeddings" if of_campaign else None
    predictor: LocalPredictor = load(path=path, card=model_card(model), embeddings=kept)
    return predictor
