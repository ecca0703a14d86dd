"""The names of the protocols that models may speak.

The modules that speak them stand on a higher floor (``inference.protocols``), which registers their names here when
the application starts; so the registry can refuse an unknown name without importing upwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from models_registry.options import ModelOptions

LOCAL = "local"
"""The protocol of models of our own, which answer in the worker's process."""
ONNX = "onnx"
"""The protocol of networks in ONNX files that were uploaded; they answer in the worker's process too."""
PROMPTABLE = "promptable"
"""The protocol of segmenters that answer a person's clicks, in the process beside the web server."""
ENSEMBLE = "ensemble"
"""The protocol of ensembles, which answer by what their members say."""


@dataclass(frozen=True)
class ProtocolName:
    """A protocol that external models may be registered with.

    ``check_options(options, task)`` raises ``OptionsRejected`` for settings that the protocol cannot use. ``image_form(options,
    task)``: how images travel: encoded, geotiff or address. ``external``: False for one that only models here speak.
    ``has_address``: False for one whose models come and ask for work.
    """

    name: str
    title: str
    tasks: frozenset[str]
    check_options: Callable[[ModelOptions, str], None] = lambda options, task: None
    image_form: Callable[[ModelOptions, str], str] = lambda options, task: "encoded"
    external: bool = True
    has_address: bool = True


_KNOWN: dict[str, ProtocolName] = {}


def register_protocols(protocols: Iterable[ProtocolName]) -> None:
    """Make protocols known; a second time changes nothing."""
    _KNOWN.update({protocol.name: protocol for protocol in protocols})


def known_protocols() -> dict[str, ProtocolName]:
    """Return the protocols by name."""
    return dict(_KNOWN)
