"""Read a reply: what is kept of it, or why it is refused. Also run as a process of its own, see ``inference.aside``.

Imports little, so that the process is there quickly: nothing of HTTP, nothing of Django.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import IO

import orjson

from campaigns.encoding import DraftText
from inference.answers import Answer, digest
from inference.prefill import DraftRules
from inference.protocols import PROTOCOLS
from inference.schema import PredictionRejected
from inference.steps import run_thing_steps
from inference.wire import ModelCard, ModelInput, WireReply

Question = tuple[WireReply, ModelInput]
Refusal = tuple[str, str, str]  # code, place, reason
Outcome = Answer | Refusal
LOST: Refusal = ("unreadable_answer", "", "Reading the answer ended the process that read it: it may take more memory than there is.")


def read_one(protocol: str, card: ModelCard, rules: DraftRules | None, question: Question) -> Outcome:
    """Return what is kept of a reply, its document and its drafts as JSON text, or why it is refused."""
    reply, image = question
    try:
        answer = digest(run_thing_steps(PROTOCOLS[protocol].parse(reply, image, card), card.options), rules)
        drafts = DraftText.of(answer.drafts) if isinstance(answer.drafts, list) else None
        return replace(answer, document=orjson.dumps(answer.document), drafts=drafts)
    except PredictionRejected as error:
        return "rejected", error.where, str(error)
    except MemoryError:
        return LOST
    except Exception as error:  # a mistake of ours that this answer brings to light: it costs this image, and is told
        return "internal_error", "", f"Reading the answer failed with {type(error).__name__}: {error}"


def main() -> None:
    """Answer what comes on standard input until it closes."""
    serve(sys.stdin.buffer, sys.stdout.buffer)


def serve_copy(questions: int, answers: int, theirs: Sequence[int]) -> None:
    """Answer over pipes in a copy of another process, whose own ends of them are ``theirs``."""
    for each in theirs:
        os.close(each)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(EOFError, BrokenPipeError), os.fdopen(questions, "rb") as here, os.fdopen(answers, "wb") as there:
        serve(here, there)


def serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer questions until they end. Documents hold no cycles, so the collector that looks for some may rest."""
    gc.disable()
    protocol, card, rules = pickle.load(questions)
    _say(answers, "ready")
    while True:
        try:
            batch = pickle.load(questions)
        except (EOFError, KeyboardInterrupt):
            return
        _say(answers, [read_one(protocol, card, rules, question) for question in batch])


def _say(answers: IO[bytes], message: object) -> None:
    pickle.dump(message, answers, protocol=pickle.HIGHEST_PROTOCOL)
    answers.flush()
