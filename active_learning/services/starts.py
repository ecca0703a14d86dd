"""What a training may set out from besides the backbone: networks of libraries, with weights that people upload."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any, Final

from active_learning.models import TrainingRun
from active_learning.services.choosing_backbone import keep_weights
from active_learning.training.check_start import MISSING, Complaint, Question, read_complaint
from active_learning.training.config import TrainingConfig
from active_learning.training.families import TaskFamily
from campaigns.errors import Conflict, InvalidInput
from campaigns.models import UNFINISHED, Campaign, User
from campaigns.permissions import MANAGE, require_role
from campaigns.storage import folder
from models_registry.networks.hubs import may_ask
from models_registry.networks.library_names import FINDER_SIDES, FINDERS
from models_registry.networks.library_networks import ANY_OF_TIMM
from models_registry.networks.own_backbones import has_timm

FOLDER: Final = "starts"
PARTS: Final = {
    "classification": "classes", "detection": "boxes", "instance segmentation": "masks", "keypoints": "points",
    "semantic segmentation": "pixels",
}  # fmt: skip
CHECK: Final = "active_learning.training.check_start"
ROOT: Final = Path(__file__).resolve().parents[2]
CHECKED_WITHIN_S: Final = 60.0
_sound: Final[set[Question]] = set()
"""Questions that had nothing to complain of: a file of weights is named by its content, so that stays so."""
_one_at_a_time: Final = Lock()
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


def check_start(family: TaskFamily[Any], config: TrainingConfig) -> str | None:
    """See whether a training could set out from its network, before it is begun.

    Raises InvalidInput that names the field where the size or the file cannot be used. Returns a sentence where the published weights are
    not on this machine and may not be fetched: workers elsewhere may have them.
    """
    if config.network is None:
        return None
    file = uploaded_weights(config.weights)
    part = PARTS[family.name]
    side_px = (FINDER_SIDES if part in FINDERS else family.sides)[config.size]
    if file is None and part != "classes" and may_ask():
        return None  # all its sizes can be seen, and where its weights are will be known when they are wanted
    question = Question(part, config.network, side_px, None if file is None else str(file.resolve()))
    found = None if question in _sound else _answered(question)
    if found is None:
        _sound.add(question)
        return None
    if found.code == MISSING:
        return found.detail
    raise InvalidInput(f"{found.field}: {found.detail}", code=found.code, errors=[{"field": found.field, "detail": found.detail}])


def _answered(question: Question) -> Complaint | None:
    """Ask in a process of its own, for torch never comes into a web server; where it cannot tell in time, the training will."""
    command = [sys.executable, "-m", CHECK]
    with _one_at_a_time:
        try:
            done = subprocess.run(
                command, cwd=ROOT, input=json.dumps(asdict(question)), capture_output=True, text=True, timeout=CHECKED_WITHIN_S, check=True
            )
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
            return None
    return read_complaint(json.loads(done.stdout))


def _tidy() -> None:
    waiting = TrainingRun.objects.filter(run__state__in=UNFINISHED).values_list("config", flat=True)
    wanted = {config.get("weights") for config in waiting}
    for path in folder(FOLDER).glob("*.weights"):
        if path.name not in wanted and path.stat().st_mtime < time.time() - KEPT_S:
            path.unlink(missing_ok=True)
