"""Pack a model to take along: an archive that answers the predict API without Winnow."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from campaigns.errors import Conflict, InvalidInput
from campaigns.models import Campaign, User
from campaigns.permissions import MANAGE, require_role
from campaigns.storage import folder
from inference.endpoints import model_card
from inference.offline.archive import write_archive
from inference.offline.manifest import CHECKPOINT, CLASSIFIER, TENSORS, Manifest
from inference.services.onnx import onnx_file
from inference.services.planning import draft_rules
from inference.serving.questions import AskedModel
from models_registry.checkpoints import checkpoint_path
from models_registry.digests import sha256_of
from models_registry.models import Checkpoint, ModelKind, RegisteredModel
from models_registry.networks.backbones import SIZES
from models_registry.networks.checkpoint import FORMAT as CLASSIFIER_FORMAT
from models_registry.networks.checkpoint import ClassifierCheckpoint, format_of
from models_registry.networks.library_segmenter_checkpoint import FORMAT as LIBRARY_SEGMENTER_FORMAT
from models_registry.networks.library_segmenter_checkpoint import LibrarySegmenterCheckpoint
from models_registry.networks.object_checkpoint import FORMAT as OBJECTS_FORMAT
from models_registry.networks.object_checkpoint import ObjectCheckpoint
from models_registry.networks.segmenter_checkpoint import FORMAT as SEGMENTER_FORMAT
from models_registry.networks.segmenter_checkpoint import SegmenterCheckpoint
from models_registry.networks.tensors import TensorFileError
from models_registry.networks.weights import find_weights
from models_registry.protocols import LOCAL, ONNX
from models_registry.services.profiles import profiles_by_name

ROOT: Final = Path(__file__).resolve().parents[2]
EXPORT_WITHIN_S: Final = 120.0


def pack_model(*, user: User, campaign: Campaign, model: RegisteredModel, role: str = Checkpoint.Role.BEST) -> IO[bytes]:
    """Return the archive as a file that vanishes when it is closed; ``role``: which checkpoint of a model that was trained here.

    Raises Conflict for a model whose network is not here, and where it cannot be exported.
    """
    require_role(user, campaign, MANAGE)
    if role not in Checkpoint.Role.values:
        raise InvalidInput("checkpoint is best or last.", code="invalid_checkpoint")
    if model.kind == ModelKind.INTERNAL and model.protocol == ONNX:
        path, sha256 = onnx_file(model)
        return _packed(_manifest(campaign, model, "", kind=TENSORS, sha256=sha256), path)
    if model.kind != ModelKind.INTERNAL or model.protocol != LOCAL:
        raise Conflict("This model's network is not here to be packed: it answers elsewhere, or only clicks.", code="not_downloadable")
    checkpoint = _checkpoint_file(model, role)
    loaded = _loaded(checkpoint)
    foreign = isinstance(loaded, ClassifierCheckpoint) and loaded.network is not None
    if (
        not isinstance(loaded, ClassifierCheckpoint) or loaded.scale is not None or foreign
    ):  # our own writer of ONNX files knows no other network
        manifest = _manifest(campaign, model, role, kind=CHECKPOINT, sha256=sha256_of(checkpoint))
        return _packed(manifest, checkpoint, _backbone_of(loaded))
    with _exported(checkpoint) as path:
        manifest = _manifest(campaign, model, role, kind=CLASSIFIER, sha256=sha256_of(path), side_px=SIZES[loaded.size])
        return _packed(manifest, path)


def _manifest(campaign: Campaign, model: RegisteredModel, role: str, *, kind: str, sha256: str, side_px: int = 0) -> Manifest:
    names = dict(campaign.labels.values_list("pk", "name"))
    asked = AskedModel(model.pk, model.name, model.version, model.task, role)
    return Manifest(
        campaign.pk, campaign.name, asked, model_card(model), draft_rules(model, campaign), names, kind, sha256, side_px,
        profiles_by_name(campaign, model),
    )  # fmt: skip


def _packed(manifest: Manifest, network: Path, backbone: Path | None = None) -> IO[bytes]:
    file = tempfile.TemporaryFile(prefix="download-", dir=folder("incoming"))  # noqa: SIM115 the caller sends it, then closes it
    try:
        write_archive(file, manifest, network, backbone)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _checkpoint_file(model: RegisteredModel, role: str) -> Path:
    checkpoint = Checkpoint.objects.filter(model=model, role=role).first()
    path = None if checkpoint is None else checkpoint_path(checkpoint)
    if path is None or not path.is_file():
        raise Conflict(f"{model.name} has no {role} checkpoint on this machine. Train it again.", code="checkpoint_missing")
    return path


AnyCheckpoint = ClassifierCheckpoint | ObjectCheckpoint | SegmenterCheckpoint | LibrarySegmenterCheckpoint
LOADERS: Final[dict[str, Callable[[Path], AnyCheckpoint]]] = {
    CLASSIFIER_FORMAT: ClassifierCheckpoint.load,
    OBJECTS_FORMAT: ObjectCheckpoint.load,
    SEGMENTER_FORMAT: SegmenterCheckpoint.load,
    LIBRARY_SEGMENTER_FORMAT: LibrarySegmenterCheckpoint.load,
}


def _loaded(checkpoint: Path) -> AnyCheckpoint:
    try:
        kind = format_of(checkpoint)
        if kind not in LOADERS:
            raise TensorFileError(f"its format is {kind!r}, which this version of Winnow does not know.")
        return LOADERS[kind](checkpoint)
    except (OSError, TensorFileError) as error:
        raise Conflict(f"The checkpoint cannot be packed: {error}", code="checkpoint_damaged") from error


def _backbone_of(loaded: AnyCheckpoint) -> Path | None:
    """Return the file of weights that a checkpoint stands on, None where it holds its own; raises Conflict where others are installed."""
    if not loaded.is_frozen:
        return None
    weights = find_weights()
    if weights.sha256 != loaded.weights_sha256:
        raise Conflict(
            "The model was trained on a backbone with other weights than those installed now. Train it again.", code="backbone_changed"
        )
    return weights.path


@contextmanager
def _exported(checkpoint: Path) -> Iterator[Path]:
    """Let a classifier lie on the disk as an ONNX file."""
    with tempfile.TemporaryDirectory(prefix="export-", dir=folder("incoming")) as place:
        target = Path(place) / "model.onnx"
        command = [sys.executable, "-m", "models_registry.networks.onnx_export", str(checkpoint.resolve()), str(target.resolve())]
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=EXPORT_WITHIN_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise Conflict("Packing the model took more than two minutes. Try again when less is going on.", code="export_slow") from error
        if done.returncode != 0:
            raise Conflict(done.stdout.strip() or "Packing the model ended the process that did it. Try again.", code="export_failed")
        yield target
