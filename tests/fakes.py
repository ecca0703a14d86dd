"""A model server on loopback whose behaviour a test decides, down to the bytes: real sockets, no model.

with ModelServer(answer={"items": []}) as server:                       # answers JSON
with ModelServer(raw=[b"HTTP/1.1 200 OK\r\n…", b"…"], pause_s=0.1)      # drips pieces
with ModelServer(script=[Reply(status=503), Reply(json={…})])           # one reply after the other, the last for ever
"""

from __future__ import annotations

import json as jsonlib
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What goes back. ``raw`` pieces are written as they stand, with ``pause_s`` before each; endless ones are cut by the client."""

    json: Any = None
    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    raw: Iterable[bytes] | None = None
    pause_s: float = 0.0

    def pieces(self) -> Iterable[bytes]:
        if self.raw is not None:
            return self.raw
        body = self.body or (b"" if self.json is None else jsonlib.dumps(self.json).encode())
        fields = {"Content-Type": self.content_type, "Content-Length": str(len(body)), **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return [f"HTTP/1.1 {self.status} X\r\n{head}\r\n".encode() + body]


@dataclass
class ModelServer:
    """A threaded server; ``answer`` is its JSON, ``script`` its replies in order, ``respond`` decides by the request."""

    answer: Any = None
    script: Sequence[Reply] = ()
    respond: Callable[[Seen], Reply] | None = None
    raw: Iterable[bytes] | None = None
    pause_s: float = 0.0
    delay_s: float = 0.0
    host: str = "127.0.0.1"
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._listener = socket.create_server((self.host, 0), family=socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        self._port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/predict"

    @property
    def requests(self) -> int:
        return len(self.seen)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError), connection, connection.makefile("rb") as stream:
            while seen := _read_request(stream):
                with self._lock:
                    self.seen.append(seen)
                    number = len(self.seen)
                reply = self._reply(seen, number)
                time.sleep(reply.delay_s)
                for piece in reply.pieces():
                    if reply.pause_s:
                        time.sleep(reply.pause_s)
                    connection.sendall(piece)
                if reply.raw is not None:
                    return

    def _reply(self, seen: Seen, number: int) -> Reply:
        if self.respond is not None:
            return self.respond(seen)
        if self.script:
            return self.script[min(number, len(self.script)) - 1]
        return Reply(json=self.answer, raw=self.raw, pause_s=self.pause_s, delay_s=self.delay_s)


def _read_request(stream: Any) -> Seen | None:
    line = stream.readline().decode("latin-1").strip()
    if not line:
        return None
    headers: dict[str, str] = {}
    while entry := stream.readline().decode("latin-1").strip():
        name, _, value = entry.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Seen(line, headers, stream.read(int(headers.get("content-length", "0"))))


def free_port() -> int:
    """Return a port that nothing listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
