"""Ask an endpoint about one image for somebody who waits: whole, or in windows where the model's options say so."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Final

from campaigns.imagery import Refused
from inference.calling import Answer, CallFailed, Endpoint, ask, greet, limits_of
from inference.endpoints import egress_policy
from inference.inputs import StoredImage, model_input
from inference.interactive.process import Desk
from inference.joining import windows_for
from inference.sending import sent_image
from inference.services.agent_asker import ask_agent, ask_agent_about
from inference.tiling import WindowPx
from inference.windowed import Joined, ask_in_windows
from inference.wire import ModelInput
from models_registry.egress import EgressClient

WAIT_S: Final = 2.0
DESK: Final = Desk(at_once=2, most_waiting=2)
"""A person waits, and a thread of the web server with them: slow models must not take all of the threads."""


async def greeted(endpoint: Endpoint) -> Endpoint:
    """Greet a server as its protocol wants it, and return the endpoint that is to be asked; raise ``CallFailed``."""
    async with EgressClient(egress_policy(), limits_of(endpoint.card.options), connections=1) as client:
        return await greet(client, endpoint)


async def ask_input(endpoint: Endpoint, sent: ModelInput) -> Answer:
    """Ask a greeted endpoint about one image as it is sent; raise ``CallFailed``."""
    async with EgressClient(egress_policy(), limits_of(endpoint.card.options), connections=1) as client:
        return await ask(client, endpoint, sent)


async def ask_image(endpoint: Endpoint, image: StoredImage, *, within_s: float) -> Answer | Joined:
    """Ask a greeted endpoint about an image, all of its windows within ``within_s``; raise ``CallFailed``, ``Refused`` or OSError."""
    options = endpoint.card.options
    windows = windows_for(image, options)
    if not windows:
        return await ask_input(endpoint, await asyncio.to_thread(sent_image, image, endpoint))
    async with EgressClient(egress_policy(), limits_of(options), connections=options.concurrency) as client:

        async def ask_window(window: WindowPx) -> Answer:
            return await ask(client, endpoint, await asyncio.to_thread(sent_image, image, endpoint, None, window))

        try:
            async with asyncio.timeout(within_s):
                return await ask_in_windows(image, windows, ask_window, options=options, at_once=options.concurrency)
        except TimeoutError:
            why = f"{image.name} has {len(windows)} windows, not all of which were answered within {within_s:.0f} s. Start a run."
            raise CallFailed("timeout", why) from None


def impatient(endpoint: Endpoint, within_s: float) -> Endpoint:
    """Return the endpoint with one try and a deadline (s): a person waits."""
    options = endpoint.card.options
    quick = replace(options, retries=0, timeout_s=min(options.timeout_s, within_s))
    return replace(endpoint, card=replace(endpoint.card, options=quick))


def ask_once(endpoint: Endpoint, image: StoredImage, within_s: float) -> Answer | Joined:
    """Greet and ask, from code that is not asynchronous; raises ``CallFailed``, also when too many people wait already."""

    async def ask() -> Answer | Joined:
        return await ask_image(await greeted(endpoint), image, within_s=within_s)

    try:
        DESK.admit("", time.monotonic() + WAIT_S)
    except Refused as busy:
        raise CallFailed("busy", "Many people wait for models at this moment. Ask again shortly.") from busy
    with DESK:
        if endpoint.protocol.pulled:
            if image.id:
                return ask_agent_about(endpoint, image, within_s=within_s)
            return ask_agent(endpoint, model_input(image, form="encoded", options=endpoint.card.options), within_s=within_s)
        return asyncio.run(ask())
