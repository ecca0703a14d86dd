"""A step takes as many images at once as memory holds, and learns the same."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from active_learning.training import memory
from active_learning.training.memory import Portions, bytes_an_image, free_bytes
from campaigns.errors import Conflict


def learn(images, room, batch, tell=None, error=torch.OutOfMemoryError):
    """The gradient and the loss of one step where so many images fit at once; the network draws nothing by chance."""
    torch.manual_seed(1)
    layer = nn.Linear(3, 1)
    pictures = torch.arange(images * 3, dtype=torch.float32).reshape(images, 3) / 100

    def portion(where):
        if len(pictures[where]) > room:
            raise error("CUDA out of memory" if error is torch.OutOfMemoryError else "DefaultCPUAllocator: can't allocate memory")
        return layer(pictures[where]).square().sum() / images

    portions = Portions(batch, tell)
    loss = portions.backward(images, portion, layer.zero_grad)
    return layer.weight.grad.numpy().copy(), loss, portions.at_once


@settings(deadline=None, max_examples=30)
@given(images=st.integers(1, 17), room=st.integers(1, 17), batch=st.integers(1, 17))
def test_a_step_in_portions_has_the_gradient_and_the_loss_of_the_whole_step(images, room, batch):
    whole, loss, _ = learn(images, images, images)
    parts, other, at_once = learn(images, room, batch)
    np.testing.assert_allclose(parts, whole, rtol=1e-4)
    assert other == pytest.approx(loss, rel=1e-4)
    assert at_once <= max(room, 1) or images <= room


def test_where_memory_does_not_suffice_it_halves_and_says_so_and_keeps_to_it():
    said = []
    for error in (torch.OutOfMemoryError, RuntimeError):
        *_, at_once = learn(16, 5, 16, said.append, error)
        assert at_once == 4
    assert len(said) == 4 and "did not suffice for 16 images at once: it goes on with 8" in said[0]


def test_a_single_image_that_does_not_fit_ends_it_with_what_to_do_and_another_error_is_its_own():
    with pytest.raises(Conflict, match="Choose a smaller image size"):
        learn(4, 0, 4)
    with pytest.raises(ValueError, match="else"):
        Portions(4).backward(4, lambda where: (_ for _ in ()).throw(ValueError("something else")), lambda: None)


def test_what_is_free_bounds_how_many_are_taken_at_once_from_the_first_step_on(monkeypatch):
    said = []
    monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
    assert Portions(16, said.append, each_bytes=100).at_once == 6
    assert Portions(16, said.append, each_bytes=10).at_once == 16
    assert Portions(16, said.append, each_bytes=10_000).at_once == 1
    assert len(said) == 2 and "6 images at once" in said[0]


def test_free_memory_is_read_and_a_layer_s_output_is_what_an_image_takes(monkeypatch, tmp_path):
    assert (free_bytes() or 0) > 2**20
    network = nn.Sequential(nn.Linear(4, 100), nn.ReLU())
    assert bytes_an_image(network, lambda: network(torch.zeros(1, 4))) == int(200 * 4 * memory.KEPT_TIMES)
    (tmp_path / "memory.max").write_text("5000")
    (tmp_path / "memory.current").write_text("1000")
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    assert free_bytes() == 4000
