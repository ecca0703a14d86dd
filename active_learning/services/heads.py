"""Which heads can go on learning from a few new labels at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from active_learning.models import Round, RoundState
from campaigns.models import Campaign, Task
from models_registry.checkpoints import answering_checkpoint, checkpoint_path
from models_registry.models import ModelKind, RegisteredModel
from models_registry.services import current_model


def refits(campaign: Campaign) -> bool:
    """Say whether ranking again learns from new labels: always for labels of whole images, else where the model that ranks allows it."""
    if campaign.task == Task.CLASSIFICATION:
        return True
    round_ = Round.objects.filter(campaign=campaign, state=RoundState.OPEN).select_related("model").last()
    model = current_model(campaign) if round_ is None else round_.model
    return model is not None and fast_head_of(model) is not None


def fast_head_of(model: RegisteredModel) -> tuple[Path, Mapping[str, Any]] | None:
    """Return the file and the config of a fast head of ours that sees colours; None for any other model."""
    checkpoint = answering_checkpoint(model) if model.kind == ModelKind.INTERNAL else None
    if checkpoint is None or checkpoint.config.get("method") != "fast_head" or checkpoint.config.get("bands") is not None:
        return None
    path = checkpoint_path(checkpoint)
    return (path, checkpoint.config) if path.is_file() else None
