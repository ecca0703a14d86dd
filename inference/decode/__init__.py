"""Untrusted bytes to the schema, or ``PredictionRejected`` with the exact place.

    nodes        JSON whose every value knows where it stands
    classes      names and numbers of classes, against those the model publishes
    scores       probabilities, percent and logits to confidences
    coordinates  pixels, shares, percent and CRS to pixels of the image as stored; clipping
    rasters      PNG, TIFF and base64 to class maps
    items        the items of Winnow's own contract
    paths        the way to a value in any other JSON
    matrices     nested lists of numbers to class maps

Protocols (``inference.protocols``) put these together.
"""

from inference.decode.classes import Classes
from inference.decode.nodes import Node, parse_json
from inference.schema import PredictionRejected

__all__ = ["Classes", "Node", "PredictionRejected", "parse_json"]
