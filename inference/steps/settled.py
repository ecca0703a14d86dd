"""Options with their number steps worked in, as readers of answers take them."""

from __future__ import annotations

from dataclasses import replace

from models_registry.options import ModelOptions


def settled(options: ModelOptions) -> ModelOptions:
    """Return options whose activation is the one that a Sigmoid or Softmax step asks for."""
    for name in ("sigmoid", "softmax"):
        if options.post_step(name) is not None:
            return replace(options, activation=name)
    return options
