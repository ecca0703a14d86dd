"""Ask a model of ours: pictures are read ahead in threads, the network answers them in batches in this one."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from django.conf import settings

from campaigns.errors import Conflict
from campaigns.imagery import Refused
from inference.answers import digest
from inference.endpoints import model_card
from inference.inputs import StoredImage
from inference.joining import join_windows, windows_for
from inference.looking import picture_of
from inference.predictors import LocalPredictor, Picture
from inference.protocols.onnx_file import load_onnx
from inference.schema import Prediction, PredictionRejected
from inference.services.failures import Unanswered
from inference.services.onnx import onnx_file
from inference.services.planning import Plan
from inference.steps import run_thing_steps
from inference.store import Answered
from inference.tiling import WindowPx
from models_registry.checkpoints import answering_checkpoint, checkpoint_path, require_file
from models_registry.models import Checkpoint, RegisteredModel
from models_registry.protocols import ONNX

READERS = 4


@dataclass
class _Asked:
    """An image on its way: whole, or in windows whose answers are gathered."""

    image: StoredImage
    windows: tuple[WindowPx, ...]
    answers: dict[int, Prediction] = field(default_factory=dict)
    took_ms: float = 0.0
    settled: bool = False


class LocalAsker:
    """Answers about images with a network in this process; loaded once, on entering."""

    def __init__(self, plan: Plan, predictor: LocalPredictor | None = None) -> None:
        """``predictor``: the network to ask in the place of the model's own, which is loaded otherwise."""
        self._plan, self._given = plan, predictor
        self._options = model_card(plan.model).options  # on entering, as the network wants images read
        self._planned: deque[tuple[_Asked, int]] = deque()
        self._waiting: deque[tuple[_Asked, int, Future[Picture]]] = deque()
        self._unsettled = 0
        self._last: _Asked | None = None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="picture-reader")
        self._predictor: LocalPredictor

    def __enter__(self) -> Self:
        self._predictor = self._given or load_predictor(self._plan.model)
        self._options = self._predictor.reading or self._options
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._readers.shutdown(wait=False, cancel_futures=True)

    @property
    def in_flight(self) -> int:
        """How many images wait for their answer."""
        return self._unsettled

    @property
    def appetite(self) -> int:
        """How many images it wants to have: one batch to answer, one to read meanwhile."""
        return 2 * self._predictor.batch_size

    @property
    def waits_for(self) -> str:
        """Say how far a large image is: it counts as one, however many windows it has."""
        asked = self._last
        if asked is None or asked.settled or not asked.windows:
            return ""
        return f"{asked.image.name}: {len(asked.answers):,} of {len(asked.windows):,} windows"

    def submit(self, images: Sequence[StoredImage]) -> None:
        """Begin to read images."""
        for image in images:
            asked = _Asked(image, windows_for(image, self._options))
            self._planned.extend((asked, number) for number in range(len(asked.windows) or 1))
        self._unsettled += len(images)
        self._read_ahead()

    def collect(self, *, most: int, within_s: float) -> list[Answered | Unanswered]:
        """Answer one batch of images or windows; a batch that has begun is always finished."""
        batch: list[tuple[_Asked, int, Picture]] = []
        outcomes: list[Answered | Unanswered] = []
        while self._waiting and len(batch) < min(most, self._predictor.batch_size):
            asked, number, reading = self._waiting.popleft()
            try:
                picture = reading.result()
            except (OSError, Refused, ValueError) as error:
                code = error.code if isinstance(error, Refused) and error.code == "step_failed" else "unreadable_image"
                outcomes += self._failed(asked, number, code, f"The image could not be read: {error}")
            else:
                if not asked.settled:
                    batch.append((asked, number, picture))
            self._read_ahead()
        outcomes += self._answer(batch) if batch else []
        self._unsettled -= len(outcomes)
        return outcomes

    def _read_ahead(self) -> None:
        """Have about two batches of pictures read, not all windows of large images."""
        while self._planned and len(self._waiting) < 2 * self._predictor.batch_size:
            asked, number = self._planned.popleft()
            if not asked.settled:
                self._waiting.append((asked, number, self._readers.submit(self._picture, asked, number)))

    def _picture(self, asked: _Asked, number: int) -> Picture:
        return picture_of(self._predictor, asked.image, self._options, asked.windows[number] if asked.windows else None)

    def _answer(self, batch: list[tuple[_Asked, int, Picture]]) -> list[Answered | Unanswered]:
        begun = time.monotonic()
        try:
            predictions = self._predictor.predict([picture for _, _, picture in batch])
        except PredictionRejected as error:
            return [each for asked, number, _ in batch for each in self._failed(asked, number, "rejected", str(error))]
        took_ms = (time.monotonic() - begun) * 1000 / len(batch)
        outcomes: list[Answered | Unanswered] = []
        for (asked, number, _), prediction in zip(batch, predictions, strict=True):
            if isinstance(prediction, PredictionRejected):
                outcomes += self._failed(asked, number, "rejected", str(prediction))
                continue
            asked.answers[number] = prediction
            self._last = asked
            asked.took_ms += took_ms
            if not asked.settled and len(asked.answers) == (len(asked.windows) or 1):
                outcomes += self._whole(asked)
        return outcomes

    def _whole(self, asked: _Asked) -> list[Answered | Unanswered]:
        try:
            if asked.windows:
                parts = [(window, asked.answers[number]) for number, window in enumerate(asked.windows)]
                prediction = join_windows(parts, asked.image, self._options)
            else:
                prediction = run_thing_steps(asked.answers[0], self._options)
        except PredictionRejected as error:
            return self._failed(asked, 0, "rejected", str(error))
        asked.settled = True
        return [Answered(asked.image.id, digest(prediction, self._plan.rules), asked.took_ms)]

    def _failed(self, asked: _Asked, number: int, code: str, reason: str) -> list[Answered | Unanswered]:
        """Settle an image without an answer, once: the first window that fails speaks for it."""
        if asked.settled:
            return []
        asked.settled = True
        if asked.windows:
            column, row = asked.windows[number][:2]
            reason = f"In the window at x {column}, y {row}: {reason}"
        return [Unanswered(asked.image.id, code, reason)]


def load_predictor(model: RegisteredModel, role: str = "", *, of_campaign: bool = True) -> LocalPredictor:
    """Load the checkpoint that answers under a model's version, the one with ``role``, or its ONNX file.

    ``of_campaign``: it will look at images of campaigns, whose embeddings are kept. Raises Conflict where there is none, or
    its file is missing or holds other bytes than were written.
    """
    if model.protocol == ONNX:
        file, sha256 = onnx_file(model)
        return load_onnx(path=file, sha256=sha256, card=model_card(model))
    from inference.protocols.local import load_predictor as load  # torch comes with it, and only runs need that

    checkpoint = Checkpoint.objects.filter(model=model, role=role).first() if role else answering_checkpoint(model)
    if checkpoint is None:
        raise Conflict(f"{model.name} has no checkpoint. Train it again.", code="checkpoint_missing")
    require_file(checkpoint)  # bytes that have changed on the disk load all the same, and answer nonsense
    path = checkpoint_path(checkpoint)
    kept = settings.DATA_DIR / "embeddings" if of_campaign else None
    predictor: LocalPredictor = load(path=path, card=model_card(model), embeddings=kept)
    return predictor
