"""What a training of a task and a method heeds, so that no form asks for what would be ignored."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from active_learning.training.config import METHODS, TrainingConfig
from active_learning.training.families import TaskFamily
from models_registry.networks.library_networks import ANY_OF_TIMM

NOT_ASKED: Final = frozenset({"method", "images", "start_role", "looked", "one_label", "only_positives"})
"""Said by other means than a field of their own."""
STARTS: Final = frozenset({"network", "weights"})
"""Of a network that learns as a whole, and of tasks that networks of libraries are trained for."""
STEPPED: Final = frozenset({"learning_rate", "batch"})
"""Of what learns step by step: L-BFGS, which fits the fast heads of classes and of pixels, takes all images at once."""
VARIED: Final = frozenset({"flips", "colour", "crop", "frozen"})
"""Of what sees pictures anew in every epoch, through layers that learn: features that were computed once stay as they are."""
NEVER_STEPPED: Final = frozenset({"classification", "semantic segmentation"})


@dataclass(frozen=True)
class Wish:
    """A field of ``TrainingConfig`` that is heeded. ``default``: None for what is chosen by itself; ``choices``: None for free values."""

    name: str
    default: Any
    choices: tuple[str, ...] | None


def wishes_of(family: TaskFamily[Any], method: str, facts: frozenset[str]) -> tuple[Wish, ...]:
    """Return what a training heeds, in the order of ``TrainingConfig``.

    ``facts``: of the wishes that only some campaigns have a use for (``multi_label``, ``bands``, ``start_from``), those that this one has;
    ``timm`` where its networks can be built.
    """
    config, hints = family.config_from({"method": method}), get_type_hints(TrainingConfig)
    default = {"epochs": config.most_epochs, "patience": config.most_patience, "multi_label": "multi_label" in facts}
    return tuple(
        Wish(field.name, default.get(field.name, getattr(config, field.name)), _choices(field.name, hints[field.name], family, facts))
        for field in fields(TrainingConfig)
        if field.name not in NOT_ASKED and _heeds(family, method, field.name, facts)
    )


def _heeds(family: TaskFamily[Any], method: str, name: str, facts: frozenset[str]) -> bool:
    assert method in METHODS
    if name in STEPPED:
        return method == "fine_tune" or family.name not in NEVER_STEPPED
    if name in VARIED:
        return method == "fine_tune"
    if name in STARTS:
        return method == "fine_tune" and bool(family.networks)
    if name == "unlabeled":
        return family.name == "semantic segmentation"
    return name in facts or name not in {"multi_label", "bands", "start_from"}


def _choices(name: str, hint: Any, family: TaskFamily[Any], facts: frozenset[str]) -> tuple[str, ...] | None:
    if name == "network":
        return tuple(each for each in family.networks if each != ANY_OF_TIMM or "timm" in facts)
    return get_args(hint) if get_origin(hint) is Literal else None
