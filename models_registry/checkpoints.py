"""Models of our own: a training's checkpoints become a registered model, mapped to the campaign's labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from campaigns.errors import Conflict
from campaigns.models import Campaign, User
from models_registry.card import checked_card
from models_registry.digests import sha256_of
from models_registry.models import CampaignModel, Checkpoint, LabelMapping, ModelKind, RegisteredModel
from models_registry.options import OVERLAP_PX, ModelOptions
from models_registry.protocols import LOCAL


@dataclass(frozen=True)
class CheckpointFile:
    """A checkpoint as it lies on the disk; ``path`` is relative to ``checkpoint_folder()``."""

    path: str
    sha256: str
    config: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if Path(self.path).is_absolute() or ".." in Path(self.path).parts:
            raise ValueError("a checkpoint's path is relative to the checkpoint folder")


def checkpoint_folder() -> Path:
    """Return the folder that checkpoints lie in, made if it is missing."""
    folder: Path = settings.DATA_DIR / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def checkpoint_path(checkpoint: Checkpoint) -> Path:
    """Return the file of a checkpoint."""
    return checkpoint_folder() / checkpoint.path


class FileState(StrEnum):
    """What became of a checkpoint's file. DAMAGED: it holds other bytes than were written."""

    READY = "ready"
    MISSING = "missing"
    DAMAGED = "damaged"


FILE_STATES: Final = tuple(state.value for state in FileState)


def file_state(checkpoint: Checkpoint) -> FileState:
    """Look whether a checkpoint's file is there and whole; a file that has not changed since is not read again."""
    try:
        whole = sha256_of(checkpoint_path(checkpoint)) == checkpoint.sha256 or not checkpoint.sha256
    except OSError:
        return FileState.MISSING
    return FileState.READY if whole else FileState.DAMAGED


def require_file(checkpoint: Checkpoint) -> None:
    """Raise Conflict, with what to do, for a checkpoint whose file is missing or damaged."""
    state, model = file_state(checkpoint), checkpoint.model
    if state == FileState.MISSING:
        raise Conflict(
            f"The file of {model.name}'s {checkpoint.role} checkpoint is not on this machine. Put {checkpoint.path} back from a backup "
            "into the folder of checkpoints, choose another checkpoint, or train again.",
            code="checkpoint_missing",
        )
    if state == FileState.DAMAGED:
        raise Conflict(
            f"The file of {model.name}'s {checkpoint.role} checkpoint is damaged. Put {checkpoint.path} back from a backup into the folder "
            "of checkpoints, choose another checkpoint, or train again.",
            code="checkpoint_damaged",
        )


def role_of_version(version: str) -> str:
    """Return which checkpoint answers under a version: "3" is version 3 at its best epoch, "3-last" at its last one."""
    last = Checkpoint.Role.LAST.value
    return last if version.endswith(f"-{last}") else Checkpoint.Role.BEST.value


def answering_checkpoint(model: RegisteredModel) -> Checkpoint | None:
    """Return the checkpoint that answers under the version that a model is held in; None where it has none.

    A run holds a model in the version that it was started with: its answers are kept under that one, whichever checkpoint somebody
    chooses meanwhile, and so it has to be asked.
    """
    found = {checkpoint.role: checkpoint for checkpoint in Checkpoint.objects.filter(model=model).select_related("model")}
    roles = (role_of_version(model.version), Checkpoint.Role.BEST.value, Checkpoint.Role.LAST.value)
    return next((found[role] for role in roles if role in found), None)


def register_internal_model(
    *,
    campaign: Campaign,
    name: str,
    task: str,
    classes: Sequence[tuple[int, str]],
    training_run_id: int,
    files: Mapping[str, CheckpointFile],
    user: User | None = None,
    version: str = "1",
    multi_label: bool = False,
    description: str = "",
    snapshot_digest: str = "",
    parent: Checkpoint | None = None,
    thresholds: Mapping[int, float] | None = None,
    window_px: int | None = None,
    card: Mapping[str, str] | None = None,
) -> RegisteredModel:
    """Register what a training made; called again for the same training, it renews the checkpoints of the same model.

    ``classes``: (label id, name) in the order of the output slots; they are mapped to these labels by identity.
    ``thresholds``: by label, the confidence from which on its objects are drafted. ``files``: "best" and "last"
    (``Checkpoint.Role``). ``window_px``: larger images are asked about in windows of this side. No permission is asked: the
    training's own start has.
    """
    overlap_px = OVERLAP_PX if window_px is None else window_px // 4
    options = ModelOptions(extra={"training_run": training_run_id}, window_px=window_px, overlap_px=overlap_px).as_document()
    slots = [{"index": index, "name": label_name} for index, (_, label_name) in enumerate(classes)]
    facts = {
        "name": name, "description": description, "version": version, "task": task, "multi_label": multi_label, "classes": slots,
        "options": options, "protocol": LOCAL, "card": checked_card(card or {}),
    }  # fmt: skip
    with transaction.atomic():
        model = find_internal_model(training_run_id)
        if model is None:
            model = RegisteredModel.objects.create(kind=ModelKind.INTERNAL, created_by=user, **facts)
        _write_checkpoints(model, files, snapshot_digest=snapshot_digest, parent=parent)
        map_by_identity(campaign, model, [label for label, _ in classes], thresholds or {})
    return model


def find_internal_model(training_run_id: int) -> RegisteredModel | None:
    """Return the model that a training made, if it has."""
    made = RegisteredModel.objects.filter(kind=ModelKind.INTERNAL, options__extra__training_run=training_run_id)
    return made.first()


def _write_checkpoints(
    model: RegisteredModel, files: Mapping[str, CheckpointFile], *, snapshot_digest: str, parent: Checkpoint | None
) -> None:
    for role, file in files.items():
        Checkpoint.objects.update_or_create(
            model=model, role=Checkpoint.Role(role),
            defaults={
                "path": file.path, "sha256": file.sha256, "config": dict(file.config), "metrics": dict(file.metrics),
                "snapshot_digest": snapshot_digest, "parent": parent,
            },
        )  # fmt: skip


def map_by_identity(
    campaign: Campaign, model: RegisteredModel, labels: Sequence[int], thresholds: Mapping[int, float] | None = None
) -> None:
    """Attach the model and map slot k to ``labels[k]``; a mapping that a person has changed since stays."""
    attached, is_new = CampaignModel.objects.get_or_create(
        campaign=campaign, model=model, defaults={"thresholds": {str(label): value for label, value in (thresholds or {}).items()}}
    )
    if not is_new:
        return
    there = set(campaign.labels.filter(pk__in=labels).values_list("pk", flat=True))
    rows = (
        LabelMapping(campaign_model=attached, class_index=index, label_id=label) for index, label in enumerate(labels) if label in there
    )
    LabelMapping.objects.bulk_create(rows)
