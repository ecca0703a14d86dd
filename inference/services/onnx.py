"""Models in ONNX files: add one, and try it on one image in a process beside this one."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from campaigns.errors import Conflict
from campaigns.models import Task, User
from campaigns.permissions import require_manager_somewhere
from inference.endpoints import model_card
from inference.onnx_aside import Asked, Outcome
from inference.predictors import Picture
from inference.tensors.presets import guess_task, suggest
from inference.tensors.settings import TensorInfo
from models_registry.models import Checkpoint, ModelKind, RegisteredModel
from models_registry.networks.onnx_files import OnnxFacts, OnnxTensor
from models_registry.options import ModelOptions
from models_registry.protocols import ONNX
from models_registry.services.auditing import UNKNOWN_CALLER, Caller, record
from models_registry.services.models import check_protocol, check_steps, checked_fields
from models_registry.services.onnx import checked_upload, refused

ROOT = Path(__file__).resolve().parents[2]


def add_onnx_model(
    *, user: User, chunks: Iterable[bytes], name: str, task: str = "", caller: Caller = UNKNOWN_CALLER, **fields: Any
) -> RegisteredModel:
    """Keep an uploaded ONNX file and register it; what its inputs and outputs tell fills in what ``fields`` leave open.

    Raises InvalidInput when the file is not taken, with the reason.
    """
    require_manager_somewhere(user)
    with checked_upload(chunks) as file:
        given = checked_fields({"name": name, "task": task, **fields})
        facts = file.facts
        _check_inputs(facts)
        inputs, outputs = _infos(facts.inputs), _infos(facts.outputs)
        given["task"] = given["task"] or guess_task(outputs) or Task.CLASSIFICATION
        given["classes"] = given.get("classes") or [{"index": index, "name": each} for index, each in sorted(facts.classes.items())]
        told = suggest(inputs, outputs, given["task"], multi_label=bool(given.get("multi_label")))
        given["options"] = _with(given.get("options", {}), told)
        given["card"] = {"notes": _notes(facts), **given.get("card", {})}
        check_protocol(ONNX, given["task"], given["options"])
        check_steps(protocol=ONNX, task=given["task"], options=given["options"])
        with transaction.atomic():
            model = RegisteredModel.objects.create(kind=ModelKind.INTERNAL, protocol=ONNX, created_by=user, **given)
            Checkpoint.objects.create(
                model=model, role=Checkpoint.Role.BEST, path=file.keep(), sha256=file.sha256, config=facts.as_document()
            )
            record(user, "model.registered", caller=caller, model=model, details={"protocol": ONNX, "sha256": file.sha256})
    return model


def _check_inputs(facts: OnnxFacts) -> None:
    """Refuse networks that take more than an image."""
    if len(facts.inputs) != 1:
        names = ", ".join(each.name for each in facts.inputs[:8]) or "none"
        raise refused(f"A network of one input, the image, is asked here; this one takes {names}. Export it with the others fixed.")
    only = facts.inputs[0]
    if len(only.shape) not in (3, 4) or only.datatype == "BYTES":
        shape = " x ".join(str(side) if side > 0 else "?" for side in only.shape)
        raise refused(f"The network's input {only.name} is {only.datatype} of {shape or 'one number'}, which holds no image.")


def _infos(tensors: Sequence[OnnxTensor]) -> list[TensorInfo]:
    return [TensorInfo(each.name, each.datatype, each.shape) for each in tensors]


def _with(options: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    extra = {**told, **options.get("extra", {})}
    return ModelOptions.from_document({**options, "extra": extra}).as_document()


def _notes(facts: OnnxFacts) -> str:
    """Say what goes in and what comes out."""
    lines = [f"Input {_shown(each)}." for each in facts.inputs] + [f"Output {_shown(each)}." for each in facts.outputs]
    return "\n".join([*lines, f"Written by {facts.producer}."] if facts.producer else lines)[:5000]


def _shown(tensor: OnnxTensor) -> str:
    return f"{tensor.name}: {tensor.datatype}, {' × '.join(str(side) if side > 0 else '?' for side in tensor.shape) or 'one number'}"


def onnx_file(model: RegisteredModel) -> tuple[Path, str]:
    """Return where a model's file lies and its hash; raise Conflict when it is gone."""
    checkpoint = Checkpoint.objects.filter(model=model, role=Checkpoint.Role.BEST).first()
    path = None if checkpoint is None else settings.DATA_DIR / "checkpoints" / checkpoint.path
    if checkpoint is None or path is None or not path.is_file():
        raise Conflict(f"The file of {model.name} is not on this machine. Upload it again.", code="model_missing")
    return path, checkpoint.sha256


def ask_aside(model: RegisteredModel, picture: Picture, *, within_s: float) -> Outcome:
    """Ask a model about one picture in a process beside this one, which no network can take down or hold up."""
    path, sha256 = onnx_file(model)
    question = pickle.dumps(Asked(path, sha256, model_card(model), picture))
    command = [sys.executable, "-c", "from inference.onnx_aside import main; main()"]
    try:
        done = subprocess.run(command, cwd=ROOT, input=question, capture_output=True, timeout=within_s, check=False)
    except subprocess.TimeoutExpired:
        return Outcome(failure=("timeout", "", f"The network took more than {within_s:.0f} s."))
    if done.returncode != 0 or not done.stdout:
        return Outcome(failure=("network_failed", "", "Asking the network ended its process: it may take more memory than there is."))
    outcome: Outcome = pickle.loads(done.stdout)
    return outcome
