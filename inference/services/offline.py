"""Pack a model to take along: an archive that answers the predict API without Winnow."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import IO, Final

from campaigns.errors import Conflict, InvalidInput
from campaigns.models import Campaign, User
from campaigns.permissions import MANAGE, require_role
from campaigns.storage import folder
from inference.endpoints import model_card
from inference.offline.archive import write_archive
from inference.offline.manifest import CLASSIFIER, TENSORS, Manifest
from inference.services.onnx import onnx_file
from inference.services.planning import draft_rules
from inference.serving.questions import AskedModel
from models_registry.checkpoints import checkpoint_path
from models_registry.models import Checkpoint, ModelKind, RegisteredModel
from models_registry.networks.backbones import SIZES
from models_registry.networks.checkpoint import FORMAT as CLASSIFIER_FORMAT
from models_registry.networks.checkpoint import ClassifierCheckpoint, format_of
from models_registry.networks.tensors import TensorFileError
from models_registry.protocols import LOCAL, ONNX

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
    with _exported(_checkpoint_file(model, role)) as (path, side_px):
        with path.open("rb") as file:
            sha256 = file_digest(file, "sha256").hexdigest()
        return _packed(_manifest(campaign, model, role, kind=CLASSIFIER, sha256=sha256, side_px=side_px), path)


def _manifest(campaign: Campaign, model: RegisteredModel, role: str, *, kind: str, sha256: str, side_px: int = 0) -> Manifest:
    names = dict(campaign.labels.values_list("pk", "name"))
    asked = AskedModel(model.pk, model.name, model.version, model.task, role)
    return Manifest(
        campaign.pk, campaign.name, asked, model_card(model), draft_rules(model, campaign), names, kind, sha256, side_px
    )  # fmt: skip


def _packed(manifest: Manifest, network: Path) -> IO[bytes]:
    file = tempfile.TemporaryFile(prefix="download-", dir=folder("incoming"))  # noqa: SIM115 the caller sends it, then closes it
    try:
        write_archive(file, manifest, network)
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


def _require_classifier(checkpoint: Path) -> None:
    try:
        kind = format_of(checkpoint)
    except (OSError, TensorFileError) as error:
        raise Conflict(f"The checkpoint cannot be packed: {error}", code="checkpoint_damaged") from error
    if kind != CLASSIFIER_FORMAT:
        raise Conflict(
            "Only models that classify whole images can be taken along with a server of their own. Ask this one by the predict API.",
            code="not_downloadable",
        )


@contextmanager
def _exported(checkpoint: Path) -> Iterator[tuple[Path, int]]:
    """Let a checkpoint lie on the disk as an ONNX file; yield it with the side of the square that it sees."""
    _require_classifier(checkpoint)
    try:
        loaded = ClassifierCheckpoint.load(checkpoint)
    except (OSError, TensorFileError) as error:
        raise Conflict(f"The checkpoint cannot be packed: {error}", code="checkpoint_damaged") from error
    if loaded.scale is not None:
        raise Conflict(
            "A model of chosen bands cannot be taken along with a server of its own yet. Ask it by the predict API.",
            code="not_downloadable",
        )
    side_px = SIZES[loaded.size]
    with tempfile.TemporaryDirectory(prefix="export-", dir=folder("incoming")) as place:
        target = Path(place) / "model.onnx"
        command = [sys.executable, "-m", "models_registry.networks.onnx_export", str(checkpoint.resolve()), str(target.resolve())]
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=EXPORT_WITHIN_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise Conflict("Packing the model took more than two minutes. Try again when less is going on.", code="export_slow") from error
        if done.returncode != 0:
            raise Conflict(done.stdout.strip() or "Packing the model ended the process that did it. Try again.", code="export_failed")
        yield target, side_px
