"""How the web server and the process beside it speak: a socket in the file system, and frames of JSON.

A frame is its length in four bytes, highest first, then the JSON. A question is one frame, an answer is one: ``{"ok": …}`` or
``{"refused": {"code", "detail"}}``. Only processes of the same account reach the socket.
"""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import tempfile
from pathlib import Path
from typing import Any, Final

import orjson

ASSIST: Final = "assist"
LARGEST_FRAME_BYTES: Final = 256 * 1024**2
LONGEST_PATH: Final = 100  # the kernel's limit is 108 bytes
_LENGTH = struct.Struct(">I")


class FrameError(OSError):
    """The other side went away, or sent what is no frame."""


def socket_path(data_dir: Path, name: str = ASSIST) -> Path:
    """Return where the socket of a deployment's process lies: in its data directory, or in the temporary one when that path is too long."""
    path = data_dir / "run" / f"{name}.sock"
    if len(os.fsencode(path)) <= LONGEST_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"winnow-{os.getuid()}-{digest}" / f"{name}.sock"


def private_folder(folder: Path) -> None:
    """Make a folder that nobody else may enter; raise PermissionError when somebody else has made it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else.")
    folder.chmod(0o700)


def send_frame(connection: socket.socket, message: object) -> None:
    """Send one message."""
    body = orjson.dumps(message)
    connection.sendall(_LENGTH.pack(len(body)) + body)


def read_frame(connection: socket.socket) -> Any:
    """Wait for one message; raise FrameError when the other side ends before it is whole."""
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    if length > LARGEST_FRAME_BYTES:
        raise FrameError("The frame is larger than any message.")
    try:
        return orjson.loads(_exactly(connection, length))
    except orjson.JSONDecodeError as error:
        raise FrameError("The frame holds no message.") from error


def _exactly(connection: socket.socket, count: int) -> bytes:
    body = bytearray()
    while len(body) < count:
        part = connection.recv(min(count - len(body), 1 << 20))
        if not part:
            raise FrameError("The other side ended before its message did.")
        body += part
    return bytes(body)
