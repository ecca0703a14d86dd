"""Tensors as the Open Inference Protocol sends them: as lists in JSON, or as bytes behind the JSON.

The bytes are little-endian and row by row; an element of BYTES has its length in front, four bytes of it
(https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md).
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from inference.decode.nodes import Node, parse_json
from inference.schema import PredictionRejected
from inference.tensors.images import KINDS, MAX_VALUES

LENGTH_HEADER = "Inference-Header-Content-Length"
MAX_TENSORS = 64
MAX_DIMENSIONS = 8
MAX_STRINGS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A named array; BYTES are an array of bytes objects. ``where``: its place in the answer, for complaints."""

    name: str
    values: NDArray[Any]
    where: str = ""

    def reject(self, expected: str) -> PredictionRejected:
        """Return the complaint that something else was expected here."""
        return PredictionRejected(self.where or self.name, f"expected {expected}, got {self.shown}")

    @property
    def shown(self) -> str:
        """Its type and shape in words."""
        kind = "BYTES" if self.is_text else str(self.values.dtype)
        return f"{kind} {list(self.values.shape)}"

    @property
    def is_text(self) -> bool:
        """Whether it holds texts."""
        return self.values.dtype == object

    def numbers(self) -> NDArray[np.float32] | NDArray[np.float64]:
        """Return the values as fractions; not yet checked to be finite, because places that nothing fills may hold anything."""
        if self.is_text:
            raise self.reject("numbers")
        return self.values if self.values.dtype == np.float64 else self.values.astype(np.float32, copy=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """A body and the headers that say what it is."""

    headers: Mapping[str, str]
    body: bytes


def encode_request(inputs: Sequence[tuple[str, str, NDArray[Any]]], outputs: Sequence[Mapping[str, Any]], *, binary: bool) -> Sent:
    """Write (name, datatype, values) as a request. ``outputs``: those asked for, all when empty."""
    described, parts = [], []
    for name, datatype, values in inputs:
        entry: dict[str, Any] = {"name": name, "shape": list(values.shape), "datatype": datatype}
        if binary:
            parts.append(encode_values(values))
            entry["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            entry["data"] = _as_list(values, datatype)
        described.append(entry)
    document: dict[str, Any] = {"inputs": described}
    if binary:
        document["parameters"] = {"binary_data_output": True}
    if outputs:
        document["outputs"] = list(outputs)
    head = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    if not binary:
        return Sent({"Content-Type": "application/json", "Accept": "application/json"}, head)
    headers = {"Content-Type": "application/octet-stream", LENGTH_HEADER: str(len(head))}
    return Sent(headers, b"".join([head, *parts]))


def _as_list(values: NDArray[Any], datatype: str) -> Any:
    if datatype == "FP16":
        raise PredictionRejected("input", "FP16 cannot be written as JSON; send tensors as bytes, or another datatype")
    if values.dtype == object:
        return [each.decode("latin-1") for each in values.ravel()]
    return values.ravel()


def encode_values(values: NDArray[Any]) -> bytes:
    """Return the bytes of a tensor's values."""
    if values.dtype == object:
        return b"".join(struct.pack("<I", len(each)) + each for each in values.ravel())
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).tobytes()


def decode_reply(body: bytes, header_length: str = "") -> tuple[list[Tensor], Node]:
    """Return the output tensors of a reply, and its JSON for what else it says.

    ``header_length``: what the server's header says of where the JSON ends; without it, it ends where its braces close.
    """
    head, rest = _halves(body, header_length)
    root = parse_json(head)
    listed = root.first("outputs")
    if listed is None:
        raise root.reject('"outputs"')
    reader = _Rest(rest)
    tensors = [_tensor(entry, reader) for entry in listed.entries(MAX_TENSORS)]
    if reader.left:
        raise PredictionRejected("outputs", f"{reader.left} bytes follow the tensors that no binary_data_size speaks of")
    return tensors, root


def _halves(body: bytes, header_length: str) -> tuple[bytes, bytes]:
    if header_length:
        if not header_length.isdecimal() or not 0 < int(header_length) <= len(body):
            raise PredictionRejected("", f"{LENGTH_HEADER} says {header_length[:20]!r}, but {len(body)} bytes came")
        return body[: int(header_length)], body[int(header_length) :]
    if not body.startswith(b"{") or body.rstrip().endswith(b"}"):
        return body, b""
    try:
        _, end = json.JSONDecoder().raw_decode(body.decode("latin-1"))
    except (ValueError, RecursionError):
        return body, b""
    return body[:end], body[end:]


class _Rest:
    """The bytes behind the JSON, taken tensor by tensor."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int, where: str) -> memoryview:
        if count > self.left:
            raise PredictionRejected(where, f"says {count} bytes, but only {self.left} are left")
        self._at += count
        return self._data[self._at - count : self._at]


def _tensor(entry: Node, rest: _Rest) -> Tensor:
    name, datatype = entry.at("name").text(), entry.at("datatype").text(20)
    where = f"{entry.where} ({name[:60]})"
    if datatype != "BYTES" and datatype not in KINDS:
        raise entry.at("datatype").reject(f"one of {', '.join(KINDS)} or BYTES")
    shape = tuple(each.whole() for each in entry.at("shape").entries(MAX_DIMENSIONS))
    count = math.prod(shape)
    if count > MAX_VALUES:
        raise entry.at("shape").reject(f"at most {MAX_VALUES:,} values")
    parameters = entry.first("parameters")
    size = None if parameters is None else parameters.first("binary_data_size")
    if size is not None:
        return Tensor(name, _from_bytes(rest.take(size.whole(), size.where), datatype, shape, size), where)
    return Tensor(name, _from_list(entry.at("data"), datatype, shape), where)


def _from_bytes(data: memoryview, datatype: str, shape: tuple[int, ...], size: Node) -> NDArray[Any]:
    count = math.prod(shape)
    if datatype == "BYTES":
        return _texts(list(_strings(data, count, size)), shape)
    kind = np.dtype(KINDS[datatype]).newbyteorder("<")
    if len(data) != count * kind.itemsize:
        raise size.reject(f"{count * kind.itemsize} bytes for {datatype} {list(shape)}")
    if datatype == "BOOL":
        return np.asarray(np.frombuffer(data, np.uint8) != 0).reshape(shape)
    values: NDArray[Any] = np.frombuffer(data, kind).reshape(shape).astype(KINDS[datatype], copy=False)
    return values


def _strings(data: memoryview, count: int, size: Node) -> Iterable[bytes]:
    if count > MAX_STRINGS:
        raise size.reject(f"at most {MAX_STRINGS:,} texts")
    at = 0
    for number in range(count):
        length = int.from_bytes(data[at : at + 4], "little") if at + 4 <= len(data) else len(data)
        at += 4
        if at + length > len(data):
            raise PredictionRejected(size.where, f"text {number + 1} of {count} goes beyond the {len(data)} bytes")
        yield bytes(data[at : at + length])
        at += length
    if at != len(data):
        raise PredictionRejected(size.where, f"{len(data) - at} bytes follow the {count} texts")


def _from_list(node: Node, datatype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    count = math.prod(shape)
    if not isinstance(node.value, list):
        raise node.reject("a list")
    if datatype == "BYTES":
        texts = _flat_texts(node)
        if len(texts) != count:
            raise PredictionRejected(node.where, f"expected {count} texts for the shape {list(shape)}, got {len(texts)}")
        return _texts(texts, shape)
    try:
        values = np.asarray(node.value)
    except (ValueError, OverflowError) as error:
        raise node.reject("rows of equal length") from error
    if values.dtype == object or not (np.issubdtype(values.dtype, np.number) or values.dtype == bool or not values.size):
        raise node.reject("numbers alone")
    if values.size != count:
        raise PredictionRejected(node.where, f"expected {count} values for the shape {list(shape)}, got {values.size}")
    return _held(values, datatype, node).reshape(shape)


def _held(values: NDArray[Any], datatype: str, node: Node) -> NDArray[Any]:
    """Return the values in the tensor's own type, where that can hold them."""
    kind = KINDS[datatype]
    if np.issubdtype(kind, np.integer) and values.size:
        limits = np.iinfo(kind)
        if (values != np.floor(values)).any() or values.min() < limits.min or values.max() > limits.max:
            raise node.reject(f"whole numbers that {datatype} can hold")
    with np.errstate(over="ignore"):
        typed: NDArray[Any] = values.astype(kind)
    return typed


def _flat_texts(node: Node) -> list[bytes]:
    found: list[bytes] = []
    waiting: list[Any] = [node.value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(reversed(value))
        elif isinstance(value, str):
            found.append(value.encode())
        else:
            raise node.reject("texts alone")
    return found


def _texts(texts: list[bytes], shape: tuple[int, ...]) -> NDArray[Any]:
    values = np.empty(len(texts), dtype=object)
    values[:] = texts
    return values.reshape(shape)
