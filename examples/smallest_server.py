"""The smallest model server says whether a picture is bright or dark: python examples/smallest_server.py."""

import base64
import io
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

from PIL import Image, ImageStat


class Handler(BaseHTTPRequestHandler):
    """Answer every POST."""

    def do_POST(self) -> None:
        """Measure the picture and answer."""
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        picture = Image.open(io.BytesIO(base64.b64decode(question["image"]["b64"])))
        bright = ImageStat.Stat(picture.convert("L")).mean[0] / 255
        scores = {"bright": bright, "dark": 1 - bright}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"items": [{"kind": "classification", "scores": scores}]}).encode())


HTTPServer(("127.0.0.1", 9102), Handler).serve_forever()
