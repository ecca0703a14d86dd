"""Lease the next image out of 100,000, alone and with 16 people at once."""

import json
from collections.abc import Callable
from typing import Any

from benchmarks.report import milliseconds, report
from benchmarks.server import Client, data_folder, fill, together, web_server

SECONDS = 5.0
LABEL_STUDIO_MS = {"1_client_p50": 13, "16_clients_p50": 750}  # version 1.23 at 2,000 images
GOAL = {"p50_ms": 10.0, "p95_ms_at_16": 40.0}


def measure(port: int, ground: dict[str, Any], clients: int) -> dict[str, float]:
    """Let so many people ask for the next image and skip it; no image may be with two people at the same time."""
    held: set[int] = set()

    def ask(number: int, go_on: Callable[[], bool]) -> list[float]:
        client, durations = Client(port, ground["tokens"][number]), []
        while go_on():
            status, content, seconds = client.call("POST", f"/campaigns/{ground['campaign']}/next", b"{}")
            assert status == 200, content
            image = json.loads(content)["image"]["id"]
            assert image not in held, "one image was leased to two people"
            held.add(image)
            durations.append(seconds)
            held.discard(image)
            status, content, _ = client.call("POST", f"/images/{image}/skip", b'{"reason": "measured"}')
            assert status < 300, content
        return durations

    durations, passed = together(clients, SECONDS, ask)
    return {**milliseconds(durations), "leases_per_s": round(len(durations) / passed, 1)}


def main() -> None:
    """Measure at 10,000 and at 100,000 images, so that growth shows, and with 16 people."""
    with data_folder():
        small, large = fill(images=10_000, people=1), fill(images=100_000, people=16)
        with web_server() as port:
            results = {
                "1_client_10000_images": measure(port, small, 1),
                "1_client_100000_images": measure(port, large, 1),
                "16_clients_100000_images": measure(port, large, 16),
            }
    for name, figures in results.items():
        print(f"{name}: {figures}")
    alone, crowd = results["1_client_100000_images"], results["16_clients_100000_images"]
    report(
        "next-image",
        ours=results,
        peer={"label_studio": LABEL_STUDIO_MS},
        ratio=LABEL_STUDIO_MS["1_client_p50"] / alone["p50_ms"],
        goal="p50 at most 10 ms alone; p95 at most 40 ms with 16 clients; 100,000 images",
        holds=alone["p50_ms"] <= GOAL["p50_ms"] and crowd["p95_ms"] <= GOAL["p95_ms_at_16"],
    )


if __name__ == "__main__":
    main()
