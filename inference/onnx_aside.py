"""Ask an ONNX file about one picture, in a process of its own: a person who tests it waits, and the web server is spared.

Imports little, so that the process is there quickly: nothing of HTTP, nothing of Django.
"""

from __future__ import annotations

import pickle
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from campaigns.errors import DomainError
from inference.predictors import Picture
from inference.protocols.onnx_file import load_onnx
from inference.schema import Prediction, PredictionRejected
from inference.wire import ModelCard
from models_registry.networks.onnx_files import MOST_MEMORY_BYTES


@dataclass(frozen=True, slots=True)
class Asked:
    """Which file, and what about."""

    path: Path
    sha256: str
    card: ModelCard
    picture: Picture


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: a prediction, or (code, place, reason)."""

    prediction: Prediction | None = None
    latency_ms: float | None = None
    failure: tuple[str, str, str] | None = None


def answer(asked: Asked) -> Outcome:
    """Load the network and ask it. ``latency_ms``: of the answer alone."""
    try:
        predictor = load_onnx(path=asked.path, sha256=asked.sha256, card=asked.card)
        begun = time.perf_counter()
        prediction = predictor.ask(asked.picture)
    except PredictionRejected as error:
        return Outcome(failure=("rejected", error.where, error.why))
    except DomainError as error:
        return Outcome(failure=(error.code, "", str(error)))
    return Outcome(prediction, (time.perf_counter() - begun) * 1000)


def main() -> None:
    """Answer the one question on standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(pickle.dumps(answer(pickle.load(sys.stdin.buffer))))
