"""A network of tensors in this process: pictures in, predictions out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from inference.predictors import Picture
from inference.schema import Prediction, PredictionRejected
from inference.steps import run_thing_steps
from inference.tensors.images import make_tensor
from inference.tensors.placement import Placement
from inference.tensors.presets import read_outputs
from inference.tensors.settings import TensorSettings
from inference.tensors.wire import Tensor
from inference.wire import ModelCard, ModelInput
from models_registry.options import ModelOptions

BATCH: Final = 4
ROOM: Final = 4
"""A picture of so many times the input's sides is read, not a larger one: what is resized from it looks the same."""


class OnnxPredictor:
    """Answers with what the network says of one picture after the other."""

    def __init__(self, session: Any, card: ModelCard) -> None:
        self._session = session
        self._card = card
        self._settings = TensorSettings.from_options(card.options)
        self._input = session.get_inputs()[0].name
        self.batch_size = BATCH
        self.max_side: int | None = None
        self.reading = reading_options(card.options)

    def needs_pixels(self, sha256: str) -> bool:
        """Say that every picture has to be looked at."""
        return True

    def predict(self, pictures: Sequence[Picture]) -> list[Prediction | PredictionRejected]:
        """Return one prediction per picture, in order, or why there is none; the steps on things are left to who joins windows."""
        return [self._answer(picture) for picture in pictures]

    def _answer(self, picture: Picture) -> Prediction | PredictionRejected:
        try:
            return self.look(picture)
        except PredictionRejected as error:
            return error

    def ask(self, picture: Picture) -> Prediction:
        """Return what the network says of one picture, after the steps on whole things; raise ``PredictionRejected``."""
        return run_thing_steps(self.look(picture), self._card.options)

    def look(self, picture: Picture) -> Prediction:
        """Return what the network says of one picture, or of a window of one; raise ``PredictionRejected``."""
        height, width = picture.pixels.shape[:2]
        image = ModelInput(b"", "", picture.width, picture.height, id=picture.id, sent_width=width, sent_height=height)
        placement = Placement.of(self._settings, sent=(width, height), image=(picture.width, picture.height), task=self._card.task)
        tensor = make_tensor(picture.pixels, self._settings, placement)
        return read_outputs(self._run(tensor), self._settings, placement, image, self._card)

    def _run(self, tensor: Any) -> list[Tensor]:
        try:
            values = self._session.run(None, {self._input: tensor})
        except Exception as error:  # the runtime raises many kinds, none of them documented
            raise PredictionRejected(
                "input", f"the network does not take {tensor.dtype} {list(tensor.shape)}: {str(error)[:200]}"
            ) from error
        named = zip((each.name for each in self._session.get_outputs()), values, strict=True)
        return [Tensor(name, _array(value), f"outputs[{at}] ({name[:60]})") for at, (name, value) in enumerate(named)]


def _array(value: Any) -> Any:
    """Return an output as an array; texts as bytes, as they come over the wire."""
    array = np.asarray(value)
    if array.dtype.kind not in "OU":
        return array
    texts = np.empty(array.size, dtype=object)
    texts[:] = [each.encode() if isinstance(each, str) else each for each in array.ravel()]
    return texts.reshape(array.shape)


def reading_options(options: ModelOptions) -> ModelOptions:
    """Return how images are read for a network: no larger than its input has room for."""
    settings = TensorSettings.from_options(options)
    if options.max_side is not None or options.window_px is not None or not (settings.width and settings.height):
        return options
    return replace(options, max_side=max(16, ROOM * max(settings.width, settings.height)))
