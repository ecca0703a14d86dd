"""Areas that a round asks about: where its model is least sure in the images that come first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from active_learning.acquisition.regions import Area, chosen, with_surroundings
from active_learning.models import RankedImage, Round
from active_learning.services.answers import LabelColumns, label_columns
from active_learning.services.labeled_areas import labeled_bounds
from active_learning.services.objects import found_in
from active_learning.services.superpixel_areas import unsure_superpixels
from campaigns.models import Image
from campaigns.runs import RunContext
from inference.areas import LEAST, Bounds, levels_of, rank_pixels
from inference.models import Prediction
from inference.rasters import read_map
from inference.schema import Raster
from inference.store import load_prediction
from inference.uncertainty import object_entropy

CANDIDATES: Final = 4
AT_ONCE: Final = 500


def write_areas(context: RunContext, round_: Round, *, limit: int, by_superpixels: bool = False) -> int:
    """Find up to ``limit`` areas in each image that the round asks for, by its model's answers; return in how many there are any.

    ``by_superpixels``: where pixels are unsure, parts that hold together by colour, drawn by power noise, in the place of squares.
    """
    if not limit:
        return 0
    if round_.model is None:
        context.log("areas were wanted, but no model says where images are unclear: they are asked about as a whole")
        return 0
    columns = label_columns(round_.campaign, round_.model)
    asked = RankedImage.objects.filter(round=round_, rank__lte=round_.size).order_by("rank")
    wanted, found = asked.count(), 0
    for start in range(0, wanted, AT_ONCE):  # a round may ask for more images than a query can name, or memory hold
        context.progress(done=start, total=wanted, message="Looking for the areas to ask about")
        places = {each.image_id: each for each in asked.filter(rank__gt=start, rank__lte=start + AT_ONCE)}
        found += _write_some(context, round_, places, columns, limit=limit, by_superpixels=by_superpixels)
    context.log(f"areas to ask about in {found} of {wanted} images{'' if found == wanted else '; of the others the model is sure'}")
    return found


def _write_some(
    context: RunContext, round_: Round, places: Mapping[int, RankedImage], columns: LabelColumns, *, limit: int, by_superpixels: bool
) -> int:
    labeled, found = labeled_bounds(places), []
    answers = Prediction.objects.filter(model=round_.model, model_version=round_.model_version, image__in=places)
    for answer in answers.select_related("image").iterator(AT_ONCE):
        context.progress()
        taken = labeled.get(answer.image_id, ())
        rng = np.random.default_rng([round_.seed, answer.image_id]) if by_superpixels else None
        areas = areas_in(answer, columns, limit=limit, labeled=taken, rng=rng)
        if areas:
            place = places[answer.image_id]
            place.areas = [_document(area) for area in areas]
            found.append(place)
    RankedImage.objects.bulk_update(found, ["areas"], batch_size=AT_ONCE)
    return len(found)


def _document(area: Area) -> dict[str, object]:
    outline = {"outline": area.outline} if area.outline else {}
    return {"bounds": [round(value, 2) for value in area.bounds], "score": round(area.score, 4), "why": area.why, **outline}


def areas_in(
    answer: Prediction, columns: LabelColumns, *, limit: int, labeled: Sequence[Bounds] = (), rng: np.random.Generator | None = None
) -> tuple[Area, ...]:
    """Return the areas of an image that its answer is least sure of, by its pixels or by its objects, none over what is labeled.

    ``rng``: draw superpixels, where the answer tells of every pixel and the image can be read.
    """
    path = settings.DATA_DIR / answer.heat_map
    if answer.heat_map and path.is_file():
        if rng is not None and (parts := _of_superpixels(answer, levels_of(path.read_bytes()), columns, limit)):
            return chosen(parts, limit=limit, labeled=labeled, rng=rng)
        return chosen(_of_pixels(answer, levels_of(path.read_bytes()), columns, limit), limit=limit, labeled=labeled)
    return chosen(
        with_surroundings(_of_objects(answer, columns), width=answer.image.width, height=answer.image.height), limit=limit, labeled=labeled
    )


def _of_pixels(answer: Prediction, levels: NDArray[np.uint8], columns: LabelColumns, limit: int) -> list[Area]:
    image = answer.image
    windows = rank_pixels(levels, width=image.width, height=image.height, limit=CANDIDATES * limit)
    names = _names_of(answer, image, columns, [window.bounds for window in windows])
    return [
        Area(window.bounds, window.uncertainty, _said(f"The model's pixels are unsure here ({window.uncertainty:.2f}).", name), name)
        for window, name in zip(windows, names, strict=True)
    ]


def _of_superpixels(answer: Prediction, levels: NDArray[np.uint8], columns: LabelColumns, limit: int) -> list[Area]:
    parts = unsure_superpixels(answer.image, levels, limit=CANDIDATES * limit)
    names = _names_of(answer, answer.image, columns, [part.bounds for part in parts])
    return [replace(part, why=_said(part.why, name), label=name) for part, name in zip(parts, names, strict=True)]


def _said(sentence: str, name: str) -> str:
    return f"{sentence} Most of it looks like {name}." if name else sentence


def _names_of(answer: Prediction, image: Image, columns: LabelColumns, windows: Sequence[Bounds]) -> list[str]:
    """Return the label that takes most of each window; empty where the classes have none, or the map is gone."""
    try:
        raster = next((item for item in load_prediction(answer).items if isinstance(item, Raster)), None)
        numbers = None if raster is None else read_map(raster.class_map)
    except OSError:
        numbers = None
    if numbers is None:
        return [""] * len(windows)
    down, across = numbers.shape[0] / image.height, numbers.shape[1] / image.width
    names = []
    for left, top, right, bottom in windows:
        inside = numbers[
            int(top * down) : max(int(top * down) + 1, int(bottom * down)),
            int(left * across) : max(int(left * across) + 1, int(right * across)),
        ]
        column = columns.columns.get(int(np.bincount(inside.ravel()).argmax())) if inside.size else None
        names.append("" if column is None else columns.names[column])
    return names


def _of_objects(answer: Prediction, columns: LabelColumns) -> list[Area]:
    found = found_in([item for item in answer.document["items"] if item.get("confidence") is not None], columns.columns)
    areas = []
    for column, bounds, confidence in zip(found.label.tolist(), found.bounds.tolist(), found.confidence.tolist(), strict=True):
        doubt, name = object_entropy(confidence), columns.names[column]
        if doubt >= LEAST:
            left, top, right, bottom = bounds
            areas.append(Area((left, top, right, bottom), doubt, f"The model is unsure of {name} here ({confidence:.2f}).", name))
    return areas
