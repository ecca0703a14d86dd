"""A person's Python file as something that answers about an image.

The file has ``predict(image, request) -> [item, …]``, or is a CVAT auto-annotation function (``spec`` and ``detect``), or makes
either of the two in ``create(**params)``.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from winnow_agent import FunctionError
from winnow_agent.cvat import Context, CvatLabel, get, items_from, labels_of, task_of


@dataclass(frozen=True)
class Function:
    """A loaded function. ``classes`` and ``task``: what it says of itself, empty where it says nothing."""

    answers: Any
    labels: Mapping[int, CvatLabel]
    conf_threshold: float | None = None

    @property
    def classes(self) -> list[str]:
        """Names of what it finds."""
        return [label.name for label in self.labels.values()]

    @property
    def task(self) -> str:
        """Return the task, where the labels leave no doubt."""
        return task_of(self.labels)

    def answer(self, image: Image.Image, request: dict[str, Any]) -> dict[str, Any]:
        """Return the reply of Winnow's contract."""
        if not self.labels:
            found = self.answers.predict(image, request)
            return dict(found) if isinstance(found, Mapping) else {"items": list(found)}
        threshold = self.conf_threshold if self.conf_threshold is not None else request.get("threshold")
        context = Context(frame_name=str(request["image"]["name"]), conf_threshold=threshold)
        found = list(self.answers.detect(context, image))
        return {"coords": "pixel", "items": items_from(_sure(found, threshold), self.labels, image.size)}


def load_function(path: Path, params: Mapping[str, Any], conf_threshold: float | None) -> Function:
    """Load a file; raise FunctionError when there is no function in it."""
    spec = importlib.util.spec_from_file_location("winnow_agent_function", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FunctionError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(path.parent))  # what lies beside the file may be imported by it
    spec.loader.exec_module(module)
    made = module.create(**params) if hasattr(module, "create") else module
    _refuse_other_kinds(path.name, made)
    if hasattr(made, "detect") and hasattr(made, "spec"):
        return Function(made, labels_of(made.spec), conf_threshold)
    if hasattr(made, "predict"):
        return Function(made, {})
    raise FunctionError(f"{path.name} has neither predict(image, request) nor CVAT's spec and detect(context, image).")


def _refuse_other_kinds(name: str, made: Any) -> None:
    """Refuse those of CVAT's functions that do not answer about a single whole image."""
    if hasattr(made, "init_tracking_state") or (hasattr(made, "track") and not hasattr(made, "detect")):
        raise FunctionError(
            f"{name} is a CVAT tracking function: it follows a shape from one video frame to the next, and Winnow labels still images. "
            "Give the agent a detection function (spec and detect)."
        )
    if hasattr(made, "detect") and hasattr(get(made, "spec"), "min_pos_points"):
        raise FunctionError(
            f"{name} is a CVAT interaction function: it answers a person's clicks, and an agent is asked about whole images. Serve it as a "
            "CVAT interactor with an address, or give the agent a detection function."
        )


def _sure(found: list[Any], threshold: float | None) -> list[Any]:
    if threshold is None:
        return found
    return [each for each in found if getattr(each, "score", None) is None or each.score >= threshold]
