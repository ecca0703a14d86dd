"""A model endpoint that costs next to nothing: it reads a request and sends a prepared answer.

    python benchmarks/stub_endpoint.py --delay-ms 50 --at-once 16

Prints its port on the first line. Written on bare sockets, so that what is measured against it is not itself.
"""

import argparse
import asyncio
import json
import math
import random


def answer(polygons: int, vertices: int, width: int, height: int) -> bytes:
    """Return the body of an answer with so many polygons of so many vertices, in Winnow's own contract."""
    rng = random.Random(7)
    items = []
    for _ in range(polygons):
        x, y, radius = rng.uniform(60, width - 60), rng.uniform(60, height - 60), rng.uniform(10, 50)
        ring = [
            [round(x + radius * math.cos(2 * math.pi * k / vertices), 2), round(y + radius * math.sin(2 * math.pi * k / vertices), 2)]
            for k in range(vertices)
        ]
        ring.append(ring[0])
        items.append({"kind": "polygon", "class": "building", "index": 0, "score": round(rng.uniform(0.3, 0.99), 3), "polygons": [[ring]]})
    return json.dumps({"model_version": "1", "items": items}, separators=(",", ":")).encode()


class Endpoint(asyncio.Protocol):
    """One connection: requests in order, each answered after the delay, so many at once over all connections."""

    def __init__(self, reply: bytes, delay_s: float, slots: asyncio.Semaphore) -> None:
        self.reply = reply
        self.delay_s = delay_s
        self.slots = slots
        self.buffer = bytearray()
        self.needed = -1
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once a request is whole."""
        self.buffer += data
        if self.needed < 0:
            self._read_head()
        if 0 <= self.needed <= len(self.buffer):
            del self.buffer[: self.needed]
            self.needed = -1
            if self.delay_s:
                asyncio.get_running_loop().create_task(self._answer_later())
            else:
                self._answer()

    def _read_head(self) -> None:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.buffer[:end]).lower()
        at = head.index(b"content-length:") + 15
        self.needed = end + 4 + int(head[at:].split(b"\r\n", 1)[0])

    async def _answer_later(self) -> None:
        async with self.slots:
            await asyncio.sleep(self.delay_s)
        self._answer()

    def _answer(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(self.reply)


async def serve(delay_s: float, at_once: int, polygons: int, vertices: int) -> None:
    """Answer until the process is ended."""
    body = answer(polygons, vertices, 640, 480)
    reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    slots = asyncio.Semaphore(at_once)
    server = await asyncio.get_running_loop().create_server(lambda: Endpoint(reply, delay_s, slots), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--polygons", type=int, default=20)
    parser.add_argument("--vertices", type=int, default=16)
    options = parser.parse_args()
    asyncio.run(serve(options.delay_ms / 1000, options.at_once, options.polygons, options.vertices))
