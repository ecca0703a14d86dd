"""Weights of torchvision's finders and segmenters, put into a network that tells other classes. Imports torch.

All but the last layers fits as it is. Of the last layers, the rows of classes (and points) that go by the same name are taken over:
who looks for persons sets out from what COCO's persons taught. Rows of other classes begin anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from torch import Tensor, nn
from torchvision.ops import FrozenBatchNorm2d

from campaigns.errors import Conflict

BACKGROUND: Final = "__background__"
SAYS_CLASSES: Final = re.compile(
    r"roi_heads\.(box_predictor|mask_predictor\.mask_fcn_logits)\.|head\.classification_head\.(cls_logits|module_list\.\d+\.1)\."
    r"|(aux_)?classifier\.4\.|classifier\.(low|high)_classifier\."
)
SAYS_VISIBILITY: Final = re.compile(r"keypoint_predictor\.seer\.")
"""Of points; no published file has it."""
SAYS_POINTS: Final = re.compile(r"roi_heads\.keypoint_predictor\.")
BY_ANCHOR: Final = "head.classification_head."
"""There all classes of one anchor follow each other; elsewhere all numbers of one class do."""
COUNTED: Final = "num_batches_tracked"

State = Mapping[str, Tensor]


def says(name: str) -> bool:
    """Say whether a weight belongs to a last layer, which depends on what there is to tell."""
    return bool(SAYS_CLASSES.match(name) or SAYS_POINTS.match(name))


def keep_norms(module: nn.Module, eps: float | None = None) -> None:
    """Let batch normalisation stay as it is published: with few images its statistics would be noise. ``eps``: None keeps each one's."""
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                setattr(parent, name, FrozenBatchNorm2d(child.num_features, child.eps if eps is None else eps))


def layers_of(body: nn.Module) -> list[nn.Module]:
    """Return the parts of a backbone, from the first on; what is only a row of parts is taken apart."""
    return [layer for part in body.children() for layer in (part.children() if type(part) is nn.Sequential else [part])]


def fill_but_last(
    network: nn.Module, state: State, *, classes: tuple[Sequence[str], Sequence[str]], points: tuple[Sequence[str], Sequence[str]],
    named: str,
) -> None:  # fmt: skip
    """Load weights; ``classes`` and ``points``: the names in the file and those of the network, with the background where one is told.

    Raises Conflict where anything but the last layers is missing, does not belong, or has another shape.
    """
    state = {name.removeprefix("module."): value for name, value in state.items() if not name.endswith(COUNTED)}
    own = network.state_dict()
    missing = sorted(name for name in set(own) - set(state) if not SAYS_VISIBILITY.search(name))
    foreign = sorted(set(state) - set(own))
    if missing or foreign:
        what = f"{len(missing)} are missing, such as {missing[0]}" if missing else f"{len(foreign)} belong elsewhere, such as {foreign[0]}"
        raise _unfit(f"These are not the weights of {named}: {what}. Choose the network they were made for.")
    merged = dict(own)
    for name, mine in own.items():
        theirs = state.get(name, mine).to(mine.dtype)
        if not bool(theirs.isfinite().all()):
            raise _unfit("The file holds weights that are not finite. Save them again.")
        if says(name):
            before, now = points if SAYS_POINTS.match(name) else classes
            merged[name] = _rows_taken(name, theirs, mine, before, now)
        elif theirs.shape == mine.shape:
            merged[name] = theirs
        else:
            raise _unfit(
                f"The weights do not fit {named}: {name} is {tuple(theirs.shape)}, not {tuple(mine.shape)}. "
                "Choose the network they were made for."
            )
    network.load_state_dict(merged)


def _rows_taken(name: str, theirs: Tensor, mine: Tensor, before: Sequence[str], now: Sequence[str]) -> Tensor:
    """Return our last layer with the rows of classes that theirs knows by name; all of ours where it cannot be told apart."""
    axis = 1 if SAYS_POINTS.match(name) and mine.ndim == 4 else 0  # a transposed convolution names its outputs second
    places = {each.casefold(): place for place, each in enumerate(before)}
    pairs = [(place, places[each.casefold()]) for place, each in enumerate(now) if each.casefold() in places]
    others = theirs.ndim == mine.ndim and all(a == b for d, (a, b) in enumerate(zip(theirs.shape, mine.shape, strict=False)) if d != axis)
    if not pairs or not others or theirs.shape[axis] % len(before) or theirs.shape[axis] // len(before) != mine.shape[axis] // len(now):
        return mine
    times, outer = mine.shape[axis] // len(now), name.startswith(BY_ANCHOR)
    ours, given = _taken_apart(mine, axis, times, len(now), outer), _taken_apart(theirs, axis, times, len(before), outer)
    for place, known in pairs:
        if outer:
            ours[:, place] = given[:, known]
        else:
            ours[place] = given[known]
    return ours.reshape(mine.shape[axis], *ours.shape[2:]).movedim(0, axis).contiguous()


def _taken_apart(value: Tensor, axis: int, times: int, count: int, outer: bool) -> Tensor:
    moved = value.movedim(axis, 0)
    return moved.reshape(*((times, count) if outer else (count, times)), *moved.shape[1:]).clone()


def _unfit(why: str) -> Conflict:
    return Conflict(why, code="start_weights_unfit")
