"""Ask the process in which models of our own answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from campaigns.errors import Conflict, TooSlow, Unavailable
from campaigns.imagery import Refused
from inference.interactive.client import AssistTooSlow, AssistUnreachable, ask
from inference.schema import Prediction

SOCKET: Final = "models"
ANSWER_WITHIN_S: Final = 60.0


def ask_own_model(
    data_dir: Path, *, model_id: int, role: str, images: list[dict[str, Any]], within_s: float = ANSWER_WITHIN_S
) -> list[Prediction]:
    """Return one prediction for each image file; raises Conflict, TooSlow or Unavailable with a sentence for the person."""
    answer = _ask(data_dir, {"model": model_id, "role": role, "images": images}, within_s)
    return [Prediction.from_document(each) for each in answer["predictions"]]


def embed_pictures(data_dir: Path, images: list[dict[str, Any]], *, by: str | dict[str, Any] = "") -> list[list[float]]:
    """Return one embedding for each image file; raises as ``ask_own_model`` does.

    ``by``: a size of the installed backbone, empty for the usual one, or the fields of an ``OwnBackbone``.
    """
    vectors: list[list[float]] = _ask(data_dir, {"embed": images, "by": by})["vectors"]
    return vectors


def _ask(data_dir: Path, question: dict[str, Any], within_s: float = ANSWER_WITHIN_S) -> dict[str, Any]:
    try:
        return ask(data_dir, question, process=SOCKET, within_s=within_s)
    except Refused as refused:
        raise Conflict(refused.detail, code=refused.code) from refused
    except AssistTooSlow as error:
        raise TooSlow(
            f"The model took longer than {within_s:.0f} s. Try a smaller picture, or again shortly.", code="model_slow"
        ) from error
    except AssistUnreachable as error:
        raise Unavailable(
            "No process answers for models of our own. `manage.py serve` starts it by itself; elsewhere start `manage.py serve_models`.",
            code="models_unreachable",
        ) from error
