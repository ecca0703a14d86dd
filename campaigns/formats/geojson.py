"""GeoJSON (RFC 7946) in longitude and latitude, with the exact pixels beside it.

Every feature carries ``properties.imageGeometry`` (the same geometry in pixels) and ``properties.imageBBox`` ([minx, miny, maxx,
maxy]), the convention of Amazon's OversightML, so that nothing is lost on the way back. An image that lies nowhere has no
``geometry``: its features are written with null, as the RFC has it for features without a place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon, box, mapping

from campaigns.formats.records import BadFormat, Contents, ImageRecord, LabelRecord, Outcome, Source, annotation
from campaigns.geometry import Georeference, densified, mask_document, polygons_to_mask, repaired_polygons, shape_bounds, shape_polygons

Points = NDArray[np.float64]
Geometry = dict[str, Any]
_DECIMALS = 7  # about a centimetre


def write(target: IO[bytes], source: Source, images: Iterable[ImageRecord]) -> Outcome:
    """Write one feature an annotation, in the order of the images."""
    outcome = Outcome()
    names = {label.id: label.name for label in source.labels}
    nowhere = 0
    target.write(b'{"type":"FeatureCollection","name":' + orjson.dumps(source.name))
    target.write(b',"labels":' + orjson.dumps([{"id": label.id, "name": label.name, "color": label.color} for label in source.labels]))
    target.write(b',"features":[')
    for image in images:
        outcome.images += 1
        place = _usable(image.georeference)
        for document in image.annotations:
            if document["label"] not in names:
                continue
            target.write(b",\n" if outcome.annotations else b"\n")
            target.write(orjson.dumps(_feature(image, document, names[document["label"]], place)))
            outcome.annotations += 1
        nowhere += place is None
    if nowhere:
        outcome.notes.append(
            f"{nowhere} of {outcome.images} images have no coordinate system, so their features carry pixels alone and a null geometry."
        )
    target.write(b'\n],"notes":' + orjson.dumps(outcome.notes) + b"}\n")
    return outcome


def _usable(place: Georeference | None) -> Georeference | None:
    return place if place is not None and place.has_lonlat else None


def _feature(image: ImageRecord, document: dict[str, Any], label: str, place: Georeference | None) -> dict[str, Any]:
    shape = document["shape"]
    pixels = pixel_geometry(shape, image.width, image.height)
    bounds = shape_bounds(shape, width=image.width, height=image.height)
    properties = {
        "image": image.name, "imageId": image.id, "imageWidth": image.width, "imageHeight": image.height, "label": label,
        "shape": shape["type"], "confidence": document["confidence"], "origin": document["origin"], "attributes": document["attributes"],
        "imageGeometry": pixels, "imageBBox": list(bounds) if bounds else None,
    }  # fmt: skip
    if shape["type"] == "box" and shape.get("rotation"):
        properties["rotation"] = shape["rotation"]
        properties["imageBox"] = [shape["x"], shape["y"], shape["width"], shape["height"]]
    if shape["type"] == "points":
        properties["points"] = [point if point["v"] == 0 else {"name": point["name"], "v": point["v"]} for point in shape["points"]]
    if shape["type"] not in _READERS:
        properties["imageShape"] = shape  # the geometry is its outline alone
    return {"type": "Feature", "id": document["id"], "geometry": world_geometry(pixels, place) if place else None, "properties": properties}


def pixel_geometry(shape: dict[str, Any], width: int, height: int) -> Geometry:
    """Return a shape as GeoJSON geometry in pixels."""
    if shape["type"] == "polyline":
        return {"type": "LineString", "coordinates": shape["points"]}
    if shape["type"] == "points":
        return {"type": "MultiPoint", "coordinates": [[point["x"], point["y"]] for point in shape["points"] if point["v"] > 0]}
    polygons = shape_polygons(shape, width=width, height=height)
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def world_geometry(pixels: Geometry, place: Georeference) -> Geometry | None:
    """Return pixel geometry in longitude and latitude: edges densified, shells counter-clockwise, cut at the antimeridian.

    None where the projection cannot say where it lies.
    """
    kind, coordinates = pixels["type"], pixels["coordinates"]
    if kind == "MultiPoint":
        if not coordinates:
            return None
        (points,) = _lonlat([np.array(coordinates, dtype=np.float64)], place) or (None,)
        return None if points is None else {"type": kind, "coordinates": np.round(_wrapped(points), _DECIMALS).tolist()}
    if kind == "LineString":
        lines = _lonlat([densified(np.array(coordinates, dtype=np.float64))], place)
        return None if lines is None else _line(lines[0])
    polygons = repaired_polygons([coordinates] if kind == "Polygon" else coordinates)
    rings = [densified(np.array(ring, dtype=np.float64)) for part in polygons for ring in part]
    warped = _lonlat(rings, place)
    return None if warped is None else _areas(warped, [len(part) for part in polygons])


def _lonlat(pieces: Sequence[Points], place: Georeference) -> list[Points] | None:
    """Transform all at once; None when a vertex has no place on the Earth."""
    if not pieces:
        return None
    points = place.to_lonlat(np.vstack(pieces))
    if not np.isfinite(points).all():
        return None
    return [_unbroken(piece) for piece in np.split(points, np.cumsum([len(piece) for piece in pieces])[:-1])]


def _unbroken(points: Points) -> Points:
    """Let longitudes run on past 180 instead of jumping to -180."""
    longitude = np.unwrap(points[:, 0], period=360.0)
    return np.column_stack((longitude - 360.0 * np.floor((longitude.min() + 180.0) / 360.0), points[:, 1]))


def _wrapped(points: Points) -> Points:
    return np.column_stack(((points[:, 0] + 180.0) % 360.0 - 180.0, points[:, 1]))


def _line(points: Points) -> Geometry:
    if points[:, 0].max() <= 180.0:
        return {"type": "LineString", "coordinates": np.round(points, _DECIMALS).tolist()}
    return _as_mapping(_cut(shapely.LineString(points)))


def _areas(rings: list[Points], counts: list[int]) -> Geometry:
    parts = []
    for count in counts:
        part, rings = rings[:count], rings[count:]
        for hole in part[1:]:  # a hole stays on its shell's side of the antimeridian
            hole[:, 0] += 360.0 * np.round((part[0][:, 0].mean() - hole[:, 0].mean()) / 360.0)
        parts.append([_turned(np.round(ring, _DECIMALS), inwards=n > 0) for n, ring in enumerate(part)])
    if max(ring[:, 0].max() for part in parts for ring in part) > 180.0:
        return _as_mapping(_cut(shapely.make_valid(MultiPolygon([Polygon(part[0], part[1:]) for part in parts]))))
    coordinates = [[ring.tolist() for ring in part] for part in parts]
    return {"type": "Polygon", "coordinates": coordinates[0]} if len(parts) == 1 else {"type": "MultiPolygon", "coordinates": coordinates}


def _turned(ring: Points, *, inwards: bool) -> Points:
    x, y = ring[:, 0], ring[:, 1]
    counter_clockwise = float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) > 0
    return ring[::-1] if counter_clockwise == inwards else ring


def _cut(geometry: shapely.Geometry) -> shapely.Geometry:
    west = geometry.intersection(box(-180.0, -90.0, 180.0, 90.0))
    east = shapely.transform(geometry.intersection(box(180.0, -90.0, 540.0, 90.0)), lambda points: points - (360.0, 0.0))
    return shapely.union_all([west, east])


def _as_mapping(geometry: shapely.Geometry) -> Geometry:
    oriented = shapely.orient_polygons(geometry) if geometry.geom_type in ("Polygon", "MultiPolygon") else geometry
    found = mapping(shapely.set_precision(oriented, 10.0**-_DECIMALS, mode="pointwise"))
    document: Geometry = orjson.loads(orjson.dumps(found))
    return document


def read(source: IO[bytes]) -> Contents:
    """Read a file that Winnow wrote, by its pixels; labels get the ids that the file names, or new ones."""
    try:
        document = orjson.loads(source.read())
        features = document["features"]
        labels = [LabelRecord(label["id"], label["name"], label["color"]) for label in document.get("labels", [])]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise BadFormat("This is no GeoJSON FeatureCollection.") from None
    ids = {label.name: label.id for label in labels}
    contents = Contents(labels=labels)
    images: dict[Any, ImageRecord] = {}
    for feature in features:
        properties = feature.get("properties") or {}
        if not properties.get("imageGeometry") or properties.get("label") not in ids:
            contents.notes.append(f"Feature {feature.get('id')} was left out: it has no imageGeometry or no known label.")
            continue
        key = properties.get("imageId", properties["image"])
        if key not in images:
            images[key] = ImageRecord(key, properties["image"], properties["imageWidth"], properties["imageHeight"], [])
        images[key].annotations.append(_document(feature, properties, ids))
    contents.images = list(images.values())
    return contents


def _document(feature: dict[str, Any], properties: dict[str, Any], ids: dict[str, int]) -> dict[str, Any]:
    name, label = str(feature.get("id", "")), ids[properties["label"]]
    found = annotation(name, label, _shape(properties), properties.get("confidence"), properties.get("origin", "human"))
    return {**found, "attributes": properties.get("attributes") or {}}


def _shape(properties: dict[str, Any]) -> dict[str, Any]:
    if "imageShape" in properties:
        return dict(properties["imageShape"])
    geometry, kind = properties["imageGeometry"], properties.get("shape", "polygon")
    return _READERS.get(kind, _polygon)(geometry, properties)


def _polygon(geometry: Geometry, properties: dict[str, Any]) -> dict[str, Any]:
    coordinates = geometry["coordinates"]
    return {"type": "polygon", "polygons": [coordinates] if geometry["type"] == "Polygon" else coordinates}


def _read_box(geometry: Geometry, properties: dict[str, Any]) -> dict[str, Any]:
    x0, y0, x1, y1 = properties["imageBBox"]
    x, y, width, height = properties.get("imageBox") or [x0, y0, x1 - x0, y1 - y0]
    return {"type": "box", "x": x, "y": y, "width": width, "height": height, "rotation": properties.get("rotation", 0.0)}


def _read_mask(geometry: Geometry, properties: dict[str, Any]) -> dict[str, Any]:
    polygons = _polygon(geometry, properties)["polygons"]
    return mask_document(polygons_to_mask(polygons, height=properties["imageHeight"], width=properties["imageWidth"]))


def _read_points(geometry: Geometry, properties: dict[str, Any]) -> dict[str, Any]:
    places = iter(geometry["coordinates"])
    named = properties.get("points") or [{"name": "", "v": 2}] * len(geometry["coordinates"])
    points = []
    for point in named:
        x, y = next(places) if point["v"] > 0 else (point["x"], point["y"])  # what is not there has no place on the map
        points.append({"name": point["name"], "x": x, "y": y, "v": point["v"]})
    return {"type": "points", "points": points}


_READERS: dict[str, Callable[[Geometry, dict[str, Any]], dict[str, Any]]] = {
    "box": _read_box,
    "polygon": _polygon,
    "mask": _read_mask,
    "points": _read_points,
    "polyline": lambda geometry, properties: {"type": "polyline", "points": geometry["coordinates"]},
    "whole": lambda geometry, properties: {"type": "whole"},
}
