"""Ask a model about 500 images, store its answers of 20 polygons each and draft from them, against a bare async client.

Two endpoints: one answers at once, one takes 50 ms and 16 questions at once. The bare client sends the same bytes
and throws the answers away; it goes first, then ours, then both again. Once more the slow one with ten times the images, where the
beginning counts for less.
"""

import asyncio
import io
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image as Picture

from benchmarks.report import report
from benchmarks.server import data_folder

IMAGES, TENFOLD, WIDTH, HEIGHT, AT_ONCE, DELAY_MS = 500, 5000, 640, 480, 16, 50
PROTOCOL = "winnow"
GOAL_IMAGES_PER_S, GOAL_INSTANT, GOAL_SLOW = 400.0, 0.5, 0.9
LABEL_STUDIO_IMAGES_PER_S = {"instant": 73, "slow": 30}  # version 1.23, as published in docs/reference/benchmarks.md


@contextmanager
def endpoint(delay_ms: float) -> Iterator[str]:
    """Start the stub; yield its URL."""
    command = [sys.executable, str(Path(__file__).with_name("stub_endpoint.py")), "--delay-ms", str(delay_ms), "--at-once", str(AT_ONCE)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/predict"
    finally:
        process.terminate()
        process.wait()


def picture(seed: int) -> bytes:
    """Make a JPEG of about 80 kB: soft noise, as detailed as a photograph."""
    coarse = np.random.default_rng(seed).integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    fine = np.random.default_rng(seed + 1).normal(0, 12, (HEIGHT, WIDTH, 3))
    pixels = np.asarray(Picture.fromarray(coarse).resize((WIDTH, HEIGHT)), dtype=np.float32) + fine
    Picture.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


def fill(folder: Path, images: int = IMAGES, *, linked: bool = False) -> dict[str, Any]:
    """Write a fresh campaign with images, and their files; ``linked``: the few different ones, under many names."""
    from campaigns.models import Campaign, Image, Label, User

    user, _ = User.objects.get_or_create(username="bench", password="!", is_superuser=True)
    campaign = Campaign.objects.create(name="Speed", task="segmentation", created_by=user)
    label = Label.objects.create(campaign=campaign, name="building", color="#336699")
    files = [picture(seed) for seed in range(8)]
    (folder / "images").mkdir(exist_ok=True)
    rows = []
    for n in range(images):
        content = files[n % len(files)]
        if linked and n >= len(files):
            (folder / "images" / f"{n}.jpg").unlink(missing_ok=True)
            (folder / "images" / f"{n}.jpg").hardlink_to(folder / "images" / f"{n % len(files)}.jpg")
        else:
            (folder / "images" / f"{n}.jpg").write_bytes(content)
        rows.append(Image(
            campaign=campaign, name=f"{n}.jpg", path=f"{n}.jpg", sha256=f"{n:064x}", size_bytes=len(content), format="JPEG",
            width=WIDTH, height=HEIGHT, bands=3, dtype="uint8",
        ))  # fmt: skip
    Image.objects.bulk_create(rows)
    return {"user": user, "campaign": campaign, "label": label, "images": images}


def ours(ground: dict[str, Any], url: str, name: str) -> float:
    """Run one inference run with prefill as the worker does, and check that everything is there; return images a second."""
    from campaigns.models import AnnotationSet
    from campaigns.runs import execute_now
    from inference.models import Prediction
    from inference.services import start_inference
    from models_registry.models import CampaignModel, LabelMapping, RegisteredModel

    model, made = RegisteredModel.objects.get_or_create(
        name=name,
        task="segmentation",
        protocol=PROTOCOL,
        url=url,
        classes=[{"index": 0, "name": "building"}],
        options={"concurrency": AT_ONCE},
    )
    if made:
        joined = CampaignModel.objects.create(campaign=ground["campaign"], model=model)
        LabelMapping.objects.create(campaign_model=joined, class_index=0, label=ground["label"])
    run = start_inference(user=ground["user"], campaign=ground["campaign"], model=model, images="all")
    started = time.perf_counter()
    run = execute_now(run)
    passed = time.perf_counter() - started
    assert run.state == "succeeded", run.error
    assert Prediction.objects.filter(model=model).count() == ground["images"]
    drafted = AnnotationSet.objects.filter(author=None, image__campaign=ground["campaign"]).last()
    assert drafted is not None
    assert sum(a["model"]["id"] == model.pk for a in drafted.annotations) == 20
    return float(ground["images"] / passed)


def bare(folder: Path, url: str, images: int = IMAGES) -> float:
    """Send the same requests from one plain client; return images a second."""
    from inference.protocols import PROTOCOLS
    from inference.wire import ModelCard, ModelClass, ModelInput

    card = ModelCard(url, "segmentation", (ModelClass(0, "building"),))

    async def send() -> float:
        numbers = iter(range(images))

        async def work(client: httpx.AsyncClient) -> None:
            for n in numbers:
                image = ModelInput((folder / "images" / f"{n}.jpg").read_bytes(), "image/jpeg", WIDTH, HEIGHT, f"{n}.jpg")
                request = PROTOCOLS[PROTOCOL].build_request(image, card)
                answer = await client.post(request.url, content=request.body, headers=dict(request.headers))
                assert answer.status_code == 200

        async with httpx.AsyncClient(trust_env=False) as client:
            started = time.perf_counter()
            await asyncio.gather(*(work(client) for _ in range(AT_ONCE)))
            return time.perf_counter() - started

    return images / asyncio.run(send())


def measure(folder: Path, name: str, delay_ms: float, *, images: int = IMAGES, turns: int = 2) -> tuple[float, float]:
    """Return the images a second of the bare client and of ours, the best of all turns each."""
    ground = fill(folder, images, linked=images > IMAGES)
    peers: list[float] = []
    mine: list[float] = []
    with endpoint(delay_ms) as url:
        for turn in range(turns):
            peers.append(bare(folder, url, images))
            mine.append(ours(ground, url, name))
            print(
                f"{name} endpoint, turn {turn + 1}: bare {peers[-1]:.0f} images/s, ours {mine[-1]:.0f} ({mine[-1] / peers[-1]:.2f} of it)"
            )
    return max(peers), max(mine)


def main() -> None:
    """Measure both endpoints."""
    with data_folder() as folder:
        from django.conf import settings

        settings.MODEL_NETWORKS = ["127.0.0.0/8"]
        print(f"{IMAGES} JPEGs of {len(picture(0)) / 1000:.0f} kB, 20 polygons an answer, protocol {PROTOCOL!r}, {AT_ONCE} at once")
        slow_peer, slow = measure(folder, "slow", DELAY_MS)
        peer, instant = measure(folder, "instant", 0)
        long_peer, long = measure(folder, f"slow, {TENFOLD} images", DELAY_MS, images=TENFOLD, turns=1)
    limit = AT_ONCE / (DELAY_MS / 1000)
    print(f"the slow endpoint's own limit: {limit:.0f} images/s; ours is {slow / limit:.2f} of it")
    print(f"Label Studio as measured, images/s: {LABEL_STUDIO_IMAGES_PER_S}")
    report(
        "prefill",
        ours={
            "instant_images_per_s": round(instant, 1),
            "slow_images_per_s": round(slow, 1),
            "slow_ratio": round(slow / slow_peer, 3),
            "slow_tenfold_images_per_s": round(long, 1),
            "slow_tenfold_ratio": round(long / long_peer, 3),
        },
        peer={"bare_instant_images_per_s": round(peer, 1), "bare_slow_images_per_s": round(slow_peer, 1), "slow_limit_images_per_s": limit},
        ratio=instant / peer,
        goal=f"instant: >= {GOAL_IMAGES_PER_S:.0f} images/s and >= {GOAL_INSTANT} of the bare client; {DELAY_MS} ms: >= {GOAL_SLOW}, twice",
        holds=instant >= GOAL_IMAGES_PER_S and instant / peer >= GOAL_INSTANT and min(slow / slow_peer, long / long_peer) >= GOAL_SLOW,
    )


if __name__ == "__main__":
    main()
