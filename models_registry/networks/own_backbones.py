"""Backbones that people bring along: a network of torchvision or timm, with weights from a file. Imports torch only when one is built.

A file of weights is a ``state_dict`` (read with ``weights_only``, so that nothing in it is executed) or safetensors. What a network
answers before its last layer is the embedding; a head of any number of classes in the file is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from campaigns.errors import Conflict
from models_registry.networks.devices import device, fetched, mixed
from models_registry.networks.pictures import Pixels, stacked

if TYPE_CHECKING:
    from torch import nn

TORCHVISION: Final = "torchvision"
TIMM: Final = "timm"
LIBRARIES: Final = (TORCHVISION, TIMM)
TORCHVISION_NAMES: Final = (
    "convnext_base", "convnext_small", "convnext_tiny", "densenet121", "densenet169", "efficientnet_b0", "efficientnet_b1",
    "efficientnet_b2", "efficientnet_b3", "efficientnet_b4", "efficientnet_v2_m", "efficientnet_v2_s", "mobilenet_v2",
    "mobilenet_v3_large", "mobilenet_v3_small", "regnet_x_1_6gf", "regnet_y_1_6gf", "regnet_y_400mf", "regnet_y_800mf", "resnet101",
    "resnet152", "resnet18", "resnet34", "resnet50", "resnext50_32x4d", "shufflenet_v2_x1_0", "swin_s", "swin_t", "swin_v2_t",
    "vit_b_16", "vit_b_32", "vit_l_16", "wide_resnet50_2",
)  # fmt: skip
# Mean and deviation per channel, of values from 0 to 1.
NORMALISATIONS: Final[Mapping[str, tuple[tuple[float, float, float], tuple[float, float, float]]]] = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}
PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_.]{1,100}")
LEAST_SIDE_PX: Final = 32
MOST_SIDE_PX: Final = 1024
BATCH: Final = 8
SAVE_THUS: Final = "Save the network's weights alone: torch.save(network.state_dict(), path), or as safetensors."
WRAPPERS: Final = ("state_dict", "model", "model_state", "teacher")
PREFIXES: Final = ("module.", "backbone.", "encoder.", "model.")


@dataclass(frozen=True, slots=True)
class OwnBackbone:
    """Which network, with which file of weights, at which side of the square it sees, and how colours are brought to its scale."""

    library: str
    architecture: str
    path: Path
    sha256: str
    side_px: int
    normalisation: str

    @property
    def space(self) -> str:
        """Name the space of its embeddings: all that changes a vector is in it."""
        return f"{self.library}-{self.architecture}-{self.side_px}-{self.sha256[:8]}-{self.normalisation}"


class OwnNetwork:
    """A network without its head, ready to embed."""

    batch_size = BATCH

    def __init__(self, wanted: OwnBackbone) -> None:
        """Load it; raises Conflict with a sentence where the file, the network or the size do not go together."""
        import torch

        self._wanted = wanted
        self._mean, self._deviation = (
            torch.tensor(numbers).view(1, 3, 1, 1).to(device()) for numbers in NORMALISATIONS[wanted.normalisation]
        )
        network, beheaded = built(wanted.library, wanted.architecture)
        fill(network, state_of(wanted.path), beheaded, f"{wanted.architecture} of {wanted.library}")
        self._network = network.eval().requires_grad_(False).to(device())
        self.dimension = self.embed([np.zeros((wanted.side_px, wanted.side_px, 3), np.uint8)]).shape[1]

    @property
    def side_px(self) -> int:
        """The side of the square that it sees."""
        return self._wanted.side_px

    def embed(self, images: Sequence[Pixels]) -> npt.NDArray[np.float32]:
        """Return (N, D) float32 embeddings of pictures (H, W, 3) uint8 of any size."""
        import torch

        from models_registry.networks.backbones import as_tensor, use_few_threads

        use_few_threads()
        parts = []
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                batch = as_tensor(stacked(images[start : start + BATCH], self.side_px)) / 255
                try:
                    with mixed():
                        features = self._network((batch - self._mean) / self._deviation)
                except (RuntimeError, AssertionError) as error:
                    raise _unfit(
                        f"{self._wanted.architecture} cannot see squares of {self.side_px} pixels: {_first_line(error)}"
                    ) from error
                if not isinstance(features, torch.Tensor):
                    raise _unfit(f"{self._wanted.architecture} answers no single vector. Take another network.")
                parts.append(fetched(features.flatten(1)))
        return np.concatenate(parts).astype(np.float32)


@lru_cache(maxsize=2)
def own_network(wanted: OwnBackbone) -> OwnNetwork:
    """Return a network that stays in memory."""
    return OwnNetwork(wanted)


def has_timm() -> bool:
    """Say whether timm is installed, without importing it."""
    from importlib.util import find_spec

    return find_spec("timm") is not None


def built(library: str, architecture: str) -> tuple[nn.Module, str]:
    """Return the bare network without its head, and the prefix of the head's weights in its file."""
    return _of_timm(architecture) if library == TIMM else _of_torchvision(architecture)


def _of_timm(name: str) -> tuple[nn.Module, str]:
    try:
        import timm
    except ImportError as error:
        raise Conflict("timm is not installed. Run `pip install timm`, and try again.", code="timm_missing") from error
    if not PLAIN_NAME.fullmatch(name):  # timm takes addresses of hubs and folders for names, too
        raise _unfit(f"{name[:100]!r} is no plain name of a network.")
    try:
        network = timm.create_model(name, pretrained=False, num_classes=0)
    except (RuntimeError, ValueError, TypeError) as error:
        raise _unfit(f"timm {timm.__version__} knows no network {name[:100]!r}. Its names are at https://timm.fast.ai.") from error
    head = getattr(network, "pretrained_cfg", {}).get("classifier") or "head"
    return network, str(head if isinstance(head, str) else head[0])


def _of_torchvision(name: str) -> tuple[nn.Module, str]:
    from torch import nn
    from torchvision import models

    if name not in TORCHVISION_NAMES:
        raise _unfit(f"torchvision has no network {name[:100]!r} that is known here. Take one of the list.")
    network: nn.Module = models.get_model(name, weights=None)
    last = [path for path, module in network.named_modules() if isinstance(module, nn.Linear)][-1]
    parent, _, child = last.rpartition(".")
    setattr(network.get_submodule(parent), child, nn.Identity())
    return network, last


def state_of(path: Path) -> dict[str, Any]:
    """Return the weights in a file, read without executing anything of it; raises Conflict where there are none."""
    import torch

    try:
        state = _safetensors(path) if _is_safetensors(path) else torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, UnpicklingError, ValueError, KeyError, AttributeError, EOFError, OSError) as error:
        raise _unfit(f"The file holds no weights that can be read safely: {_in_our_words(error)} {SAVE_THUS}") from error
    for name in WRAPPERS:
        if isinstance(state, Mapping) and isinstance(state.get(name), Mapping):
            state = state[name]
    if not isinstance(state, Mapping) or not state or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise _unfit(f"The file holds no state_dict. {SAVE_THUS}")
    return {str(name): value for name, value in state.items()}


def _in_our_words(error: Exception) -> str:
    """Say why; torch itself advises to read such files all the same, with whatever they execute."""
    said = str(error)
    if "TorchScript" in said:
        return "it is a TorchScript program."
    if isinstance(error, UnpicklingError | EOFError) or "weights_only" in said:
        return "it holds other things than weights, or is no file of torch."
    return f"{_first_line(error).rstrip('.')}."


def _is_safetensors(path: Path) -> bool:
    """Tell by the file's start: the length of a header, and the brace that it opens with."""
    with path.open("rb") as file:
        start = file.read(9)
    return len(start) == 9 and start[8:9] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size


def _safetensors(path: Path) -> Mapping[str, Any]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise Conflict(
            "The file is of safetensors, which are not installed. Run `pip install safetensors`.", code="timm_missing"
        ) from error
    try:
        loaded: Mapping[str, Any] = load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    return loaded


def fill(network: nn.Module, state: dict[str, Any], beheaded: str, named: str) -> None:
    """Load the weights; those of the head that was taken off are passed over, and nothing else may be missing or too much."""
    own = set(network.state_dict())
    for prefix in PREFIXES:
        if not own & set(state) and all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): value for name, value in state.items()}
    kept = {name: value for name, value in state.items() if name in own or not name.startswith(f"{beheaded}.")}
    missing = sorted(own - set(kept) - {name for name in own if name.endswith("num_batches_tracked")})
    foreign = sorted(set(kept) - own)
    if missing or foreign:
        what = f"{len(missing)} are missing, such as {missing[0]}" if missing else f"{len(foreign)} belong elsewhere, such as {foreign[0]}"
        raise _unfit(f"These are not the weights of {named}: {what}. Choose the network they were made for.")
    try:
        network.load_state_dict(kept, strict=False)
    except RuntimeError as error:
        raise _unfit(f"The weights do not fit {named}: {_first_line(error, 1)}") from error
    if not all(value.isfinite().all() for value in kept.values() if value.is_floating_point()):
        raise _unfit("The file holds weights that are not finite. Save them again.")


def _unfit(why: str) -> Conflict:
    return Conflict(why, code="backbone_weights_unfit")


def _first_line(error: Exception, place: int = 0) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[min(place, len(lines) - 1)].strip()[:300]
