"""Ask a model of ours: pictures are read ahead in threads, the network answers them in batches in this one."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

import numpy as np
from django.conf import settings

from campaigns.errors import Conflict
from campaigns.imagery import Refused, read_rgb
from inference.answers import digest
from inference.endpoints import model_card
from inference.inputs import StoredImage
from inference.predictors import LocalPredictor, Picture
from inference.schema import PredictionRejected
from inference.services.failures import Unanswered
from inference.services.planning import Plan
from inference.store import Answered
from models_registry.models import Checkpoint, RegisteredModel

READERS = 4
UNSEEN = np.zeros((1, 1, 3), np.uint8)  # stands for pixels that the predictor does not need


class LocalAsker:
    """Answers about images with a network in this process; loaded once, on entering."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._waiting: deque[tuple[int, Future[Picture]]] = deque()
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
        while self._waiting and len(pictures) < min(most, self._predictor.batch_size):
            image_id, reading = self._waiting.popleft()
            try:
                pictures.append(reading.result())
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
        return [Answered(_id(picture), digest(prediction, self._plan.rules), latency_ms) for picture, prediction in pairs]


def _id(picture: Picture) -> int:
    assert picture.id is not None
    return picture.id


def _picture(image: StoredImage, predictor: LocalPredictor) -> Picture:
    pixels = read_rgb(image.path, predictor.max_side) if predictor.needs_pixels(image.sha256) else UNSEEN
    return Picture(pixels, image.width, image.height, id=image.id, sha256=image.sha256)


def load_predictor(model: RegisteredModel) -> LocalPredictor:
    """Load a model's best checkpoint; raises Conflict when it has none."""
    from inference.protocols.local import load_predictor as load  # torch comes with it, and only runs need that

    roles = (Checkpoint.Role.BEST, Checkpoint.Role.LAST)
    checkpoints = {checkpoint.role: checkpoint for checkpoint in Checkpoint.objects.filter(model=model)}
    checkpoint = next((checkpoints[role] for role in roles if role in checkpoints), None)
    path = None if checkpoint is None else settings.DATA_DIR / "checkpoints" / checkpoint.path
    if path is None or not path.is_file():
        raise Conflict(f"{model.name} has no checkpoint on this machine. Train it again.", code="checkpoint_missing")
    predictor: LocalPredictor = load(path=path, card=model_card(model), embeddings=settings.DATA_DIR / "embeddings")
    return predictor
