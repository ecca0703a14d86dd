"""Save one moved vertex of an image with 10,000 polygons of 30 vertices: milliseconds, and bytes on the wire."""

import json
import math
import random

from benchmarks.report import milliseconds, percentile, report
from benchmarks.server import Client, data_folder, fill, web_server

POLYGONS, SMALL, VERTICES, SAVES = 10_000, 1_000, 30, 40
GOAL_MS, GOAL_BYTES = 100.0, 2_000


def polygon(n: int, label: int, shift: float = 0.0) -> dict[str, object]:
    """Make one annotation as the page makes it: two decimals, and what a person's own work carries."""
    drawn = random.Random(n)
    x, y = drawn.uniform(30, 990), drawn.uniform(30, 730)
    ring = [
        [round(x + 16 * math.cos(2 * math.pi * k / VERTICES), 2), round(y + 16 * math.sin(2 * math.pi * k / VERTICES), 2)]
        for k in range(VERTICES)
    ]
    ring[0] = [round(ring[0][0] + shift, 2), ring[0][1]]
    shape = {"type": "polygon", "polygons": [[[*ring, ring[0]]]]}
    return {
        "id": f"p{n}",
        "label": label,
        "shape": shape,
        "origin": "human",
        "review": "accepted",
        "confidence": None,
        "model": None,
        "attributes": {},
    }


def measure(client: Client, image: int, label: int, polygons: int) -> tuple[list[float], int]:
    """Fill an image, then move one vertex again and again; return the seconds of each save and the bytes of one request."""
    path, headers = f"/images/{image}/annotation-set", {}
    version = json.loads(client.call("GET", path)[1])["version"]
    seconds, size = [], 0
    for turn in range(SAVES + 1):
        upsert = [polygon(n, label) for n in range(polygons)] if turn == 0 else [polygon(polygons // 2, label, turn / 10)]
        body = json.dumps({"upsert": upsert, "delete": [], "active_s": 1.2}, separators=(",", ":")).encode()
        headers["If-Match"] = f'"{version}"'
        status, content, took = client.call("PATCH", path, body, **headers)
        assert status == 200, content
        version = json.loads(content)["version"]
        if turn > 0:
            seconds.append(took)
            size = len(body)
    stored = json.loads(client.call("GET", path)[1])["annotations"]
    assert len(stored) == polygons and stored[polygons // 2]["shape"] == polygon(polygons // 2, label, SAVES / 10)["shape"], (
        "a save was lost"
    )
    return seconds, size


def main() -> None:
    """Measure at 10,000 polygons, and at a tenth of it to see how the cost grows."""
    with data_folder():
        ground = fill(images=4, people=1)
        with web_server() as port:
            client = Client(port, ground["tokens"][0])
            small, _ = measure(client, ground["first_image"] + 1, ground["labels"][0], SMALL)
            large, size = measure(client, ground["first_image"] + 2, ground["labels"][0], POLYGONS)
    p50_ms = percentile(large, 0.5) * 1000
    report(
        "moved-vertex",
        ours={**milliseconds(large), "request_bytes": size},
        peer={f"of_{SMALL}_{name}": value for name, value in milliseconds(small).items()},
        ratio=percentile(large, 0.5) / percentile(small, 0.5),
        goal=f"p50 at most {GOAL_MS:g} ms and {GOAL_BYTES} bytes with {POLYGONS} polygons",
        holds=p50_ms <= GOAL_MS and size <= GOAL_BYTES,
    )


if __name__ == "__main__":
    main()
