"""Where networks compute: on the processor, or on a GPU where ``WINNOW_DEVICE`` says so. Imports torch only when asked.

Weights and answers leave the device before anybody keeps them, so a checkpoint knows nothing of it. On a GPU that can, the
convolutions compute in bfloat16, which needs no scaling of losses; losses, weights and the optimizer stay in 32 bits.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from campaigns.errors import Conflict

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

VARIABLE = "WINNOW_DEVICE"


def device() -> torch.device:
    """Return where networks compute: ``WINNOW_DEVICE`` is cpu, cuda, cuda:1, or auto for a GPU where there is one.

    Raises Conflict where the named one is not there.
    """
    import torch

    wanted = os.environ.get(VARIABLE) or "cpu"
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(wanted)
    except RuntimeError:
        raise Conflict(f"{VARIABLE} is {wanted!r}; it may be cpu, cuda, cuda:1 or auto.", code="invalid_device") from None
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise Conflict(f"{VARIABLE} is {wanted!r}, and torch finds no such GPU here. Set it to auto or cpu.", code="no_such_device")
    return chosen


def mixed() -> AbstractContextManager[Any]:
    """Let what is inside compute in bfloat16 on a GPU that can; anywhere else nothing changes."""
    import torch

    if device().type != "cuda" or not torch.cuda.is_bf16_supported():
        return nullcontext()
    return torch.autocast("cuda", torch.bfloat16)


def mixed_while_learning() -> AbstractContextManager[Any]:
    """Let what is inside compute as ``mixed`` does while gradients are wanted: answers and figures stay in 32 bits."""
    import torch

    return mixed() if torch.is_grad_enabled() else nullcontext()


@contextmanager
def drawn_by(noise: torch.Generator | None) -> Iterator[None]:
    """Let what torch and its libraries draw from the common generator follow from this one; without it, draw always the same."""
    import torch

    place = device()
    seed = 0 if noise is None else int(torch.randint(2**31, (), generator=noise))
    with torch.random.fork_rng(devices=[place] if place.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


def put(array: npt.NDArray[Any]) -> Tensor:
    """Return an array as a tensor on the device."""
    import torch

    return torch.from_numpy(array).to(device())


def fetched(tensor: Tensor) -> npt.NDArray[np.float32]:
    """Return a tensor as an array of float32."""
    return np.asarray(tensor.detach().float().cpu().numpy(), np.float32)


def put_arrays(module: nn.Module, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Load all weights of a module, as ``arrays_of`` returned them; raises ``ValueError``, having changed nothing, when they do not fit."""
    import torch

    own = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    if own != {name: array.shape for name, array in arrays.items()}:
        raise ValueError("the weights do not fit the network")
    module.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})


def arrays_of(module: nn.Module) -> dict[str, npt.NDArray[Any]]:
    """Return a copy of a module's weights."""
    return {name: value.detach().cpu().contiguous().numpy().copy() for name, value in module.state_dict().items()}
