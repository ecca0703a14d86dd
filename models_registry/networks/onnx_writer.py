"""Write ONNX files: a graph of operators and numbers as a protocol buffer, without a library for it.

Only what a chain of convolutions needs. The numbers of the fields are those of
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, the bytes those of https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

IR_VERSION: Final = 8
OPSET: Final = 17
FLOAT: Final = 1
Attribute = int | float | Sequence[int]


@dataclass
class Graph:
    """A network under construction: every ``add`` returns the name of what it gives."""

    nodes: list[bytes] = field(default_factory=list)
    numbers: list[bytes] = field(default_factory=list)

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Attribute) -> str:
        """Append an operator; return the name of its output."""
        name = output or f"v{len(self.nodes)}"
        told = [_bytes(1, each) for each in inputs] + [_bytes(2, name), _bytes(4, operator)]
        self.nodes.append(b"".join([*told, *(_bytes(5, _attribute(*pair)) for pair in attributes.items())]))
        return name

    def keep(self, values: npt.NDArray[Any] | float) -> str:
        """Keep numbers as float32; return their name."""
        array = np.asarray(values, "<f4")
        name = f"w{len(self.numbers)}"
        sides = b"".join(_number(1, side) for side in array.shape)
        self.numbers.append(sides + _number(2, FLOAT) + _bytes(8, name) + _bytes(9, array.tobytes()))
        return name

    def as_file(self, inputs: Iterable[bytes], outputs: Iterable[bytes], metadata: Mapping[str, str], *, producer: str) -> bytes:
        """Return the bytes of the file; inputs and outputs come from ``described``."""
        graph = [*(_bytes(1, node) for node in self.nodes), _bytes(2, "network"), *(_bytes(5, each) for each in self.numbers)]
        graph += [*(_bytes(11, each) for each in inputs), *(_bytes(12, each) for each in outputs)]
        told = [_bytes(14, _bytes(1, name) + _bytes(2, text)) for name, text in metadata.items()]
        opset = _bytes(8, _number(2, OPSET))
        return b"".join([_number(1, IR_VERSION), _bytes(2, producer), _bytes(7, b"".join(graph)), opset, *told])


def described(name: str, shape: Sequence[int | str]) -> bytes:
    """Describe an input or an output of float32; a text is an open side."""
    sides = (_bytes(1, _bytes(2, side) if isinstance(side, str) else _number(1, side)) for side in shape)
    tensor = _number(1, FLOAT) + _bytes(2, b"".join(sides))
    return _bytes(1, name) + _bytes(2, _bytes(1, tensor))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        return _bytes(1, name) + _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, int):
        return _bytes(1, name) + _number(3, value) + _number(20, 2)
    return _bytes(1, name) + b"".join(_number(8, each) for each in value) + _number(20, 7)


def _bytes(number: int, content: bytes | str) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])
