"""Save an annotation set of 20 polygons on SQLite, with 1, 4 and 16 people at once."""

import json
import math
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.report import milliseconds, report
from benchmarks.server import Client, data_folder, fill, together, web_server

POLYGONS, VERTICES, SECONDS = 20, 12, 6.0
GOALS = {1: 200, 4: 250, 16: 250}
P95_AT_16_MS = 150.0
LABEL_STUDIO_SAVES_PER_S = {1: 39, 4: 35, 16: 19}  # version 1.23 on SQLite, as published in docs/reference/benchmarks.md


def annotations(label: int, turn: int) -> list[dict[str, Any]]:
    """Make twenty polygons; another turn moves them."""
    made = []
    for n in range(POLYGONS):
        x, y = 100 + 40 * n, 120 + (turn * 7 + n * 29) % 500
        ring = [
            [round(x + 30 * math.cos(2 * math.pi * k / VERTICES), 2), round(y + 30 * math.sin(2 * math.pi * k / VERTICES), 2)]
            for k in range(VERTICES)
        ]
        shape = {"type": "polygon", "polygons": [[[*ring, ring[0]]]]}
        made.append(
            {"id": f"p{n}", "label": label, "shape": shape, "origin": "human", "review": "accepted", "confidence": None, "attributes": {}}
        )
    return made


def measure(port: int, ground: dict[str, Any], clients: int) -> dict[str, float]:
    """Let so many people save, each their own image again and again; every answer is checked."""

    def save(number: int, go_on: Callable[[], bool]) -> list[float]:
        client, durations = Client(port, ground["tokens"][number]), []
        image = ground["first_image"] + clients * 20 + number
        status, content, _ = client.call("GET", f"/images/{image}/annotation-set")
        assert status == 200, content
        version, turn = json.loads(content)["version"], 0
        bodies = [json.dumps({"upsert": annotations(ground["labels"][0], t), "delete": []}).encode() for t in range(10)]
        while go_on():
            status, content, seconds = client.call("PATCH", f"/images/{image}/annotation-set", bodies[turn % 10], If_Match=f'"{version}"')
            assert status == 200, content
            version, turn = json.loads(content)["version"], turn + 1
            durations.append(seconds)
        status, content, _ = client.call("GET", f"/images/{image}/annotation-set")
        assert json.loads(content)["version"] == version, "a save was lost"
        return durations

    durations, passed = together(clients, SECONDS, save)
    return {"saves_per_s": round(len(durations) / passed, 1), **milliseconds(durations)}


def bare_sqlite(folder: Path) -> float:
    """Return how many rows of the same size one loop commits in a second: the limit."""
    body = json.dumps(annotations(1, 0))
    connection = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE save (id INTEGER PRIMARY KEY, body TEXT);")
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < 2:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO save (body) VALUES (?)", (body,))
        connection.execute("COMMIT")
        count += 1
    connection.close()
    return count / (time.perf_counter() - started)


def main() -> None:
    """Measure the limit, then ours at each number of people."""
    with data_folder() as folder:
        limit = bare_sqlite(folder)
        ground = fill(images=1000, people=16)
        with web_server() as port:
            ours = {clients: measure(port, ground, clients) for clients in GOALS}
    for clients, figures in ours.items():
        print(f"{clients:2} people: {figures}")
    holds = all(ours[n]["saves_per_s"] >= goal for n, goal in GOALS.items()) and ours[16]["p95_ms"] <= P95_AT_16_MS
    report(
        "saves",
        ours={f"{n}_clients": figures for n, figures in ours.items()},
        peer={"bare_sqlite_commits_per_s": round(limit), "label_studio_saves_per_s": LABEL_STUDIO_SAVES_PER_S},
        ratio=ours[1]["saves_per_s"] / LABEL_STUDIO_SAVES_PER_S[1],
        goal="at least 200, 250 and 250 saves/s with 1, 4 and 16 clients; p95 at most 150 ms with 16",
        holds=holds,
    )


if __name__ == "__main__":
    main()
