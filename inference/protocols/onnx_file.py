"""ONNX files that were uploaded, asked in this process: the same tensors and presets as servers of tensors are asked by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from campaigns.errors import Conflict
from inference.protocols.base import Option
from inference.protocols.oip import TENSOR_OPTIONS
from inference.tensors.network import OnnxPredictor
from inference.tensors.settings import TensorSettings
from inference.wire import ModelCard
from models_registry.digests import sha256_of
from models_registry.networks.onnx_files import OnnxRefused, open_session
from models_registry.options import ModelOptions


@dataclass(frozen=True, slots=True)
class OnnxForm:
    """What the form of a model in an ONNX file asks for; no external model speaks it."""

    name: str = "onnx"
    title: str = "ONNX file"
    description: str = "A network in an ONNX file that was uploaded; it runs on this deployment's own machine."
    tasks: frozenset[str] = frozenset()
    interactive: bool = False
    options: tuple[Option, ...] = tuple(option for option in TENSOR_OPTIONS if option.name != "input")

    def check_options(self, options: ModelOptions, task: str) -> None:
        """Raise OptionsRejected for settings that cannot be used."""
        TensorSettings.from_options(options)


ONNX: Final = OnnxForm()
ALL_TASKS: Final = frozenset({"classification", "detection", "segmentation", "keypoints"})


def load_onnx(*, path: Path, sha256: str, card: ModelCard, threads: int = 0) -> OnnxPredictor:
    """Load a network from its file; raise ``Conflict`` when it is another file than was uploaded, or cannot be loaded."""
    if sha256_of(path) != sha256:
        raise Conflict(f"{card.name}: the file on this machine is not the one that was uploaded. Upload it again.", code="model_damaged")
    try:
        return OnnxPredictor(open_session(path, threads=threads), card)
    except OnnxRefused as error:
        raise Conflict(f"{card.name}: {error}", code="model_unusable") from error
