"""Networks of torchvision and timm with the weights of a file, or with those that their makers publish.

These come from the library's own folder on this machine, otherwise from its hub.
Nothing is fetched unless a person chose a network whose weights are not there, and ``WINNOW_HUBS`` lets it. Imports torch.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from campaigns.errors import Conflict
from models_registry.networks.bands import BandScale, bands_seen
from models_registry.networks.library_networks import Eye, LibraryNetwork, Numbers, parts_of, take_bands_in
from models_registry.networks.own_backbones import NORMALISATIONS, TIMM, built, fill, state_of

if TYPE_CHECKING:
    from torch import nn

VARIABLE: Final = "WINNOW_HUBS"
FORBIDDEN: Final = ("no", "off", "false", "0")
SILENT_S: Final = 20.0  # a hub that says nothing for so long is not there
HUGGING_FACE: Final = "huggingface.co"
HUB_FILES: Final = ("model.safetensors", "pytorch_model.bin")


def started_eye(name: str, side_px: int, scale: BandScale | None, weights: Path | None) -> Eye:
    """Return a network with the weights of a file, or with those that its makers published; raises Conflict where they cannot be had."""
    library, architecture = parts_of(name)
    body, beheaded = built(library, architecture)
    state = state_of(weights or published_weights(library, architecture))
    fill(body, _as_built(library, body, state), beheaded, f"{architecture} of {library}")
    take_bands_in(body, bands_seen(scale))
    return Eye(LibraryNetwork(library, architecture, *_normalisation(library, body)), body, side_px, scale)


def published_state(library: str, architecture: str) -> tuple[dict[str, Any], str]:
    """Return the weights that a network's makers published, as this version of the library names them, and how they normalised colours."""
    body, _ = built(library, architecture)
    state, numbers = state_of(published_weights(library, architecture)), _normalisation(library, body)
    said = next((name for name, known in NORMALISATIONS.items() if known == numbers), "imagenet")
    return _as_built(library, body, state), said


def published_weights(library: str, architecture: str) -> Path:
    """Return the file of a network's published weights; raises Conflict, which says where to put it, where it cannot be had."""
    return _of_timm(architecture) if library == TIMM else _of_torchvision(architecture)


def require_published(library: str, architecture: str) -> None:
    """Raise Conflict, which says where to put the file, where published weights are not here and no hub may be asked; fetch nothing."""
    if may_ask():
        return
    published_weights(library, architecture)  # which asks nobody either


def _of_torchvision(name: str) -> Path:
    from torch import hub
    from torchvision import models

    kinds = models.get_model_weights(name)
    folder = Path(hub.get_dir()) / "checkpoints"
    first: Any = kinds.DEFAULT
    files = [folder / str(each.url).rpartition("/")[2] for each in (first, *kinds)]
    there = next((file for file in files if file.is_file()), None)
    if there is not None:
        return there
    target = files[0]
    with _reached(name, "download.pytorch.org", target):
        folder.mkdir(parents=True, exist_ok=True)
        # torchvision writes the first digits of the file's SHA-256 into its name; the download is refused where they differ.
        digits = target.stem.rpartition("-")[2]
        hub.download_url_to_file(first.url, str(target), digits, progress=False)
    return target


def _of_timm(name: str) -> Path:
    import timm
    from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache

    facts = timm.get_pretrained_cfg(name)
    repository = getattr(facts, "hf_hub_id", None)
    if facts is None or not repository:
        raise Conflict(
            f"timm knows no published weights of {name}. Take a name with a tag, such as resnet18.a1_in1k, or a file of your own.",
            code="start_weights_missing",
        )
    for file in (getattr(facts, "hf_hub_filename", None), *HUB_FILES):
        found = try_to_load_from_cache(repository, file) if file else None
        if isinstance(found, str):
            return Path(found)
    folder = Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}"
    with _reached(name, HUGGING_FACE, folder / HUB_FILES[0]):
        return Path(hf_hub_download(repository, getattr(facts, "hf_hub_filename", None) or HUB_FILES[0]))


def may_ask() -> bool:
    """Say whether hubs may be asked for weights that are not here."""
    return os.environ.get(VARIABLE, "").strip().lower() not in FORBIDDEN


@contextmanager
def _reached(name: str, host: str, target: Path) -> Iterator[None]:
    """Say what can be done where a hub may not be asked, or does not answer."""
    remedy = f"Put the file {target.name} into {target.parent} on the machine of the workers, or choose a file of weights in the form."
    if not may_ask():
        raise Conflict(
            f"The weights of {name} are not on this machine, and {VARIABLE} keeps it from asking {host}. {remedy}",
            code="start_weights_missing",
        )
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENT_S)
    try:
        yield
    except Exception as error:  # of urllib, httpx and the Hugging Face library, each with errors of its own
        why = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise Conflict(f"The weights of {name} could not be fetched from {host}: {why} {remedy}", code="start_weights_missing") from error
    finally:
        socket.setdefaulttimeout(before)


def _as_built(library: str, body: nn.Module, state: dict[str, Any]) -> dict[str, Any]:
    """Bring published weights to the names that this version of timm gives them; those of torchvision have theirs."""
    import sys

    if library != TIMM:
        return state
    convert = getattr(sys.modules[type(body).__module__], "checkpoint_filter_fn", None)
    return dict(convert(state, body)) if convert is not None else state


def _normalisation(library: str, body: nn.Module) -> tuple[Numbers, Numbers]:
    facts: Mapping[str, Any] = getattr(body, "pretrained_cfg", {}) if library == TIMM else {}
    usual = NORMALISATIONS["imagenet"]
    return tuple(facts.get("mean") or usual[0]), tuple(facts.get("std") or usual[1])
