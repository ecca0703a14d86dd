"""A model endpoint on loopback whose behaviour a test decides: real sockets, no model."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Respond = Callable[[bytes], "Reply"]


@dataclass
class Reply:
    """What goes back. ``pieces`` are written one by one with ``pause_s`` between them."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"
    pieces: list[bytes] | None = None
    pause_s: float = 0.0
    announced: int | None = None
    headers: dict[str, str] = field(default_factory=dict)


def items(*entries: dict[str, Any], **more: Any) -> Reply:
    """Answer in Winnow's own contract."""
    return Reply(json.dumps({"items": list(entries), **more}).encode())


def listed(values: Any) -> Reply:
    """Answer with plain JSON."""
    return Reply(json.dumps(values).encode())


@dataclass
class Endpoint:
    """A server that answers with ``respond(body)`` after ``delay_s``; counts what it saw."""

    respond: Respond
    delay_s: float = 0.0
    requests: int = 0
    at_once: int = 0
    most_at_once: int = 0
    bodies: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Self:
        lock, endpoint = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    endpoint.requests += 1
                    endpoint.at_once += 1
                    endpoint.most_at_once = max(endpoint.most_at_once, endpoint.at_once)
                    endpoint.bodies.append(body)
                time.sleep(endpoint.delay_s)
                reply = endpoint.respond(body)
                with lock:
                    endpoint.at_once -= 1
                with suppress(OSError):  # the other side has hung up
                    self._send(reply)

            def _send(self, reply: Reply) -> None:
                pieces = [reply.body] if reply.pieces is None else reply.pieces
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.content_type)
                self.send_header("Content-Length", str(reply.announced or sum(map(len, pieces))))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for piece in pieces:
                    self.wfile.write(piece)
                    time.sleep(reply.pause_s)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 256  # at the usual five, sixteen connections at once wait for a second

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a connection that the other side aborts

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/predict"


def dead_url() -> str:
    """Return an address on loopback that nothing listens at."""
    with Endpoint(lambda body: Reply()) as endpoint:
        return endpoint.url
