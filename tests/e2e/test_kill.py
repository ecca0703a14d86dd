"""kill -9 in the middle of work: what was acknowledged is there, and what was begun is finished."""

import threading
from typing import Any

import httpx
import pytest

from campaigns.processes import descendants
from tests.conftest import png_bytes
from tests.e2e.stack import Api, Stack, alive, command_line, model_server, wait_for

SAVES = 200
PEOPLE = 4


def campaign_with_images(api: Api, count: int, task: str = "detection") -> tuple[dict[str, Any], list[int]]:
    """Make a campaign and upload pictures of noise; return it and the images' ids."""
    campaign = api.post("/campaigns", {"name": "Killed", "task": task, "labels": [{"name": "bright"}, {"name": "buoy"}]})
    files = [("files", (f"{n:03}.png", png_bytes(96, 64, seed=n), "image/png")) for n in range(count)]
    answer = api.post(f"/campaigns/{campaign['id']}/images", files=files)
    assert answer["created"] == count, answer
    return campaign, [image["id"] for image in api.every(f"/campaigns/{campaign['id']}/images")]


def box(name: str, label: int) -> dict[str, Any]:
    """Make one box."""
    shape = {"type": "box", "x": 5.0, "y": 6.0, "width": 20.0, "height": 10.0, "rotation": 0}
    return {
        "id": name,
        "label": label,
        "shape": shape,
        "origin": "human",
        "review": "accepted",
        "confidence": None,
        "model": None,
        "attributes": {},
    }


class Saver(threading.Thread):
    """One person's script: adds boxes to one image, and after a broken connection reads the document and goes on."""

    def __init__(self, stack: Stack, token: str, image: int, label: int, count: int) -> None:
        super().__init__(daemon=True)
        self.stack, self.token, self.image, self.label, self.count = stack, token, image, label, count
        self.acknowledged: list[str] = []
        self.broken = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Save until ``count`` saves are acknowledged."""
        version: int | None = None
        try:
            while len(self.acknowledged) < self.count:
                try:
                    version = self.save(Api(self.stack.url, self.token), version)
                except httpx.TransportError:
                    self.broken, version = self.broken + 1, None
                    threading.Event().wait(0.1)
        except BaseException as failure:
            self.failure = failure

    def save(self, api: Api, version: int | None) -> int:
        """Add one box; return the new version."""
        with api.http:
            path = f"/images/{self.image}/annotation-set"
            name = f"{self.image}-{len(self.acknowledged)}"
            while True:
                if version is None:
                    version = api.get(path)["version"]
                response = api.http.patch(path, json={"upsert": [box(name, self.label)]}, headers={"If-Match": f'"{version}"'})
                if response.status_code == 412:  # the save before the crash had arrived, its answer had not
                    version = None
                    continue
                assert response.status_code == 200, response.text
                self.acknowledged.append(name)
                return int(response.json()["version"])


@pytest.mark.slow
def test_no_acknowledged_save_is_lost_when_the_web_server_is_killed(stack: Stack, api: Api):
    campaign, images = campaign_with_images(api, PEOPLE)
    savers = [Saver(stack, api.token, image, campaign["labels"][0]["id"], SAVES // PEOPLE) for image in images]
    for saver in savers:
        saver.start()

    def done() -> int:
        return sum(len(saver.acknowledged) for saver in savers)

    wait_for(lambda: done() >= SAVES // 4, 60, lambda: f"only {done()} saves: {[s.failure for s in savers]}", every=0.005)
    assert stack.kill_part("gunicorn"), "there was nothing to kill"
    wait_for(
        lambda: done() >= SAVES // 2, 60, lambda: f"only {done()} saves after the first kill: {[s.failure for s in savers]}", every=0.005
    )
    stack.kill()
    stack.start()
    for saver in savers:
        saver.join(timeout=120)
    assert [saver.failure for saver in savers] == [None] * PEOPLE
    assert done() == SAVES
    assert sum(saver.broken for saver in savers) > 0, "nobody noticed the kills, so they came too late"
    for saver in savers:
        stored = {annotation["id"] for annotation in api.get(f"/images/{saver.image}/annotation-set")["annotations"]}
        assert stored >= set(saver.acknowledged)


@pytest.mark.slow
def test_a_run_goes_on_after_its_worker_and_then_the_whole_server_were_killed(stack: Stack, api: Api):
    campaign, images = campaign_with_images(api, 60)
    with model_server(delay_ms=150) as url:
        model = register(api, "detection", f"{url}/detect")
        api.post(f"/campaigns/{campaign['id']}/models", {"model": model["id"]})
        run = api.post(f"/campaigns/{campaign['id']}/inference-runs", {"model": model["id"], "images": "all", "prefill": True})
        run_id = run["id"]

        def progress() -> int:
            return int(api.get(f"/runs/{run_id}")["progress"]["done"])

        wait_for(lambda: progress() >= 5, 60, lambda: f"it does not begin: {api.get(f'/runs/{run_id}')}")
        assert stack.kill_part("qcluster"), "there was no worker to kill"
        before = progress()
        wait_for(lambda: progress() > before, 150, lambda: f"it does not go on: {api.get(f'/runs/{run_id}')}\n{stack.tail()}", every=0.2)
        stack.kill()
        stack.start()
        ended = api.finished(run_id, seconds=240)
    assert ended["progress"]["done"] == len(images)
    assert ended["attempts"] >= 2
    assert all(len(api.get(f"/images/{image}/predictions")) == 1 for image in images), "an image was asked about twice"


def register(api: Api, task: str, url: str) -> dict[str, Any]:
    """Register an example server."""
    classes = [{"index": 0, "name": "bright"}]
    return dict(api.post("/models", {"name": "Example", "task": task, "protocol": "winnow_json", "url": url, "classes": classes}))


def test_a_stop_leaves_no_process_behind(stack: Stack):
    assert stack.process is not None
    supervisor = stack.process.pid
    wait_for(lambda: sum("qcluster" in command_line(pid) for pid in descendants(supervisor)) >= 8, 60, stack.tail)
    below = descendants(supervisor)
    assert stack.stop() == 0
    assert not [pid for pid in below if alive(pid)]
