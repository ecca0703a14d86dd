"""SCANEO's interactive form: marks in a multipart form with a picture of 8 bits, a GeoJSON Feature in degrees out.

SCANEO itself sends points that are on the thing and nothing else, and its servers take every point for such a one
(https://github.com/earthpulse/sam2fastapi). So the points that are off it, and a box, travel in fields of their own.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import orjson

from campaigns.geometry.transforms import BEYOND_PROJECTION, Georeference
from inference.decode import Node
from inference.decode.coordinates import Frame, polygons_from
from inference.decode.items import Reader
from inference.interactive.prompts import Prompts
from inference.protocols.base import MARKED, ModelCard, ModelInput, WireRequest, multipart
from inference.schema import MAX_ITEMS, MAX_POINTS, Item, Polygon

UPRIGHT: Final = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
BEYOND: Final = "longitudes and latitudes where the image's projection reaches"
Place = list[list[float]]


def marks_form(image: ModelInput, model: ModelCard, prompts: Prompts) -> WireRequest:
    """Return the form: points as [[column, row]…] of the picture sent, its CRS, and its transform in GDAL's order."""
    across, down = image.sent_size[0] / image.width, image.sent_size[1] / image.height
    dots = prompts.dots()
    on: Place = [[dot.x * across, dot.y * down] for dot in dots if dot.positive]
    off: Place = [[dot.x * across, dot.y * down] for dot in dots if not dot.positive]
    box = prompts.box and [prompts.box[0] * across, prompts.box[1] * down, prompts.box[2] * across, prompts.box[3] * down]
    if box and not on:
        on = [[(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]]
    a, b, c, d, e, f = image.transform or UPRIGHT
    fields: dict[str, Any] = {"points": on, "transform": [c, a / across, b / down, f, d / across, e / down]}
    fields |= {"negative_points": off} if off else {}
    fields |= {"box": box} if box else {}
    parts: dict[str, tuple[str | None, str | None, bytes]] = {name: (None, None, orjson.dumps(value)) for name, value in fields.items()}
    label = model.classes[0].name if model.classes else "object"
    parts |= {"label": (None, None, label.encode()), "crs": (None, None, (image.crs or "None").encode())}
    kind, body = multipart({**parts, "image": ("image.png", image.content_type or "image/png", image.content)})
    return WireRequest(model.url, {"Content-Type": kind, "Accept": "*/*"}, body)


def read_features(root: Node, reader: Reader) -> list[Item]:
    """Read a Feature, a FeatureCollection or a bare geometry, in degrees; {"error": …} is what a server says of its own failure."""
    if root.has("error"):
        raise root.at("error").reject("a GeoJSON Feature")
    features = root.at("features").entries(MAX_ITEMS) if root.has("features") else [root]
    found = [_polygon(feature.first("geometry") or feature, reader) for feature in features]
    return [item for item in found if item is not None]


def is_geojson(root: Node) -> bool:
    """Tell whether an answer is GeoJSON, or an error in the place of it."""
    return root.is_object() and (root.value.get("type") in ("Feature", "FeatureCollection", "Polygon", "MultiPolygon") or root.has("error"))


def _polygon(geometry: Node, reader: Reader) -> Polygon | None:
    if geometry.at("type").value not in ("Polygon", "MultiPolygon"):
        raise geometry.at("type").reject("a Polygon or a MultiPolygon")
    node = geometry.at("coordinates")
    if node.value == []:
        return None
    parts = node.entries(MAX_POINTS) if geometry.value["type"] == "MultiPolygon" else [node]
    nested = [[_ring(ring, reader) for ring in part.entries(MAX_POINTS)] for part in parts]
    polygons = polygons_from(Node(nested, node.where), Frame("pixel", _as_sent_whole(reader.image)), reader.notes)
    return None if polygons is None else Polygon(MARKED.index, MARKED.name, None, polygons)


def _ring(ring: Node, reader: Reader) -> Place:
    """Return a ring in pixels of the stored image: from degrees, or as it is when the image lies nowhere."""
    points = [[each.number() for each in point.entries(3)][:2] for point in ring.entries(MAX_POINTS)]
    if not points or any(len(point) != 2 for point in points):
        raise ring.reject("[[longitude, latitude]…]")
    image = reader.image
    if image.transform is None or not image.crs:
        sent: Place = Frame("pixel", image).to_pixels(points, ring.where).tolist()
        return sent
    try:
        pixels = Georeference(image.crs, image.transform).from_lonlat(np.asarray(points, dtype=np.float64))
    except BEYOND_PROJECTION as error:
        raise ring.reject(BEYOND) from error
    if not np.isfinite(pixels).all():
        raise ring.reject(BEYOND)
    placed: Place = pixels.tolist()
    return placed


def _as_sent_whole(image: ModelInput) -> ModelInput:
    """Return the image as if it had been sent in its own size: the points are in its pixels already."""
    return ModelInput(b"", image.content_type, image.width, image.height)
