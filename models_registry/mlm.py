"""Model cards of the STAC Machine Learning Model extension, read as the fields of a model's form.

https://github.com/stac-extensions/mlm, from 1.0 with ``statistics`` and ``norm_type`` to 1.5 with ``value_scaling``. Pure: what a card
says and cannot be carried over is told as a warning.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from models_registry.card import LIMITS

PREFIX: Final = "mlm:"
MAX_CLASSES: Final = 10_000
MAX_BANDS: Final = 64
TASKS: Final = {
    "classification": "classification", "scene-classification": "classification", "detection": "detection", "object-detection": "detection",
    "segmentation": "segmentation", "semantic-segmentation": "segmentation", "instance-segmentation": "segmentation",
    "panoptic-segmentation": "segmentation", "keypoint-detection": "keypoints",
}  # fmt: skip
DATATYPES: Final = {
    "float32": "FP32", "float16": "FP16", "float64": "FP64", "uint8": "UINT8", "int8": "INT8", "uint16": "UINT16", "int16": "INT16",
    "uint32": "UINT32", "int32": "INT32", "uint64": "UINT64", "int64": "INT64",
}  # fmt: skip
LAYOUTS: Final = {
    ("batch", "channel", "height", "width"): "NCHW", ("batch", "height", "width", "channel"): "NHWC",
    ("channel", "height", "width"): "CHW", ("height", "width", "channel"): "HWC",
}  # fmt: skip
COLOURS: Final = frozenset({"red", "green", "blue", "r", "g", "b"})


class CardUnreadable(ValueError):
    """A document that is no model card; ``where``: the place in it."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}" if where else why)
        self.where = where
        self.why = why


@dataclass(frozen=True)
class ImportedCard:
    """What a card fills in. ``options``: values of ``ModelOptions``; ``card``: what people should know."""

    name: str = ""
    description: str = ""
    version: str = ""
    task: str = ""
    classes: list[dict[str, Any]] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    card: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def read_item(document: object) -> ImportedCard:
    """Read a STAC item with the extension's fields; raise ``CardUnreadable`` for anything else."""
    properties = document.get("properties") if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or not isinstance(properties, Mapping):
        raise CardUnreadable("", 'expected a STAC item, a JSON object with "properties"')
    if not any(str(name).startswith(PREFIX) for name in properties):
        raise CardUnreadable("properties", f'expected fields that begin with "{PREFIX}", as the Machine Learning Model extension has them')
    warnings: list[str] = []
    source = _first(properties, "input", warnings)
    result = _first(properties, "output", warnings)
    extra = _tensor(source, warnings)
    normalisation = _normalisation(source, extra, warnings)
    bands = _bands(source)
    options: dict[str, Any] = {"extra": extra} if extra else {}
    if bands and not (len(bands) == 3 and {band.casefold() for band in bands} <= COLOURS):
        options["image_format"] = "geotiff"
        warnings.append(f"The model wants {len(bands)} bands as they are stored; say which of the images' bands they are in the options.")
    card = {
        "input_bands": ", ".join(bands), "normalisation": normalisation, "licence": _text(properties.get("license")),
        "reference": _reference(properties, document), "notes": _notes(properties),
    }  # fmt: skip
    return ImportedCard(
        name=(_text(properties.get("mlm:name")) or _text(document.get("id")))[:200],
        description=_text(properties.get("description"))[:20_000],
        version=_text(properties.get("version"))[:100],
        task=_task(properties, result, warnings),
        classes=_classes(result, warnings),
        options=options,
        card={name: text[: LIMITS[name]] for name, text in card.items() if text},
        warnings=warnings,
    )


def _text(value: object) -> str:
    return value.replace("\0", "").strip() if isinstance(value, str) else ""


def _first(properties: Mapping[str, Any], name: str, warnings: list[str]) -> Mapping[str, Any]:
    listed = properties.get(PREFIX + name)
    if not isinstance(listed, list) or not listed or not isinstance(listed[0], Mapping):
        return {}
    if len(listed) > 1:
        warnings.append(f"The card tells of {len(listed)} {name}s; the first was read.")
    return listed[0]


def _task(properties: Mapping[str, Any], result: Mapping[str, Any], warnings: list[str]) -> str:
    told = [*_list(result.get("tasks")), *_list(properties.get("mlm:tasks"))]
    task = next((TASKS[each] for each in told if isinstance(each, str) and each in TASKS), "")
    if told and not task:
        warnings.append(f"The card's tasks ({', '.join(map(str, told))[:100]}) are none of those that images are labeled for here.")
    return task


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _classes(result: Mapping[str, Any], warnings: list[str]) -> list[dict[str, Any]]:
    listed = _list(result.get("classification:classes")) or _list(result.get("classification_classes"))
    found: dict[int, str] = {}
    for place, entry in enumerate(listed[:MAX_CLASSES]):
        if not isinstance(entry, Mapping):
            raise CardUnreadable(f"properties.mlm:output[0].classification:classes[{place}]", "expected an object with value and name")
        value, name = entry.get("value", place), _text(entry.get("name")) or _text(entry.get("description"))
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 65_535 or not name:
            raise CardUnreadable(f"properties.mlm:output[0].classification:classes[{place}]", "expected a value from 0 to 65534 and a name")
        if value in found or name[:200] in found.values():
            warnings.append(f"The class {name[:60]} stands twice on the card; the first was read.")
            continue
        found[value] = name[:200]
    return [{"index": index, "name": found[index]} for index in sorted(found)]


def _bands(source: Mapping[str, Any]) -> list[str]:
    named = [each.get("name") if isinstance(each, Mapping) else each for each in _list(source.get("bands"))[:MAX_BANDS]]
    return [text for text in map(_text, named) if text]


def _tensor(source: Mapping[str, Any], warnings: list[str]) -> dict[str, Any]:
    """Return layout, size and datatype of the input, as protocols of tensors read them."""
    told = source.get("input")
    if not isinstance(told, Mapping):
        return {}
    extra: dict[str, Any] = {}
    order = tuple(each for each in _list(told.get("dim_order")) if isinstance(each, str))
    shape = [side if isinstance(side, int) and not isinstance(side, bool) else -1 for side in _list(told.get("shape"))]
    if order in LAYOUTS:
        extra["layout"] = LAYOUTS[order]
        if len(shape) == len(order):
            sides = dict(zip(order, shape, strict=True))
            extra |= {name: sides[name] for name in ("width", "height") if 0 < sides[name] <= 8192}
    elif order:
        warnings.append(f"The order of the input's axes ({', '.join(order)[:100]}) is not one that images are sent in.")
    datatype = DATATYPES.get(str(told.get("data_type")))
    return extra if datatype is None else {**extra, "datatype": datatype}


def _normalisation(source: Mapping[str, Any], extra: dict[str, Any], warnings: list[str]) -> str:
    """Write mean and deviation into ``extra``, and return the normalisation in words."""
    scalings = [each for each in _list(source.get("value_scaling")) if isinstance(each, Mapping)]
    kinds = {str(each.get("type")) for each in scalings}
    if not scalings and source.get("norm_type"):
        scalings = [each for each in _list(source.get("statistics")) if isinstance(each, Mapping)]
        kinds = {str(source["norm_type"])}
    if not scalings:
        return ""
    kind = kinds.pop() if len(kinds) == 1 else ""
    pairs = [_pair(each, kind) for each in scalings]
    whole = [pair for pair in pairs if pair is not None]
    if len(whole) == len(pairs):
        extra |= {"scale": "1", "mean": _numbers([mean for mean, _ in whole]), "std": _numbers([std for _, std in whole])}
        return f"{kind}: minus {extra['mean']}, divided by {extra['std']}"
    warnings.append(f"The card's normalisation ({kind or 'of several kinds'}) is not one that is carried over; set it by hand.")
    return kind or "see the card"


def _pair(entry: Mapping[str, Any], kind: str) -> tuple[float, float] | None:
    """Return (what is taken away, what is divided by)."""
    names = {"z-score": ("mean", "stddev"), "min-max": ("minimum", "maximum")}.get(kind)
    if names is None:
        return None
    first, second = (entry.get(name) for name in names)
    if not _is_number(first) or not _is_number(second):
        return None
    low, high = float(first), float(second)  # type: ignore[arg-type]
    divisor = high if kind == "z-score" else high - low
    return (low, divisor) if divisor else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _numbers(values: Sequence[float]) -> str:
    shown = [f"{value:.10g}" for value in values]
    return shown[0] if len(set(shown)) == 1 else ", ".join(shown)


def _reference(properties: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    doi = _text(properties.get("sci:doi"))
    if doi:
        return f"https://doi.org/{doi}"
    links = [each for each in _list(document.get("links")) if isinstance(each, Mapping)]
    return next((_text(each.get("href")) for each in links if each.get("rel") in ("cite-as", "about", "self")), "")


def _notes(properties: Mapping[str, Any]) -> str:
    told = {"Architecture": "mlm:architecture", "Framework": "mlm:framework", "Pretrained on": "mlm:pretrained_source"}
    return "\n".join(f"{title}: {text}." for title, name in told.items() if (text := _text(properties.get(name))))
