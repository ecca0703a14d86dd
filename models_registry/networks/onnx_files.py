"""ONNX files that people upload: looked through before anything loads them, then loaded once in a process of its own.

An ONNX file is a list of operators and numbers, and the runtime executes no code that comes with it. What a stranger's file
could still do is name other files to read numbers from (external data), ask for operators of a library that is not there,
or take all memory: the first is refused, the second fails, the third ends the process that tries.

The bytes are those of a protocol buffer (https://protobuf.dev/programming-guides/encoding/), the numbers of the fields those of
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

import ast
import json
import mmap
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

CHECK_WITHIN_S: Final = 60.0
MOST_MEMORY_BYTES: Final = 12 * 1024**3
MAX_MESSAGES: Final = 5_000_000
MAX_TENSORS: Final = 64
MAX_NAMES: Final = 10_000
MAX_TEXT: Final = 200_000
EXTERNAL: Final = 1
KINDS: Final = {
    "tensor(float)": "FP32", "tensor(float16)": "FP16", "tensor(double)": "FP64", "tensor(uint8)": "UINT8", "tensor(int8)": "INT8",
    "tensor(uint16)": "UINT16", "tensor(int16)": "INT16", "tensor(uint32)": "UINT32", "tensor(int32)": "INT32",
    "tensor(uint64)": "UINT64", "tensor(int64)": "INT64", "tensor(bool)": "BOOL", "tensor(string)": "BYTES",
}  # fmt: skip

# Message → its fields that are messages again: number → message. Only those on the way to a tensor.
_MESSAGES: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}


class OnnxRefused(ValueError):
    """A file that is not taken; the message says why, in one sentence."""


@dataclass(frozen=True, slots=True)
class OnnxTensor:
    """An input or an output; a dimension of -1 is open."""

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OnnxFacts:
    """What a file says of itself. ``classes``: names by their numbers, where its metadata have them, as Ultralytics' exports do."""

    inputs: tuple[OnnxTensor, ...]
    outputs: tuple[OnnxTensor, ...]
    producer: str = ""
    classes: dict[int, str] = field(default_factory=dict)

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**asdict(self), "classes": {str(index): name for index, name in self.classes.items()}}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> OnnxFacts:
        """Read what ``as_document`` wrote."""
        inputs, outputs = (
            tuple(OnnxTensor(each["name"], each["datatype"], tuple(each["shape"])) for each in document[name])
            for name in ("inputs", "outputs")
        )
        return cls(inputs, outputs, document["producer"], {int(index): name for index, name in document["classes"].items()})


def check_file(path: Path, *, within_s: float = CHECK_WITHIN_S) -> OnnxFacts:
    """Look a file through, load it once in another process, and return what it says of itself; raise ``OnnxRefused``."""
    refuse_external_data(path)
    command = [sys.executable, "-m", "models_registry.networks.onnx_files", str(path)]
    try:
        done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, timeout=within_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise OnnxRefused(f"Loading the network took more than {within_s:.0f} s.") from error
    try:
        told = json.loads(done.stdout)
    except ValueError as error:
        raise OnnxRefused("Loading the network ended the process that did it: it may take more memory than there is.") from error
    if "refused" in told:
        raise OnnxRefused(told["refused"])
    return OnnxFacts.from_document(told)


def refuse_external_data(path: Path) -> None:
    """Raise ``OnnxRefused`` for a file that is no ONNX model, or that keeps its numbers in other files."""
    with path.open("rb") as file:
        try:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as error:
            raise OnnxRefused("The file is empty.") from error
        with data:
            _walk(data)


def _walk(data: mmap.mmap) -> None:
    waiting = [("model", 0, len(data))]
    seen, has_graph = 0, False
    while waiting:
        message, start, end = waiting.pop()
        for number, kind, begin, stop in _fields(data, start, end):
            inner = _MESSAGES[message].get(number)
            if message == "tensor" and ((number == 13 and kind == 2) or (number == 14 and kind == 0 and begin == EXTERNAL)):
                raise OnnxRefused("The file keeps its numbers in other files. Save the model as one file, with its weights inside.")
            if inner is None:
                continue
            if kind != 2:
                raise OnnxRefused("The file is no ONNX model.")
            seen += 1
            has_graph = has_graph or (message == "model" and inner == "graph")
            if seen > MAX_MESSAGES:
                raise OnnxRefused("The model has more parts than any network that is known.")
            waiting.append((inner, begin, stop))
    if not has_graph:
        raise OnnxRefused("The file is no ONNX model: it has no graph.")


def _fields(data: mmap.mmap, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (number, kind, begin, end) of each field of a message; of a number (kind 0) its value and 0."""
    while at < end:
        key, at = _varint(data, at, end)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _varint(data, at, end)
            yield number, 0, value, 0
            continue
        if kind == 2:
            length, at = _varint(data, at, end)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise OnnxRefused("The file is no ONNX model.")
        if number == 0 or at + length > end:
            raise OnnxRefused("The file is no ONNX model, or a part of it is missing.")
        yield number, kind, at, at + length
        at += length


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            break
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise OnnxRefused("The file is no ONNX model, or a part of it is missing.")


def open_session(path: Path, *, threads: int = 0) -> Any:
    """Load a network; raise ``OnnxRefused`` with what the runtime says. ``threads``: 0 lets it choose."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime raises many kinds, none of them documented
        raise OnnxRefused(f"The network cannot be loaded: {_plain(error, path)}") from error


def _plain(error: Exception, path: Path) -> str:
    """Return what the runtime says, without where the file lies."""
    return str(error).replace(str(path), "the file").strip()[:300]


def describe(path: Path) -> OnnxFacts:
    """Load a network and return what it says of itself."""
    session = open_session(path, threads=1)
    metadata = session.get_modelmeta()
    inputs, outputs = (tuple(_tensor(each) for each in listed) for listed in (session.get_inputs(), session.get_outputs()))
    if len(inputs) > MAX_TENSORS or len(outputs) > MAX_TENSORS:
        raise OnnxRefused(f"The network has more than {MAX_TENSORS} inputs or outputs.")
    return OnnxFacts(inputs, outputs, str(metadata.producer_name)[:100], _names(metadata.custom_metadata_map.get("names", "")))


def _tensor(each: Any) -> OnnxTensor:
    datatype = KINDS.get(each.type)
    if datatype is None:
        raise OnnxRefused(f"The network's {str(each.name)[:60]} is of the type {each.type}, which is not known here.")
    shape = tuple(side if isinstance(side, int) and side > 0 else -1 for side in each.shape)
    return OnnxTensor(str(each.name)[:200], datatype, shape)


def _names(text: str) -> dict[int, str]:
    """Read class names from metadata: {0: 'person', …} or ['person', …], as Python or as JSON; nothing for anything else."""
    if not text or len(text) > MAX_TEXT:
        return {}
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {}
    pairs = list(enumerate(value)) if isinstance(value, list) else list(value.items()) if isinstance(value, dict) else []
    found: dict[int, str] = {}
    for index, name in pairs[:MAX_NAMES]:
        if not str(index).isdecimal() or len(str(index)) > 5 or not isinstance(name, str) or not name.strip():
            return {}
        found[int(index)] = name.strip()[:200]
    return found if len(set(found.values())) == len(found) else {}


def main() -> None:
    """Describe the file that is named, as JSON."""
    import resource  # not everywhere, and loading networks does without

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        told = describe(Path(sys.argv[1])).as_document()
    except OnnxRefused as error:
        told = {"refused": str(error)}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
