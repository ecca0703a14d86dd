"""See whether a training could set out from a network: by building it, filling it and letting it look once.

It runs as a process of its own, for web servers never load torch: ``python -m active_learning.training.check_start`` reads a
question as JSON from the standard input and answers with a complaint, or with nothing to complain of.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from campaigns.errors import DomainError

Field = Literal["network", "weights", "size"]
UNFIT_SIZE: Final = "start_size_unfit"
MISSING: Final = "start_weights_missing"


@dataclass(frozen=True)
class Question:
    """``part``: classes, pixels, or that of an ``Anatomy``. ``side_px``: of the square that is seen; ``weights``: a file, or published."""

    part: str
    network: str
    side_px: int
    weights: str | None = None


@dataclass(frozen=True)
class Complaint:
    """What keeps a training from setting out: the field that it is about, its code, and a sentence with what to do."""

    field: Field
    code: str
    detail: str


def complaint_about(question: Question) -> Complaint | None:
    """Return what is wrong, None where a training could begin.

    Published weights that are not in the library's folder count where the hub may not be asked; it is never asked from here.
    """
    try:
        _try(question)
    except DomainError as error:
        return Complaint(_field_of(error, question), error.code, error.detail)
    except RuntimeError as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        detail = f"{question.network} cannot see squares of {question.side_px} pixels: {said} Choose another image size."
        return Complaint("size", UNFIT_SIZE, detail)
    return None


def _field_of(error: DomainError, question: Question) -> Field:
    if error.code == UNFIT_SIZE:
        return "size"
    return "weights" if question.weights is not None and "unfit" in error.code else "network"


def _try(question: Question) -> None:
    from models_registry.networks.backbones import use_few_threads
    from models_registry.networks.hubs import require_published
    from models_registry.networks.library_networks import parts_of

    use_few_threads()
    file = None if question.weights is None else Path(question.weights)
    if question.part == "classes":
        _try_eye(question, file)
    elif file is not None:
        _try_filling(question, file)
    if file is None:
        require_published(*parts_of(question.network))


def _try_eye(question: Question, file: Path | None) -> None:
    import torch

    from models_registry.networks.hubs import started_eye
    from models_registry.networks.library_networks import bare_eye

    eye = bare_eye(question.network, question.side_px) if file is None else started_eye(question.network, question.side_px, None, file)
    with torch.inference_mode():
        eye(torch.zeros(1, 3, question.side_px, question.side_px))


def _try_filling(question: Question, file: Path) -> None:
    from active_learning.training.library_starts import started_finder, started_segmenter
    from models_registry.networks.object_checkpoint import Anatomy

    if question.part == "pixels":
        started_segmenter(question.network, ("a", "b"), seed=0, weights=file)
        return
    points = (("a",),) if question.part == "points" else ()
    started_finder(question.network, Anatomy(question.part, ("a",), points), seed=0, weights=file)  # type: ignore[arg-type]


def read_complaint(document: Mapping[str, Any]) -> Complaint | None:
    """Read what ``main`` wrote."""
    return Complaint(**document) if document else None


def main() -> None:
    """Answer the question on the standard input."""
    found = complaint_about(Question(**json.loads(sys.stdin.read())))
    sys.stdout.write(json.dumps({} if found is None else asdict(found)))


if __name__ == "__main__":
    main()
