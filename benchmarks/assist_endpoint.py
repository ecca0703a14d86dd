"""Click on things with models at addresses: how much longer is a click than the model's own server takes?"""

import argparse
import asyncio
import io
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from benchmarks.report import milliseconds, percentile, report
from benchmarks.server import ROOT, Client, data_folder, web_server
from benchmarks.stub_endpoint import Endpoint

WIDTH, HEIGHT = 1024, 768
CLICKS, WARM = 60, 10
DELAY_MS = 20.0
GOAL_MS = 30.0
PROTOCOLS = ("winnow_json", "cvat", "label_studio", "scaneo")


def thing() -> NDArray[np.bool_]:
    """A disc of 240 pixels across."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    found: NDArray[np.bool_] = np.hypot(x - 400, y - 300) < 120
    return found


def answered(protocol: str) -> bytes:
    """Return the disc as a server of the protocol answers it."""
    from campaigns.geometry import encode_mask, mask_to_polygons
    from inference.decode.brush import brush_of_mask

    mask = thing()
    if protocol == "winnow_json":
        return json.dumps({"items": [{"kind": "mask", "mask": {"size": [HEIGHT, WIDTH], "counts": encode_mask(mask)}}]}).encode()
    if protocol == "cvat":
        return json.dumps({"points": [], "mask": mask.astype(int).tolist()}).encode()
    if protocol == "scaneo":
        geometry = {"type": "MultiPolygon", "coordinates": mask_to_polygons(mask)}
        return json.dumps({"type": "Feature", "geometry": geometry, "properties": {}}).encode()
    brush = {"format": "rle", "rle": list(brush_of_mask(mask)), "brushlabels": ["Object"]}
    region = {"type": "brushlabels", "original_width": WIDTH, "original_height": HEIGHT, "value": brush}
    return json.dumps({"model_version": "1", "results": [{"result": [region], "score": 0.9}]}).encode()


async def serve(protocol: str) -> None:
    """Answer every request with the disc after the delay; print the port."""
    body = answered(protocol)
    reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    slots = asyncio.Semaphore(16)
    server = await asyncio.get_running_loop().create_server(lambda: Endpoint(reply, DELAY_MS / 1000, slots), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def model_server(protocol: str) -> Iterator[int]:
    """Start a model's server in a process of its own; yield its port."""
    command = [sys.executable, "-m", "benchmarks.assist_endpoint", "--serve", protocol]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


def ground(folder: Path, ports: dict[str, int]) -> dict[str, Any]:
    """Write a campaign with a picture and a model of each protocol; return ids and a token."""
    from campaigns.models import Campaign, Image, Membership, Role, Task, User
    from campaigns.services.accounts import create_token
    from models_registry.models import CampaignModel, RegisteredModel

    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).normal(90, 12, (HEIGHT, WIDTH, 3)).clip(0, 255).astype(np.uint8)
    Picture.fromarray(pixels).save(buffer, "JPEG", quality=90)
    digest = sha256(buffer.getvalue()).hexdigest()
    path = folder / "images" / digest[:2] / f"{digest}.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(buffer.getvalue())
    user = User.objects.create(username="ada", password="!")
    campaign = Campaign.objects.create(name="Speed", task=Task.SEGMENTATION, created_by=user)
    Membership.objects.create(campaign=campaign, user=user, role=Role.OWNER)
    image = Image.objects.create(
        campaign=campaign, name="a.jpg", path=f"{digest[:2]}/{digest}.jpg", sha256=digest, size_bytes=len(buffer.getvalue()),
        format="JPEG", width=WIDTH, height=HEIGHT, bands=3, dtype="uint8",
    )  # fmt: skip
    models = {}
    for protocol, port in ports.items():
        fields = {"name": protocol, "protocol": protocol, "task": Task.SEGMENTATION, "url": f"http://127.0.0.1:{port}/predict"}
        model = RegisteredModel.objects.create(**fields, options={"extra": {"interactive": True}})
        CampaignModel.objects.create(campaign=campaign, model=model)
        models[protocol] = model.pk
    return {"image": image.pk, "models": models, "token": create_token(user=user, name="bench")[1], "bytes": len(buffer.getvalue())}


def bare(port: int, size: int) -> list[float]:
    """Send as many bytes to the model's server by a plain client over one connection; return the seconds of each."""
    connection, body, seconds = HTTPConnection("127.0.0.1", port, timeout=60), bytes(size), []
    for _ in range(WARM + CLICKS):
        begun = time.perf_counter()
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        seconds.append(time.perf_counter() - begun)
    connection.close()
    return seconds[WARM:]


def clicks(client: Client, image: int, model: int) -> list[float]:
    """Click on the disc again and again; return the seconds of each."""
    seconds = []
    for number in range(WARM + CLICKS):
        body = {"tool": "model", "model": model, "prompts": {"points": [{"x": 380 + number % 40, "y": 300}]}}
        status, content, took = client.call("POST", f"/images/{image}/assist", json.dumps(body).encode())
        assert status == 200, content
        assert json.loads(content)["shape"]["bbox"] == [281.0, 181.0, 239.0, 239.0], "another thing was found"
        seconds.append(took)
    return seconds[WARM:]


def main() -> None:
    """Measure clicks and bare requests in turns, protocol after protocol."""
    import os

    os.environ.update(WINNOW_MODEL_NETWORKS="127.0.0.0/8", WINNOW_PUBLIC_URL="http://127.0.0.1:9")
    with data_folder() as folder, ExitStack() as stack:
        ports = {protocol: stack.enter_context(model_server(protocol)) for protocol in PROTOCOLS}
        ids = ground(folder, ports)
        client = Client(stack.enter_context(web_server()), ids["token"])
        ours, peer = {}, {}
        for protocol, port in ports.items():
            # Label Studio's servers fetch the image themselves; the others get it with each click, in base64 where it is JSON.
            size = {"label_studio": 2000, "scaneo": ids["bytes"]}.get(protocol, ids["bytes"] * 4 // 3)
            peer[protocol] = bare(port, size)
            ours[protocol] = clicks(client, ids["image"], ids["models"][protocol])
    overhead = {protocol: 1000 * (percentile(ours[protocol], 0.5) - percentile(peer[protocol], 0.5)) for protocol in PROTOCOLS}
    report(
        "assist-endpoint",
        ours={
            "overhead_p50_ms": {name: round(value, 2) for name, value in overhead.items()},
            **{n: milliseconds(s) for n, s in ours.items()},
        },
        peer={name: milliseconds(seconds) for name, seconds in peer.items()},
        ratio=statistics.mean(percentile(peer[name], 0.5) / percentile(ours[name], 0.5) for name in PROTOCOLS),
        goal=f"p50 of a click at most {GOAL_MS:.0f} ms above the same bytes by a plain client, for each protocol",
        holds=max(overhead.values()) <= GOAL_MS,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", choices=PROTOCOLS)
    chosen = parser.parse_args()
    if chosen.serve:
        asyncio.run(serve(chosen.serve))
    else:
        main()
