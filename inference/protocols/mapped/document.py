"""A field mapping as a person writes it, read and checked before a model is stored with it.

    {"request": {"image": {"as": "base64", "at": "instances[0].content"}, "body": {"parameters": {"top": 5}}},
     "answer": {"items": "predictions[*]", "label": "class", "score": "confidence",
                "box": {"at": "bbox", "order": "xywh", "coords": "pixel"}}}

``docs/decisions/0008-field-mapping.md`` lists every member.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, cast, get_args

import orjson

from inference.decode.matrices import Cells, Crop
from inference.decode.paths import Path, PathError
from inference.wire import SecretPlace
from models_registry.options import Coords, OptionsRejected

ImageWay = Literal["body", "multipart", "base64", "address"]
Order = Literal["xyxy", "xywh", "cxcywh", "yxyx", "xxyy"]
Known = Literal["threshold", "width", "height", "name", "id", "labels"]
KEY, VALUE = "$key", "$value"
MAX_BYTES = 64 * 1024
_PLACE = "extra.mapping"
_ANSWER = (
    "items", "label", "index", "score", "scores", "box", "polygon", "mask", "keypoints", "raster", "coords", "grid", "version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """How the image travels: the body itself, a file of a form, base64 or an address at a path of a JSON document."""

    way: ImageWay
    name: str = "image"
    at: Path | None = None
    data_url: bool = False


@dataclass(frozen=True, slots=True)
class RequestMapping:
    """The question: the image, what is always the same around it, and what Winnow knows and fills in."""

    image: ImagePlace
    body: Mapping[str, Any] = field(default_factory=dict)
    fill: tuple[tuple[Path, Known], ...] = ()
    secret: SecretPlace = field(default_factory=SecretPlace)


@dataclass(frozen=True, slots=True)
class BoxMapping:
    """A box: one path to four numbers, or four paths to one each. ``missing_zero``: what is not there is 0."""

    at: tuple[Path, ...]
    order: Order = "xyxy"
    coords: Coords | None = None
    missing_zero: bool = False


@dataclass(frozen=True, slots=True)
class KeypointsMapping:
    """The points of a thing: a list, and what each of its elements holds."""

    at: Path
    x: Path
    y: Path
    name: Path | None = None
    score: Path | None = None


@dataclass(frozen=True, slots=True)
class RasterMapping:
    """What is said of each pixel: a picture in base64, or nested lists of ``cells``."""

    at: Path
    cells: Cells = "class"
    crop: Crop | None = None


@dataclass(frozen=True, slots=True)
class AnswerMapping:
    """Where the parts of the answer are; paths within an item begin at the item.

    ``label`` may be ``$key``: the name of the item's one member that no other path names; its value is then at
    ``$value``. ``grid``: the (width, height) that pixel coordinates are meant on, when it is not the picture sent.
    """

    items: Path
    label: Path | None = None
    by_key: bool = False
    index: Path | None = None
    score: Path | None = None
    scores: Path | None = None
    box: BoxMapping | None = None
    polygon: Path | None = None
    mask: Path | None = None
    keypoints: KeypointsMapping | None = None
    raster: RasterMapping | None = None
    coords: Coords | None = None
    grid: tuple[int, int] | None = None
    version: Path | None = None

    def within_item(self) -> dict[str, Path]:
        """Return the paths that begin at an item, by what the mapping calls them."""
        single = {"label": self.label, "index": self.index, "score": self.score, "scores": self.scores, "polygon": self.polygon,
                  "mask": self.mask, "keypoints": self.keypoints.at if self.keypoints else None}  # fmt: skip
        named = {name: path for name, path in single.items() if path is not None}
        corners = self.box.at if self.box else ()
        return named | {"box" if len(corners) == 1 else f"box[{number}]": path for number, path in enumerate(corners)}


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """A whole mapping."""

    request: RequestMapping
    answer: AnswerMapping


def read_mapping(document: Mapping[str, Any]) -> FieldMapping:
    """Read a mapping; raise OptionsRejected with the place and what was expected there."""
    try:
        text = orjson.dumps(document)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise OptionsRejected(_PLACE, "must be JSON.") from error
    if len(text) > MAX_BYTES:
        raise OptionsRejected(_PLACE, f"must be at most {MAX_BYTES // 1024} KiB.")
    return _read(text)


@lru_cache(maxsize=64)
def _read(text: bytes) -> FieldMapping:
    """Read a mapping once, and not again for each answer of a run."""
    root = _Section(orjson.loads(text), _PLACE, ("request", "answer"))
    return FieldMapping(_request(root.section("request")), _answer(root.section("answer")))


def check_task(mapping: FieldMapping, task: str) -> None:
    """Refuse a mapping that names nothing of what the task is about."""
    answer = mapping.answer
    classed = answer.label or answer.index or answer.by_key
    needed = {
        "classification": (answer.scores or (classed and answer.score), '"scores", or "label" (or "index") with "score"'),
        "detection": (answer.box, '"box"'),
        "segmentation": (answer.mask or answer.polygon or answer.raster, '"mask", "polygon" or "raster"'),
        "keypoints": (answer.keypoints, '"keypoints"'),
    }
    found, expected = needed[task]
    if not found:
        raise OptionsRejected(f"{_PLACE}.answer", f"must say where {expected} is, for a model of {task}.")


def _request(section: _Section) -> RequestMapping:
    section.allow("image", "body", "fill", "secret")
    image = _image(section.section("image"))
    body = section.section("body", needed=False)
    if image.way == "body" and (body.value or section.value.get("fill")):
        raise section.refuse("body", "has no place beside an image that is the whole body; put constants into the URL.")
    if image.way == "multipart":
        for name in body.value:
            body.check_text(name, name)
    fill = section.section("fill", needed=False)
    filled = tuple((fill.path_of(text, text), cast(Known, fill.choice(text, get_args(Known)))) for text in fill.value)
    return RequestMapping(image, body.value, filled, _secret(section, image.way))


def _image(section: _Section) -> ImagePlace:
    section.allow("as", "name", "at", "data_url")
    way = cast(ImageWay, section.choice("as", get_args(ImageWay)))
    if way in ("base64", "address"):
        at = section.path("at", needed=True)
        assert at is not None
        if not at.steps or not isinstance(at.steps[0], str):
            raise section.refuse("at", 'must name one place in the document, such as "image.b64".')
        return ImagePlace(way, at=at, data_url=section.flag("data_url"))
    return ImagePlace(way, section.text("name", "image"))


def _secret(section: _Section, way: ImageWay) -> SecretPlace:
    secret = section.section("secret", needed=False)
    secret.allow("in", "name")
    if not secret.value:
        return SecretPlace()
    kind = cast(Literal["header", "query", "json"], secret.choice("in", ("header", "query", "json")))
    name = secret.text("name", "")
    if kind == "json" and way not in ("base64", "address"):
        raise secret.refuse("in", 'must be "header" or "query": the question is no JSON document.')
    if kind != "header" and not name:
        raise secret.refuse("name", "must say the name of the parameter or member that takes the secret.")
    return SecretPlace(kind, name)


def _answer(section: _Section) -> AnswerMapping:
    section.allow(*_ANSWER)
    by_key = section.value.get("label") == KEY
    return AnswerMapping(
        items=section.path("items", many=True) or Path.parse("$"),
        label=None if by_key else section.path("label", many=True),
        by_key=by_key,
        index=section.path("index", many=True),
        score=section.path("score", many=True),
        scores=section.path("scores"),
        box=_box(section, by_key=by_key),
        polygon=section.path("polygon", many=True),
        mask=section.path("mask", many=True),
        keypoints=_keypoints(section),
        raster=_raster(section),
        coords=_coords(section),
        grid=_grid(section),
        version=section.path("version"),
    )


def _box(section: _Section, *, by_key: bool) -> BoxMapping | None:
    said = section.value.get("box")
    if said is None:
        return None
    box = section.section("box") if isinstance(said, Mapping) else _Section({"at": said}, f"{section.place}.box", ())
    box.allow("at", "order", "coords", "missing_zero")
    at = box.value.get("at")
    texts = list(at) if isinstance(at, Sequence) and not isinstance(at, str) else [at]
    if len(texts) not in (1, 4) or not all(isinstance(text, str) for text in texts):
        raise box.refuse("at", "must be one path to four numbers, or a list of four paths.")
    if texts == [VALUE] and not by_key:
        raise box.refuse("at", f'is "{VALUE}" only where "label" is "{KEY}".')
    paths = tuple(Path.parse("$") if text == VALUE else box.path_of(text, "at", many=True) for text in texts)
    order = cast(Order, box.choice("order", get_args(Order), "xyxy"))
    return BoxMapping(paths, order, _coords(box), box.flag("missing_zero"))


def _keypoints(section: _Section) -> KeypointsMapping | None:
    if section.value.get("keypoints") is None:
        return None
    points = section.section("keypoints")
    points.allow("at", "x", "y", "name", "score")
    at, x, y = (points.path(name, needed=True, many=name == "at") for name in ("at", "x", "y"))
    assert at is not None
    assert x is not None
    assert y is not None
    return KeypointsMapping(at, x, y, points.path("name"), points.path("score"))


def _raster(section: _Section) -> RasterMapping | None:
    said = section.value.get("raster")
    if said is None:
        return None
    raster = section.section("raster") if isinstance(said, Mapping) else _Section({"at": said}, f"{section.place}.raster", ())
    raster.allow("at", "cells", "crop")
    at = raster.path("at", needed=True)
    assert at is not None
    crop = None
    if raster.value.get("crop") is not None:
        resize, size = raster.pair("crop")
        if size > resize:
            raise raster.refuse("crop", "must be [shorter side, square], the square no larger than the side.")
        crop = Crop(resize, size)
    return RasterMapping(at, cast(Cells, raster.choice("cells", get_args(Cells), "class")), crop)


def _coords(section: _Section) -> Coords | None:
    return cast(Coords, section.choice("coords", get_args(Coords))) if section.value.get("coords") is not None else None


def _grid(section: _Section) -> tuple[int, int] | None:
    return section.pair("grid") if section.value.get("grid") is not None else None


class _Section:
    """An object of the mapping that knows its place, so that every complaint names it."""

    def __init__(self, value: Any, place: str, known: tuple[str, ...]) -> None:
        if not isinstance(value, Mapping):
            raise OptionsRejected(place, "must be an object.")
        self.value = value
        self.place = place
        if known:
            self.allow(*known)

    def refuse(self, name: str, why: str) -> OptionsRejected:
        return OptionsRejected(f"{self.place}.{name}", why)

    def allow(self, *known: str) -> None:
        for name in self.value:
            if name not in known:
                raise self.refuse(name, f"is not known here; there are {', '.join(known)}.")

    def section(self, name: str, *, needed: bool = True) -> _Section:
        value = self.value.get(name)
        return _Section({} if value is None and not needed else value, f"{self.place}.{name}", ())

    def text(self, name: str, default: str) -> str:
        return self.check_text(name, self.value.get(name, default))

    def check_text(self, name: str, value: object) -> str:
        if not isinstance(value, str) or len(value) > 100 or not value.isprintable() or '"' in value:
            raise self.refuse(name, "must be a short text on one line, without quotation marks.")
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        value = self.value.get(name, default)
        if value not in choices:
            raise self.refuse(name, f"must be one of {', '.join(repr(choice) for choice in choices)}.")
        return str(value)

    def flag(self, name: str) -> bool:
        value = self.value.get(name, False)
        if not isinstance(value, bool):
            raise self.refuse(name, "must be true or false.")
        return value

    def pair(self, name: str) -> tuple[int, int]:
        value = self.value.get(name)
        if (
            not isinstance(value, list)
            or len(value) != 2
            or not all(isinstance(each, int) and not isinstance(each, bool) and 1 <= each <= 65_536 for each in value)
        ):
            raise self.refuse(name, "must be two whole numbers of pixels.")
        return value[0], value[1]

    def path(self, name: str, *, needed: bool = False, many: bool = False) -> Path | None:
        text = self.value.get(name)
        if text is None and not needed:
            return None
        return self.path_of(text, name, many=many)

    def path_of(self, text: object, name: str, *, many: bool = False) -> Path:
        if not isinstance(text, str):
            raise self.refuse(name, 'must be a path such as "predictions[0].label".')
        try:
            path = Path.parse(text)
        except PathError as error:
            raise self.refuse(name, f"is no path: {error}.") from error
        if path.is_many and not many:
            raise self.refuse(name, "must name one place, without [*].")
        return path
