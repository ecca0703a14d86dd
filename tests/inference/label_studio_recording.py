"""Drive the real ``label-studio-ml`` server with our protocol, and keep what went over the wire, byte for byte.

    python -m venv /tmp/ls && /tmp/ls/bin/pip install label-studio-ml==1.0.9 rq redis pillow
    python -m tests.inference.label_studio_recording /tmp/ls/bin/python

The package pins Flask 1 and Jinja 3.0 and brings a module ``attr`` that is not the one other packages mean, so it cannot live in
the environment of the tests; ``test_label_studio_recording`` replays what is kept here.
"""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from inference.interactive.prompts import PromptPoint, Prompts
from inference.protocols.label_studio import LabelStudio
from inference.protocols.label_studio_annotations import Canvas, regions_of, webhook
from inference.wire import ModelCard, ModelClass, ModelInput, WireRequest
from tests.inference.wire import png

RECORDING = Path(__file__).with_name("recordings") / "label_studio_ml_1.0.9.json"
URL = "http://127.0.0.1:9090"
ADDRESS = "http://127.0.0.1:18765/api/v1/lent-images/token"
CARD = ModelCard(URL, "detection", (ModelClass(0, "bright & sunny"), ModelClass(1, "dark")), name="Bright", version="1")
IMAGE = ModelInput(b"", "", 40, 20, name="a.png", id=7, address=ADDRESS)
MARKS = Prompts(box=(4, 4, 24, 14), points=(PromptPoint(20, 10), PromptPoint(36, 2, positive=False)))
BOX = {"id": "a1", "label": 1, "shape": {"type": "box", "x": 4, "y": 4, "width": 12, "height": 8, "rotation": 0.0}}

MODEL = '''
import io, json, os, sys
from PIL import Image
from werkzeug.serving import make_server
from label_studio_ml.api import init_app
from label_studio_ml.model import LabelStudioMLBase

class Bright(LabelStudioMLBase):
    """A box in the brighter half of the picture; with a context, around its first positive point."""

    def predict(self, tasks, context=None, **kwargs):
        assert self.access_token == "", "a token was given away"
        name, tag = next((name, tag) for name, tag in self.parsed_label_config.items() if tag["type"] == "RectangleLabels")
        results = []
        for task in tasks:
            with open(self.get_local_path(task["data"]["image"], project_dir=os.environ["CACHE"]), "rb") as file:
                picture = Image.open(io.BytesIO(file.read())).convert("L")
            width, height = picture.size
            left, right = (sum(picture.crop((x, 0, x + width // 2, height)).getdata()) for x in (0, width // 2))
            x, y = (0.0 if left > right else 50.0), 0.0
            for mark in (context or {}).get("result", []):
                if mark["type"] == "keypointlabels" and mark["is_positive"]:
                    x, y = mark["value"]["x"] - 25, mark["value"]["y"] - 50
            value = {"x": x, "y": y, "width": 50, "height": 100, "rotation": 0, "rectanglelabels": [tag["labels"][0]]}
            frame = {"original_width": width, "original_height": height, "image_rotation": 0}
            results.append({"result": [{"id": "r1", "from_name": name, "to_name": tag["to_name"][0], "type": "rectanglelabels",
                                        **frame, "value": value}], "score": 0.75})
        return results

    def fit(self, tasks, workdir=None, **kwargs):
        return {}

server = make_server("127.0.0.1", 0, init_app(Bright, model_dir=os.environ["CACHE"]), threaded=True)
print(server.port, flush=True)
server.serve_forever()
'''


def picture() -> bytes:
    """Dark on the left, bright on the right."""
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, 20:] = 200
    return png(pixels)


def requests() -> dict[str, WireRequest]:
    """Return every question that is put to a backend, by name."""
    speaks = LabelStudio()
    health, greeting = speaks.health(CARD), speaks.greeting(CARD)
    assert health is not None
    assert greeting is not None
    result = regions_of([BOX], {1: "dark"}, Canvas(40, 20))
    return {
        "health": health,
        "setup": greeting,
        "predict": speaks.build_request(IMAGE, CARD),
        "interactive": speaks.build_prompt_request(IMAGE, CARD, MARKS),
        "webhook": webhook("ANNOTATION_CREATED", IMAGE, CARD, annotation=3, result=result),
    }


@contextmanager
def lending() -> Iterator[None]:
    """Lend the picture at its address, to whoever comes without a token."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert "authorization" not in {name.lower() for name in self.headers}
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(picture())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 18765), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def exchange(port: int, request: WireRequest) -> dict[str, Any]:
    """Send a request as it stands; return both sides of it."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    path = request.url.removeprefix(URL)
    connection.request(request.method, path, request.body, dict(request.headers))
    reply = connection.getresponse()
    return {
        "request": {"method": request.method, "path": path, "headers": dict(request.headers), "body": request.body.decode()},
        "reply": {"status": reply.status, "content_type": reply.headers["Content-Type"], "body": reply.read().decode()},
    }


def main(python: str) -> None:
    """Start the real server, ask everything once, and write it down."""
    with tempfile.TemporaryDirectory() as cache, lending():
        server = subprocess.Popen([python, "-c", MODEL], stdout=subprocess.PIPE, text=True, env={"CACHE": cache, "PATH": "/usr/bin:/bin"})
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline())
            found = {name: exchange(port, request) for name, request in requests().items()}
        finally:
            server.terminate()
            server.wait(10)
    RECORDING.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
