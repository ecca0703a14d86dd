"""Answer the predict API over HTTP for a model that was taken along: Python's own server, no framework."""

from __future__ import annotations

import argparse
import hmac
import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from email.parser import BytesParser
from email.policy import HTTP
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from campaigns.errors import DomainError, InvalidInput, NotFound, TooLarge
from inference.offline.engine import OfflineModel
from inference.serving.questions import (
    LARGEST_PICTURE_BYTES,
    Served,
    Wanted,
    checked_picture,
    decoded,
    no_picture,
    predicted_document,
    read_wanted,
)  # fmt: skip
from inference.serving.things import as_sentisight

PORT: Final = 8100
MOST_BODY_BYTES: Final = 2 * LARGEST_PICTURE_BYTES
WITHIN_S: Final = 20.0
_OURS = re.compile(r"/api/v1/campaigns/([0-9]+)/models/([^/]+)/predict/?")
_SENTISIGHT = re.compile(r"/api/predict/([0-9]+)/([^/]+)(/last)?/?")


class Handler(BaseHTTPRequestHandler):
    """One connection. ``token``: what callers must say, or "" for nothing; ``urls``: whether pictures are fetched for them."""

    protocol_version = "HTTP/1.1"
    timeout = 60

    def __init__(self, model: OfflineModel, token: str, urls: bool, *args: Any) -> None:
        self._model = model
        self._token = token
        self._urls = urls
        super().__init__(*args)

    def do_GET(self) -> None:
        """Say that the server lives, and with which model."""
        here = self._model.manifest
        if urlsplit(self.path).path != "/healthz":
            self._complain(NotFound("There is nothing here. Send pictures with POST; GET answers at /healthz."))
            return
        self._say(200, {"status": "ok", "campaign": here.campaign_id, "model": here.model.id, "checkpoint": here.model.role})

    def do_POST(self) -> None:
        """Answer about the picture in the request."""
        body = self._body()
        if body is None:
            return
        if not self._knows_token():
            self._problem(401, "Not signed in", "Send the token as X-Auth-token, or as Authorization: Bearer.", "not_authenticated")
            return
        try:
            self._say(200, self._answer(body))
        except DomainError as error:
            self._complain(error)
        except Exception as error:  # one question must not end the server; the log says what it was
            self.log_error("%s: %s", type(error).__name__, error)
            self._problem(500, "Internal error", "The server's log has the details.", "internal_error")

    def _answer(self, body: bytes) -> Any:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        ours, theirs = _OURS.fullmatch(parts.path), _SENTISIGHT.fullmatch(parts.path)
        if ours:
            self._model.check_address(ours[1], unquote(ours[2]), query.get("checkpoint", ""))
            served, name = self._served(body, read_wanted(query), query)
            return predicted_document(served, name)
        if theirs:
            self._model.check_address(theirs[1], unquote(theirs[2]), "last" if theirs[3] else "")
            return as_sentisight(self._served(body, read_wanted(query, "last" if theirs[3] else "best"), query)[0].said)
        raise NotFound("There is nothing here. Send pictures to /api/predict/CAMPAIGN/MODEL.")

    def _served(self, body: bytes, wanted: Wanted, query: dict[str, str]) -> tuple[Served, str]:
        content, name = self._picture(body, query)
        return self._model.predict(checked_picture(content), name, wanted), name

    def _picture(self, body: bytes, query: dict[str, str]) -> tuple[bytes, str]:
        kind = self.headers.get_content_type() if "Content-Type" in self.headers else ""
        if kind == "multipart/form-data":
            return _form_picture(self.headers["Content-Type"], body)
        if kind != "application/json":
            return body, query.get("name", "picture")[:300]
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise DomainError("The body is not JSON.", code="parse_error") from error
        if isinstance(document, dict) and isinstance(document.get("url"), str):
            return self._fetched(document["url"]), document["url"].rpartition("/")[2][:300] or "picture"
        if isinstance(document, dict) and isinstance(document.get("base64"), str):
            return decoded(document["base64"]), "picture"
        raise no_picture()

    def _fetched(self, url: str) -> bytes:
        if not self._urls:
            raise InvalidInput("This server fetches nothing. Start it with --allow-urls, or send the picture itself.", code="urls_are_off")
        if urlsplit(url).scheme not in ("http", "https"):
            raise InvalidInput("The address of a picture begins with http or https.", code="refused_address")
        try:
            with urllib.request.urlopen(url, timeout=WITHIN_S) as answer:
                content: bytes = answer.read(LARGEST_PICTURE_BYTES + 1)
        except (OSError, ValueError) as error:
            raise InvalidInput(f"The picture could not be fetched: {error}", code="unreachable") from error
        return content

    def _body(self) -> bytes | None:
        """Read the body; None when it was refused, and the connection ends then."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self.close_connection = True
            self._problem(411, "Length required", "Send the body with its Content-Length.", "length_required")
            return None
        if int(length) > MOST_BODY_BYTES:
            self.close_connection = True
            self._complain(TooLarge(f"A picture has at most {LARGEST_PICTURE_BYTES // 2**20} MiB."))
            return None
        return self.rfile.read(int(length))

    def _knows_token(self) -> bool:
        if not self._token:
            return True
        scheme, _, bearer = self.headers.get("Authorization", "").partition(" ")
        said = self.headers.get("X-Auth-token") or (bearer.strip() if scheme.lower() == "bearer" else "")
        return hmac.compare_digest(said.encode(), self._token.encode())

    def _complain(self, error: DomainError) -> None:
        self._problem(error.status, error.title, error.detail, error.code, error.errors)

    def _problem(self, status: int, title: str, detail: str, code: str, errors: Sequence[Any] = ()) -> None:
        document: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
        self._say(status, {**document, "errors": list(errors)} if errors else document, "application/problem+json")

    def _say(self, status: int, document: Any, kind: str = "application/json") -> None:
        content = json.dumps(document, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _form_picture(content_type: str, body: bytes) -> tuple[bytes, str]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + body)
    for part in form.iter_parts() if form.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "image":
            content = part.get_payload(decode=True)
            return (content if isinstance(content, bytes) else b""), (part.get_filename() or "picture")[:300]
    raise no_picture()


def main(folder: Path) -> None:
    """Load the model of a folder and answer until the process is ended."""
    parser = argparse.ArgumentParser(description="Answer Winnow's predict API with the model in this folder.")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 lets other machines ask (default: this one alone)")
    parser.add_argument("--port", type=int, default=PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--token", default=os.environ.get("WINNOW_TOKEN", ""), help="what callers must send; WINNOW_TOKEN says it too")
    parser.add_argument("--allow-urls", action="store_true", help='fetch pictures that are sent as {"url": …}')
    parser.add_argument("--threads", type=int, default=0, help="of the network; 0 lets the runtime choose")
    given = parser.parse_args()
    try:
        model = OfflineModel.load(folder, threads=given.threads)
    except (DomainError, OSError, ValueError, KeyError) as error:
        raise SystemExit(f"The model cannot be loaded: {error}") from error
    server = ThreadingHTTPServer((given.host, given.port), partial(Handler, model, given.token, given.allow_urls))
    here = model.manifest
    sys.stdout.write(f"Answering at http://{given.host}:{server.server_address[1]}/api/predict/{here.campaign_id}/{here.model.id}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
