"""An image as one endpoint receives it: its bytes, or the address at which its server fetches it."""

from __future__ import annotations

from dataclasses import replace

from campaigns.lending import Loan, base_address, lent_path
from inference.calling import Endpoint
from inference.inputs import StoredImage, model_input
from inference.protocols.base import ImageForm
from inference.tiling import WindowPx
from inference.wire import ModelInput


def check_reachable(endpoint: Endpoint) -> None:
    """Raise Conflict when the endpoint fetches images by their address, and nobody has said where it reaches us."""
    if endpoint.image_form == "address" and not endpoint.protocol.pulled:
        base_address(endpoint.card.url)


def sent_image(image: StoredImage, endpoint: Endpoint, form: ImageForm | None = None, window: WindowPx | None = None) -> ModelInput:
    """Return an image, or a window of it, as ``form`` says, the endpoint's own by default.

    Raises ``campaigns.imagery.Refused`` or OSError when the file is damaged or gone, Conflict as ``check_reachable`` does.
    """
    form = form or endpoint.image_form
    sent = model_input(image, form=form, options=endpoint.card.options, window=window)
    return replace(sent, address=_address(image.id, endpoint, window)) if form == "address" else sent


def renewed(sent: ModelInput, endpoint: Endpoint) -> ModelInput:
    """Return the same with an address that is good from now on: what waited long for its turn has one that is too old."""
    if not sent.address or sent.id is None:
        return sent
    return replace(sent, address=_address(sent.id, endpoint, sent.window))


def _address(image: int, endpoint: Endpoint, window: WindowPx | None) -> str:
    options = endpoint.card.options
    return base_address(endpoint.card.url) + lent_path(Loan(image, options.image_format, options.bands, options.max_side, window))
