"""Arrays and a JSON document in one file: the safetensors layout, written atomically and read without pickle.

The layout is that of https://github.com/huggingface/safetensors (8 bytes little-endian length, a JSON header with
name, dtype, shape and offsets, then the bytes), so its own library reads these files too. A checkpoint that a person
uploads can therefore never run code.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Value = TypeVar("Value")

MAX_HEADER_BYTES: Final = 16 * 1024 * 1024
DTYPES: Final[dict[str, np.dtype[Any]]] = {
    "F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "I64": np.dtype("<i8"), "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"), "I8": np.dtype("i1"), "U8": np.dtype("u1"), "BOOL": np.dtype("?"),
}  # fmt: skip
NAMES: Final = {dtype: name for name, dtype in DTYPES.items()}


class TensorFileError(ValueError):
    """A file that is not what it should be; the message says where it breaks."""


def under(prefix: str, named: Mapping[str, Value]) -> dict[str, Value]:
    """Return the same values with ``prefix`` before their names, so that several sets fit into one file."""
    return {prefix + name: value for name, value in named.items()}


def part_of(named: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    """Return those whose names begin with ``prefix``, without it: what ``under`` was given."""
    return {name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)}


def write_tensors(path: Path, arrays: Mapping[str, Array], document: Mapping[str, Any]) -> None:
    """Write arrays and a JSON document to ``path``; a reader sees the old file or the new one, never half of it."""
    header, blocks = _layout(arrays)
    header["__metadata__"] = {"document": json.dumps(document, allow_nan=False)}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # the arrays begin at a multiple of 8 bytes, so they can be mapped
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            for block in blocks:
                file.write(block.data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _layout(arrays: Mapping[str, Array]) -> tuple[dict[str, Any], list[Array]]:
    header: dict[str, Any] = {}
    blocks: list[Array] = []
    offset = 0
    for name, array in arrays.items():
        block = np.ascontiguousarray(array)
        if block.dtype not in NAMES:
            raise TensorFileError(f"{name}: arrays of type {block.dtype} cannot be stored.")
        header[name] = {"dtype": NAMES[block.dtype], "shape": list(np.shape(array)), "data_offsets": [offset, offset + block.nbytes]}
        offset += block.nbytes
        blocks.append(block.reshape(-1))
    return header, blocks


def read_tensors(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the arrays (copies) and the document of a file.

    Raises ``TensorFileError`` for a file that was cut, or whose header lies.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        header = _read_header(file.read(8), file.read, size)
        start = file.tell()
        arrays = {name: _read_array(name, entry, path, start, size) for name, entry in header.items() if name != "__metadata__"}
    return arrays, _document(header)


def read_document(path: Path) -> dict[str, Any]:
    """Return the document alone, without reading the arrays. Raises ``TensorFileError``."""
    with path.open("rb") as file:
        return _document(_read_header(file.read(8), file.read, os.fstat(file.fileno()).st_size))


def _read_header(prefix: bytes, read: Any, size: int) -> dict[str, Any]:
    length = int.from_bytes(prefix, "little")
    if len(prefix) < 8 or length > min(MAX_HEADER_BYTES, size - 8):
        raise TensorFileError("The file is too short for its own header; it was cut, or it is no checkpoint.")
    try:
        header = json.loads(read(length))
    except ValueError as error:
        raise TensorFileError("The header of the file is not JSON; it is no checkpoint.") from error
    if not isinstance(header, dict):
        raise TensorFileError("The header of the file is not an object; it is no checkpoint.")
    return header


def _document(header: dict[str, Any]) -> dict[str, Any]:
    try:
        document = json.loads(header["__metadata__"]["document"])
    except (KeyError, TypeError, ValueError) as error:
        raise TensorFileError("The file has no description; it was not written by Winnow.") from error
    if not isinstance(document, dict):
        raise TensorFileError("The description in the file is not an object.")
    return document


def _read_array(name: str, entry: Any, path: Path, start: int, size: int) -> Array:
    try:
        dtype, shape = DTYPES[entry["dtype"]], tuple(int(side) for side in entry["shape"])
        begin, end = (int(offset) for offset in entry["data_offsets"])
    except (KeyError, TypeError, ValueError) as error:
        raise TensorFileError(f"{name}: the header does not say its type, shape and place.") from error
    if min(shape, default=0) < 0 or begin < 0 or end - begin != math.prod(shape) * dtype.itemsize:
        raise TensorFileError(f"{name}: its shape and its length disagree.")
    if start + end > size:
        raise TensorFileError(f"{name}: the file ends before it does; it was cut.")
    array: Array = np.fromfile(path, dtype=dtype, count=math.prod(shape), offset=start + begin)
    return array.reshape(shape)
