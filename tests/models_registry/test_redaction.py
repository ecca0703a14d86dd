"""No secret in a log line, whatever wrote it."""

import io
import logging
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.conf import settings as django_settings
from hypothesis import given
from hypothesis import strategies as st

from campaigns.models import User
from models_registry import redaction
from models_registry.credentials import credential_headers
from models_registry.models import RegisteredModel
from models_registry.redaction import RedactingFormatter, redacted

SECRET = "hf_0pen5esame-0pen5esame"


@pytest.fixture(autouse=True)
def nothing_is_known_yet() -> None:
    """Take each test's pattern for what it is: no secret that another test used."""
    redaction._known.clear()


@pytest.mark.parametrize(
    "line",
    [
        f"Authorization: Bearer {SECRET}",
        f"{{'Authorization': 'Bearer {SECRET}', 'Accept': '*/*'}}",
        f'{{"x-api-key": "{SECRET}"}}',
        f"https://models.example.org/ask?api_key={SECRET}&a=1",
        f"https://ada:{SECRET}@models.example.org/",
        f"headers=[(b'authorization', b'Bearer {SECRET}')]",
        f"headers=[(b'x-api-key', b'{SECRET}')]",
        f"password={SECRET}",
        f"token: {SECRET}",
    ],
)
def test_what_looks_like_a_secret_is_blotted(line: str):
    assert SECRET not in redacted(line)
    assert "[secret]" in redacted(line)


@pytest.mark.parametrize(
    "line", ["142 images answered, 3 failed", "GET /predict answered 401 in 12 ms", "The model wants a secret, or another one."]
)
def test_an_ordinary_line_stays_as_it_is(line: str):
    assert redacted(line) == line


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=60), st.text(max_size=30), st.text(max_size=30))
def test_a_secret_in_use_is_blotted_wherever_it_stands(secret: str, before: str, after: str):
    redaction.remember(secret)
    assert secret not in redacted(f"{before}{secret}{after}").replace(redaction.BLOT, "")


def test_a_short_one_is_not_remembered():
    redaction.remember("abc")
    assert redacted("abcdef") == "abcdef"


def test_a_used_secret_stands_in_no_line_and_in_no_traceback(manager: User, campaign: object, make_model: Callable[..., RegisteredModel]):
    model = make_model(manager, secret=SECRET, auth_header="X-Model-Key")
    headers = credential_headers(model)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("{message}", style="{"))
    logger = logging.Logger("a library that logs what it sends")
    logger.addHandler(handler)
    try:
        raise RuntimeError(f"could not send {headers}")
    except RuntimeError:
        logger.exception("sent %s", headers)
    text = stream.getvalue()
    assert "RuntimeError" in text
    assert SECRET not in text


def test_the_deployment_logs_through_it():
    code = f"import django; django.setup(); import logging; logging.getLogger('x').error('Authorization: Bearer %s', {SECRET!r})"
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "WINNOW_DATA_DIR": str(django_settings.DATA_DIR), "PATH": "/usr/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=django_settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True
    )
    assert "[secret]" in done.stderr
    assert SECRET not in done.stdout + done.stderr
