"""The real agent, without a browser: it fetches work from a running Winnow, whose workers and pages wait for its answers."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.bench import make_campaign, photo
from tests.e2e.stack import Api, Stack, wait_for

ROOT = Path(__file__).resolve().parents[2]
FUNCTION = """
import os
def predict(image, request):
    if request["image"]["name"] == "deadly.jpg":
        os._exit(3)
    if request["image"]["name"] == "wrong.jpg":
        raise ValueError("/secret/path")
    assert image.size == (request["image"]["width"], request["image"]["height"])
    return [{"kind": "classification", "scores": {"water": 0.9, "land": 0.1}}]
"""


@contextmanager
def running_agent(stack: Stack, model: int, folder: Path) -> Iterator[Path]:
    """An agent beside the test; yields its log. It must end cleanly when it is told to."""
    (folder / "function.py").write_text(FUNCTION)
    (folder / "token").write_text(stack.token)
    command = [sys.executable, "-m", "winnow_agent", "--url", stack.url, "--model", str(model), "--wait-s", "2"]
    command += ["--token-file", str(folder / "token"), "--function", str(folder / "function.py")]
    log = folder / "agent.log"
    with log.open("w") as file:
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT / "agent" / "src")}, stderr=file)
        try:
            wait_for(lambda: "Answering for" in log.read_text() or process.poll() is not None, 60, log.read_text)
            yield log
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    assert process.returncode == 0, log.read_text()


@pytest.mark.slow
def test_an_agent_answers_a_run_and_a_person_and_survives_its_functions_crash(shared_stack: Stack, shared_api: Api, tmp_path: Path) -> None:
    api = shared_api
    names = [*(f"{number}.jpg" for number in range(8)), "deadly.jpg", "wrong.jpg"]
    campaign = make_campaign(
        api, "classification", [(name, "image/jpeg", photo(64, 48, column=2500 + 9 * n)) for n, name in enumerate(names)]
    )
    fields = {"name": "Behind a wall", "task": "classification", "protocol": "agent", "classes": [{"name": "water"}, {"name": "land"}]}
    model = api.post("/models", fields)
    api.post(f"/campaigns/{campaign['id']}/models", {"model": model["id"]})
    fresh, *others = campaign["images"]
    while fresh["name"] in ("deadly.jpg", "wrong.jpg"):
        fresh, *others = [*others, fresh]
    run = api.post(f"/campaigns/{campaign['id']}/inference-runs", {"model": model["id"], "images": [each["id"] for each in others]})
    wait_for(lambda: "No agent" in api.get(f"/runs/{run['id']}")["message"], 60, lambda: str(api.get(f"/runs/{run['id']}")))
    with running_agent(shared_stack, model["id"], tmp_path) as log:
        done = api.finished(run)
        (told,) = api.post(f"/images/{fresh['id']}/predict", {"model": model["id"]})
        served = api.post(
            f"/campaigns/{campaign['id']}/models/{model['id']}/predict", files={"image": ("x.jpg", photo(50, 40), "image/jpeg")}
        )
        health = api.post(f"/models/{model['id']}/health")
        tested = api.post(f"/models/{model['id']}/test", {})
    assert (done["progress"]["done"], done["progress"]["failed"]) == (7, 2), log.read_text()
    reasons = {each["reason"] for each in api.get(f"/runs/{run['id']}/items?state=failed")["results"]}
    assert reasons == {
        "The agent could not answer: The function ended its process (exit code 3).",
        "The agent could not answer: The function failed with ValueError. The agent's log has more.",
    }
    assert "/secret/path" in log.read_text()
    assert (told["fresh"], told["prediction"]["items"][0]["kind"]) == (True, "classification")
    assert "Water" in str(served)
    assert (health["state"], tested["ok"]) == ("up", True)
