"""The arithmetic of the steps that ``models_registry.steps`` declares: pixels before sending, things after the answer.

    pixels   the image's bands on their way to a model
    things   objects, rasters and scores of an answer on their way to being kept
    trace    what each step did, for a person who tests a model

Sigmoid, Softmax, Divide, Threshold and Argmax work on numbers that no prediction holds any more: ``inference.decode`` does
them while it reads an answer, as the options that ``settled`` returns say. Pure: no files, no sockets.
"""

from inference.steps.pixels import PixelStepFailed, run_pixel_steps
from inference.steps.settled import settled
from inference.steps.things import run_thing_steps
from inference.steps.trace import Told, recording, tell

__all__ = ["PixelStepFailed", "Told", "recording", "run_pixel_steps", "run_thing_steps", "settled", "tell"]
