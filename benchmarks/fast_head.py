"""Rank again after a save: refit the head on stored embeddings, answer about the pool, open the next round.

Two points, 5,000 and 50,000 images of 1280 numbers each, 500 of them labeled. ``head_s`` is the numbers alone: read the
labeled rows, fit, read the pool from the file, answer, order by margin. ``round_s`` is the whole run, database
included, from the last save to the open round. The peer is one bare pass over the same matrix in memory.
"""

import hashlib
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import report
from benchmarks.server import data_folder

SIZES, LABELED, CLASSES = (5_000, 50_000), 500, 10
STRATEGY = "margin"
GOAL_S = 5.0


def ground(count: int) -> dict[str, Any]:
    """Make a campaign whose images have embeddings and no files, the first of them labeled."""
    from active_learning.services.embeddings import embedding_store
    from campaigns.models import AnnotationSet, Campaign, Image, Label, Membership, Revision, User
    from models_registry.networks.store import content_key

    rng = np.random.default_rng(count)
    user = User.objects.create(username=f"owner-{count}", is_superuser=True)
    campaign = Campaign.objects.create(name=f"{count} images", task="classification", created_by=user)
    Membership.objects.create(campaign=campaign, user=user, role="owner")
    labels = Label.objects.bulk_create(Label(campaign=campaign, name=f"label {n}", color="#336699", position=n) for n in range(CLASSES))
    digests = [hashlib.sha256(f"{count}-{n}".encode()).hexdigest() for n in range(count)]
    Image.objects.bulk_create(
        (
            Image(
                campaign=campaign, name=f"{n}.jpg", path=f"{n}.jpg", sha256=digest, size_bytes=1, format="JPEG", width=640, height=480,
                bands=3, dtype="uint8", state="submitted" if n < LABELED else "unlabeled",
            )
            for n, digest in enumerate(digests)
        ),
        batch_size=2000,
    )  # fmt: skip
    truth = rng.integers(0, CLASSES, count)
    centres = rng.normal(size=(CLASSES, 1280)).astype(np.float32) * 0.2
    keys = np.array([content_key(digest) for digest in digests], np.int64)
    store = embedding_store()
    for start in range(0, count, 5000):
        part = truth[start : start + 5000]
        store.append(keys[start : start + 5000], np.abs(centres[part] + rng.normal(size=(len(part), 1280)).astype(np.float32)))
    for image in Image.objects.filter(campaign=campaign).order_by("pk")[:LABELED]:
        label = labels[truth[int(image.name.split(".")[0])]].pk
        said = [{"id": "a", "label": label, "shape": {"type": "whole"}, "origin": "human", "review": "accepted", "confidence": None}]
        own = AnnotationSet.objects.create(image=image, author=user, annotations=said, state="submitted")
        Revision.objects.create(annotation_set=own, image=image, number=1, annotations=said, author=user)
    return {"campaign": campaign, "user": user, "keys": keys, "truth": truth, "store": store}


def head_seconds(made: dict[str, Any]) -> float:
    """Fit, answer about all other images, order them by margin."""
    from active_learning.training.fast_head import Examples, fit_head

    store, keys = made["store"], made["keys"]
    started = time.perf_counter()
    head = fit_head(Examples(store.load(keys[:LABELED]), made["truth"][:LABELED]), classes=CLASSES, decay=1e-2, steps=60)
    pool = keys[LABELED:]
    probabilities = np.empty((len(pool), CLASSES), np.float32)
    for place, vectors in store.chunks(pool):
        probabilities[place] = head.probabilities(vectors)
    best = np.sort(probabilities, axis=1)
    np.argsort(best[:, -1] - best[:, -2], kind="stable")
    return time.perf_counter() - started


def peer_seconds(matrix: Any, weight: Any) -> float:
    """Multiply the whole matrix, in memory as float32, by a head: what no ranking by a linear head can do without."""
    started = time.perf_counter()
    matrix @ weight
    return time.perf_counter() - started


def round_seconds(made: dict[str, Any]) -> float:
    """Open the next round as the button does, the worker in this process."""
    from django.utils import timezone

    from active_learning.services.rounds import RoundOptions, start_round
    from campaigns.runs import execute_now

    began = timezone.now()
    options = RoundOptions(train=True, prefill=False)
    round_ = start_round(user=made["user"], campaign=made["campaign"], strategy=STRATEGY, size=100, options=options)
    assert round_.run is not None
    run = execute_now(round_.run)
    if run.state != "succeeded":
        raise SystemExit(f"The round did not open: {run.error}")
    round_.refresh_from_db()
    assert round_.opened_at is not None
    return (round_.opened_at - began).total_seconds()


def measure(count: int) -> tuple[dict[str, float], float]:
    """Return our seconds by name, and the peer's; peer and ours take turns."""
    made = ground(count)
    matrix = made["store"].load(made["keys"])
    weight = np.random.default_rng(0).normal(size=(1280, CLASSES)).astype(np.float32)
    peer, ours = [], []
    for _ in range(3):
        peer.append(peer_seconds(matrix, weight))
        ours.append(head_seconds(made))
    del matrix
    return {"head_s": round(min(ours), 3), "round_s": round(round_seconds(made), 3)}, min(peer)


def main(folder: Path) -> None:
    """Measure both points and report the larger."""
    ours: dict[str, Any] = {}
    peers: dict[str, Any] = {}
    for count in SIZES:
        figures, peer = measure(count)
        print(f"{count} images: {figures}, one pass over memory {peer:.4f} s")
        ours |= {f"{name[:-2]}_{count}_s": value for name, value in figures.items()}
        peers[f"pass_{count}_s"] = round(peer, 4)
    most = SIZES[-1]
    seconds = ours[f"round_{most}_s"]
    goal = f"a new ranking within {GOAL_S:.0f} s of the last save at {most:,} images, database included"
    report("fast-head", ours=ours, peer=peers, ratio=peers[f"pass_{most}_s"] / ours[f"head_{most}_s"], goal=goal, holds=seconds <= GOAL_S)


if __name__ == "__main__":
    with data_folder() as data:
        main(data)
