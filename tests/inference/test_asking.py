"""One image, one answer, for somebody who waits; slow models take few of the web server's threads."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from inference.calling import CallFailed, Endpoint
from inference.inputs import StoredImage
from inference.protocols import PROTOCOLS
from inference.services import asking
from inference.services.asking import ask_once, impatient
from inference.wire import ModelCard
from models_registry.options import ModelOptions
from tests.conftest import png_bytes
from tests.inference.endpoint import Endpoint as Server
from tests.inference.endpoint import items

SURE = {"kind": "classification", "scores": {"land": 0.2, "water": 0.8}}


@pytest.fixture
def image(tmp_path: Path) -> StoredImage:
    path = tmp_path / "a.png"
    path.write_bytes(png_bytes(8, 6))
    return StoredImage(1, "a.png", path, "PNG", 8, 6, 3, "uint8", "", None, path.stat().st_size)


def endpoint_at(url: str) -> Endpoint:
    card = ModelCard(url, "classification", options=ModelOptions(retries=3, timeout_s=60.0))
    return impatient(Endpoint(PROTOCOLS["winnow_json"], card), 5.0)


def test_a_person_is_answered_after_one_try_or_not_at_all() -> None:
    options = endpoint_at("http://127.0.0.1:1/").card.options
    assert (options.retries, options.timeout_s) == (0, 5.0)
    assert impatient(replace(endpoint_at("http://127.0.0.1:1/")), 60.0).card.options.timeout_s == 5.0


def test_no_more_than_two_wait_for_models_at_once_and_the_others_are_told(image: StoredImage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "WAIT_S", 0.05)
    go = threading.Event()
    outcomes: list[str] = []

    def respond(body: bytes) -> object:
        go.wait(10)
        return items(SURE)

    with Server(respond) as server:  # type: ignore[arg-type]

        def ask() -> None:
            try:
                ask_once(endpoint_at(server.url), image, 5.0)
                outcomes.append("answered")
            except CallFailed as error:
                outcomes.append(error.code)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        threads[0].join(0.5)
        go.set()
        for thread in threads:
            thread.join()
        assert outcomes.count("busy") == 2
        assert server.most_at_once == 2
        ask()
    assert outcomes.count("answered") == 3
