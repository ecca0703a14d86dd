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
    if endpoint.image_form == "address":
        base_address(endpoint.card.url)


def sent_image(image: StoredImage, endpoint: Endpoint, form: ImageForm | None = None, window: WindowPx | None = None) -> ModelInput:
    """Return an image, or a window of it, as ``form`` says, the endpoint's own by default.

    Raises ``campaigns.imagery.Refused`` or OSError when the file is damaged or gone, Conflict as ``check_reachable`` does.
    """
    card, form = endpoint.card, form or endpoint.image_form
    sent = model_input(image, form=form, options=card.options, window=window)
    if form != "address":
        return sent
    options = card.options
    loan = Loan(image.id, options.image_format, options.bands, options.max_side)
    return replace(sent, address=base_address(card.url) + lent_path(loan))
