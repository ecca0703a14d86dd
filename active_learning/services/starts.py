"""What a training may set out from besides the backbone: networks of libraries, with weights that people upload."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from active_learning.models import TrainingRun
from active_learning.services.choosing_backbone import keep_weights
from active_learning.training.config import TrainingConfig
from active_learning.training.families import TaskFamily
from campaigns.errors import Conflict, InvalidInput
from campaigns.models import UNFINISHED, Campaign, User
from campaigns.permissions import MANAGE, require_role
from campaigns.storage import folder
from models_registry.networks.library_networks import ANY_OF_TIMM
from models_registry.networks.own_backbones import has_timm

FOLDER: Final = "starts"
KEPT_S: Final = 7 * 24 * 3600.0
"""How long an upload waits for a training that takes it."""


def upload_weights(*, user: User, campaign: Campaign, file: Iterable[bytes]) -> str:
    """Keep a file of weights and return its name, for a training's ``weights``; what it holds is looked at when a training reads it.

    Files that no training waits for are removed after a week. Raises InvalidInput for one that is empty or too large.
    """
    require_role(user, campaign, MANAGE)
    _tidy()
    path, _ = keep_weights(file, FOLDER)
    path.touch()
    return path.name


def uploaded_weights(name: str | None) -> Path | None:
    """Return where an uploaded file lies; raises Conflict where it is gone."""
    if name is None:
        return None
    path = folder(FOLDER) / name
    if not path.is_file():
        raise Conflict(
            "The file of weights is not here any more. Upload it again, and start another training.", code="start_weights_missing"
        )
    return path


def check_network(family: TaskFamily[Any], config: TrainingConfig) -> None:
    """Raise InvalidInput or Conflict for a network that trainings of this task cannot set out from."""
    if config.network is None:
        return
    known = config.network in family.networks or any(config.network.startswith(each) for each in family.networks if each.endswith("/"))
    if not known:
        detail = f"A training of {family.name} cannot set out from {config.network}."
        raise InvalidInput(f"network: {detail}", code="invalid_training", errors=[{"field": "network", "detail": detail}])
    if config.network.startswith(ANY_OF_TIMM) and not has_timm():
        raise Conflict("timm is not installed here. Ask who runs this server to `pip install timm`.", code="timm_missing")
    uploaded_weights(config.weights)


def _tidy() -> None:
    waiting = TrainingRun.objects.filter(run__state__in=UNFINISHED).values_list("config", flat=True)
    wanted = {config.get("weights") for config in waiting}
    for path in folder(FOLDER).glob("*.weights"):
        if path.name not in wanted and path.stat().st_mtime < time.time() - KEPT_S:
            path.unlink(missing_ok=True)
