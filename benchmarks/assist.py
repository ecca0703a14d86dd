"""Label fifty objects of one image by clicks: is every click answered within 500 ms, and the fiftieth no slower than the first?"""

import io
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from benchmarks.report import milliseconds, report
from benchmarks.server import ROOT, Client, data_folder, web_server
from campaigns.processes import descendants

OBJECTS = 50
WIDTH, HEIGHT = 4000, 3000
GOAL_MS = 500.0
SLOWER = 1.25


def discs() -> tuple[NDArray[np.uint8], list[tuple[int, int]]]:
    """Fifty discs on noisy ground, and their centres."""
    rng = np.random.default_rng(0)
    pixels = rng.normal(90, 12, (HEIGHT, WIDTH, 3))
    places = [(300 + 380 * (n % 10), 400 + 540 * (n // 10)) for n in range(OBJECTS)]
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    for column, row in places:
        inside = np.hypot(x - column, y - row) < 120
        pixels[inside] = rng.normal(rng.integers(150, 240, 3), 10, (int(inside.sum()), 3))
    return np.clip(pixels, 0, 255).astype(np.uint8), places


def ground(folder: Path, pixels: NDArray[np.uint8]) -> dict[str, Any]:
    """Write a campaign with the picture and MobileSAM into the database; return ids and a token."""
    from campaigns.models import Campaign, Image, Membership, Role, Task, User
    from campaigns.runs import execute_now
    from campaigns.services.accounts import create_token
    from models_registry.models import CampaignModel
    from models_registry.services import start_adding_promptable

    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, "JPEG", quality=90)
    digest = sha256(buffer.getvalue()).hexdigest()
    path = folder / "images" / digest[:2] / f"{digest}.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(buffer.getvalue())
    user = User.objects.create(username="ada", password="!")
    campaign = Campaign.objects.create(name="Speed", task=Task.SEGMENTATION, created_by=user)
    Membership.objects.create(campaign=campaign, user=user, role=Role.OWNER)
    image = Image.objects.create(
        campaign=campaign, name="discs.jpg", path=f"{digest[:2]}/{digest}.jpg", sha256=digest, size_bytes=len(buffer.getvalue()),
        format="JPEG", width=WIDTH, height=HEIGHT, bands=3, dtype="uint8",
    )  # fmt: skip
    run = execute_now(start_adding_promptable(user=user))
    assert run.state == "succeeded", run.error
    CampaignModel.objects.create(campaign=campaign, model_id=run.result["model"])
    return {"image": image.pk, "token": create_token(user=user, name="bench")[1]}


@contextmanager
def smart_labeling() -> Iterator[int]:
    """Start the process beside the web server, as ``manage.py serve`` does; yield its id."""
    process = subprocess.Popen([sys.executable, "-m", "inference.interactive"], cwd=ROOT, start_new_session=True)
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def ask(client: Client, image: int, body: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """Ask once; return the answer and the seconds until it was there."""
    status, content, seconds = client.call("POST", f"/images/{image}/assist", json.dumps(body).encode())
    assert status == 200, content
    return json.loads(content), seconds


def by_model(client: Client, image: int, places: list[tuple[int, int]]) -> tuple[float, list[float]]:
    """Click once on every disc, after one look at the image; return the seconds of the look and of every click."""
    _, look = ask(client, image, {"tool": "model", "prepare": True})
    clicks = []
    for column, row in places:
        answer, seconds = ask(client, image, {"tool": "model", "prompts": {"points": [{"x": column, "y": row, "positive": True}]}})
        left, top, across, down = answer["shape"]["bbox"]
        assert abs(left + across / 2 - column) < 40 and abs(top + down / 2 - row) < 40, "another thing was found"
        clicks.append(seconds)
    return look, clicks


def by_grabcut(client: Client, image: int, places: list[tuple[int, int]]) -> tuple[list[float], list[float]]:
    """Draw a work area around every disc, extract, and once more after a stroke; return the seconds of both."""
    first, again = [], []
    for column, row in places:
        roi = [column - 180, row - 180, column + 180, row + 180]
        answer, seconds = ask(client, image, {"tool": "grabcut", "roi": roi})
        first.append(seconds)
        stroke = {"foreground": [[[column - 60, row], [column + 60, row]]], "brush_px": 10}
        _, seconds = ask(client, image, {"tool": "grabcut", "roi": roi, "mask": answer["shape"], "prompts": stroke})
        again.append(seconds)
    return first, again


def megabytes(pid: int) -> float:
    """Return a process's resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def bare_decoder(folder: Path) -> float:
    """Return the median seconds of the network alone, without server, socket, mask and JSON: what no click can be below."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(4, os.cpu_count() or 1)
    (path,) = folder.glob("checkpoints/*/decoder.onnx")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    only = onnxruntime.RunOptions()
    only.only_execute_path_to_fetches = True
    feeds = {
        "image_embeddings": np.zeros((1, 256, 64, 64), np.float32), "point_coords": np.full((1, 2, 2), 500, np.float32),
        "point_labels": np.array([[1, -1]], np.float32), "mask_input": np.zeros((1, 1, 256, 256), np.float32),
        "has_mask_input": np.zeros(1, np.float32), "orig_im_size": np.array([256, 256], np.float32),
    }  # fmt: skip
    seconds = []
    for _ in range(20):
        begun = time.perf_counter()
        session.run(["iou_predictions", "low_res_masks"], feeds, only)
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def main() -> None:
    """Measure a look, fifty clicks, fifty extractions; the halves of the clicks are compared, so that growth shows."""
    pixels, places = discs()
    with data_folder() as folder:
        ids = ground(folder, pixels)
        bare = bare_decoder(folder)
        with smart_labeling() as beside, web_server() as port:
            client = Client(port, ids["token"])
            look, clicks = by_model(client, ids["image"], places)
            first, again = by_grabcut(client, ids["image"], places[:10])
            web = max(megabytes(pid) for pid in descendants(os.getpid()) if "gunicorn" in Path(f"/proc/{pid}/cmdline").read_text())
            memory = megabytes(beside)
    early, late = statistics.median(clicks[:10]), statistics.median(clicks[-10:])
    ours = {
        "look_ms": round(look * 1000), "clicks": milliseconds(clicks), "first_10_p50_ms": round(early * 1000, 1),
        "last_10_p50_ms": round(late * 1000, 1), "grabcut_first": milliseconds(first), "grabcut_again": milliseconds(again),
        "process_MB": round(memory), "web_MB": round(web),
    }  # fmt: skip
    report(
        "assist",
        ours=ours,
        peer={"network_alone_ms": round(bare * 1000, 1)},
        ratio=bare / statistics.median(clicks),
        goal=f"p50 of clicks at most {GOAL_MS:.0f} ms after the look; the last ten at most {SLOWER} times the first ten",
        holds=statistics.median(clicks) * 1000 <= GOAL_MS and late <= SLOWER * early,
    )


if __name__ == "__main__":
    main()
