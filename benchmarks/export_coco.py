"""Export 200,000 polygons from the database as COCO, beside a bare read, parse and write of the same rows."""

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import report
from benchmarks.server import data_folder

POLYGONS_AN_IMAGE = 20
VERTICES = 20
SIZES = (1_000, 10_000)  # images
PEERS_CPU_S = {"label_studio_converter": 18.7, "datumaro": 6.9, "hotcoco": 0.43}  # for 200,000 polygons, as measured
PEER_PER_S = {"label_studio_polygons_per_s": 5300}


def outline(rng: np.random.Generator) -> list[list[float]]:
    """Return a closed ring somewhere on 1024 x 768."""
    angles = np.linspace(0, 2 * math.pi, VERTICES, endpoint=False)
    radius = rng.uniform(10, 60) * rng.uniform(0.7, 1.3, VERTICES)
    x, y = rng.uniform(90, 930), rng.uniform(90, 670)
    ring = np.column_stack((x + radius * np.cos(angles), y + radius * np.sin(angles))).round(2).tolist()
    return [*ring, ring[0]]


def fill(images: int) -> tuple[int, int]:
    """Write a campaign of submitted images straight into the database; return its id and its owner's."""
    from django.utils import timezone

    from campaigns.models import AnnotationSet, Campaign, Image, Label, Membership, Revision, Role, User

    user = User.objects.create(username=f"owner-{images}", password="!")
    campaign = Campaign.objects.create(name="Speed", task="segmentation", created_by=user)
    Membership.objects.create(campaign=campaign, user=user, role=Role.OWNER)
    labels = [Label.objects.create(campaign=campaign, name=f"label {n}", color="#336699", position=n).pk for n in range(5)]
    rng = np.random.default_rng(images)
    plain: dict[str, Any] = {"origin": "human", "review": "accepted", "confidence": None, "model": None, "attributes": {}}
    for start in range(0, images, 500):
        rows = Image.objects.bulk_create(
            Image(
                campaign=campaign, name=f"{n}.jpg", path=f"{n}.jpg", sha256=f"{images:04x}{n:060x}", size_bytes=1, format="JPEG",
                width=1024, height=768, bands=3, dtype="uint8", state="submitted",
            )
            for n in range(start, start + 500)
        )  # fmt: skip
        now = timezone.now()
        sets = AnnotationSet.objects.bulk_create(
            AnnotationSet(image=row, author=user, state="submitted", submitted_at=now, annotations=[]) for row in rows
        )
        Revision.objects.bulk_create(
            Revision(
                annotation_set=own, image_id=own.image_id, number=1, author=user,
                annotations=[
                    {"id": str(n), "label": labels[n % 5], "shape": {"type": "polygon", "polygons": [[outline(rng)]]}, **plain}
                    for n in range(POLYGONS_AN_IMAGE)
                ],
            )
            for own in sets
        )  # fmt: skip
    return campaign.pk, user.pk


def bare() -> float:
    """Read the documents from SQLite, parse them and write the bytes again; return CPU seconds."""
    import sqlite3

    import orjson

    database = sqlite3.connect(Path(os.environ["WINNOW_DATA_DIR"]) / "winnow.sqlite3")
    target = Path(os.environ["WINNOW_DATA_DIR"]) / "bare.json"
    newest = "SELECT annotations FROM campaigns_revision WHERE image_id > (SELECT MAX(image_id) - ? FROM campaigns_revision)"
    started = time.process_time()
    with target.open("wb") as file:
        for (text,) in database.execute(newest, (SIZES[-1],)):
            file.write(orjson.dumps(orjson.loads(text)))
    return time.process_time() - started


def in_a_process(run: int) -> dict[str, Any]:
    """Execute an export run as a worker does, in a process of its own; return CPU seconds and what it took beyond its start."""
    command = [sys.executable, "-m", "benchmarks.export_coco", str(run)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    return found


def peak_mib() -> float:
    """Return the most memory that this process has held; ru_maxrss would be inherited from the process that started it."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def execute(run_id: int) -> None:
    """Be that process."""
    import django

    django.setup()
    from campaigns.models import Run
    from campaigns.runs import execute_now

    run = Run.objects.select_related("campaign").get(pk=run_id)
    before, started = peak_mib(), time.process_time()
    run = execute_now(run)
    seconds = time.process_time() - started
    assert run.state == "succeeded", run.error
    more = peak_mib() - before
    print(json.dumps({"cpu_s": seconds, "extra_mib": more, "annotations": run.result["annotations"], "mb": run.result["size_bytes"] / 1e6}))


def main() -> None:
    """Measure the bare loop and ours in turn, three times; and a tenth of the size."""
    from django.db import connection

    from campaigns.models import Campaign, User
    from campaigns.services.exporting import start_export

    def export(campaign: int, user: int) -> dict[str, Any]:
        run = start_export(user=User.objects.get(pk=user), campaign=Campaign.objects.get(pk=campaign), format="coco")
        return in_a_process(run.pk)

    tenth, whole = fill(SIZES[0]), fill(SIZES[1])
    with connection.cursor() as cursor:  # filling is not what is measured: without this, the first export would move 150 MB of log
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    small = export(*tenth)
    limits, ours = [], []
    for _ in range(3):
        limits.append(bare())
        ours.append(export(*whole))
        print(f"bare {limits[-1]:.2f} s, ours {ours[-1]}")
    limit = sorted(limits)[1]
    found = sorted(ours, key=lambda one: one["cpu_s"])[1]
    assert found["annotations"] == SIZES[1] * POLYGONS_AN_IMAGE
    report(
        "export-coco",
        ours={
            "polygons": found["annotations"], "cpu_s": round(found["cpu_s"], 2), "extra_mib": round(found["extra_mib"]),
            "file_mb": round(found["mb"]), "cpu_s_for_a_tenth": round(small["cpu_s"], 2),
        },
        peer={"bare_cpu_s": round(limit, 2), "others_cpu_s": PEERS_CPU_S, **PEER_PER_S},
        ratio=found["cpu_s"] / limit,
        goal="200,000 polygons of the database in at most 3 s CPU and 150 MiB",
        holds=found["cpu_s"] <= 3 and found["extra_mib"] <= 150,
    )  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) > 1:
        execute(int(sys.argv[1]))
    else:
        with data_folder():
            main()
