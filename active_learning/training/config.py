"""What a person may ask of a training."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal, cast

from campaigns.errors import InvalidInput
from models_registry.networks.library_networks import parts_of

Method = Literal["fast_head", "fine_tune"]
Size = Literal["small", "medium", "large"]
Flips = Literal["none", "horizontal", "both", "turns"]
Colour = Literal["none", "light", "strong"]
Frozen = Literal["none", "early", "backbone"]
Unlabeled = Literal["auto", "ignore", "background"]
Groups = Literal["none", "folders", "names", "places", "duplicates"]
StartRole = Literal["best", "last"]
Images = Literal["all"] | tuple[int, ...]

METHODS: Final = ("fast_head", "fine_tune")
SIZES: Final = ("small", "medium", "large")
FLIPS: Final = ("none", "horizontal", "both", "turns")
COLOURS: Final = ("none", "light", "strong")
FROZEN: Final = ("none", "early", "backbone")
START_ROLES: Final = ("best", "last")
UNLABELED: Final = ("auto", "ignore", "background")
GROUPS: Final = ("none", "folders", "names", "places", "duplicates")
MOST_BANDS: Final = 64
EPOCHS: Final[dict[str, int]] = {"fast_head": 60, "fine_tune": 20}
PATIENCE: Final[dict[str, int]] = {"fast_head": 10, "fine_tune": 5}
LEARNING_RATE: Final = 2e-4
AUTO_BATCHES: Final = (16, 8, 4)
AUTO_STEPS: Final = 4
UPLOADED: Final = re.compile(r"[0-9a-f]{24}\.weights")


@dataclass(frozen=True)
class TrainingConfig:
    """How to train, checked.

    ``method``: fast_head fits a linear head on frozen embeddings (seconds), fine_tune the whole network (minutes).
    ``size``: side of the square that the network sees: 128, 224 or 288 pixels.
    ``minutes``: time limit. ``epochs``: at most so many; an epoch of the fast head is one step of L-BFGS.
    ``patience``: stop after so many epochs without a lower validation loss.
    ``validation``: share of the images held out by chance, 0 to 0.5; images of the validation split take its place when there are any.
    ``groups``: images that stay on one side when they are held out by chance: those of a folder, of a name up to its last number
    (frames of a film, tiles of a scene), of a place on the ground, or near duplicates, as the look with the run ``looked`` found them.
    ``learning_rate``: of fine_tune. ``weight_decay``: of both. ``batch``: images a step of fine_tune; None: what the number of images
    lets be, see ``batch_for``.
    ``flips``: how pictures are mirrored by chance; turns adds quarter turns, for pictures without an up. ``colour``: how far their
    brightness, contrast and saturation vary; ``crop``: whether parts of them are shown larger. ``frozen``: which layers stay as they
    came: the early ones, or the whole backbone. All four are fine_tune's: a fast head sees every picture as it is.
    ``labels``: ids to learn, None for all; ``images``: ids to learn from, or all. ``start_from``: id of an internal model to go on from,
    ``start_role``: with its best or its last checkpoint. ``network``: of fine_tune, what takes the installed backbone's place, such as
    torchvision/resnet50 or timm/resnet18.a1_in1k; ``weights``: the name of an uploaded file with its weights, None for the published ones.
    ``bands``: of the images' bands, counted from 1, those that the network sees; None: the colours that a person sees.
    ``unlabeled``: what pixels without a label are to a semantic segmentation: nothing to learn from (ignore), a class (background),
    or auto: background where a single label is drawn.
    ``promote``: the model becomes the campaign's current one.
    ``one_label``: of whole images, id of a label to tell from all the rest; images with another label or none lack it.
    ``only_positives``: that label is learned from its images alone, by the fast head.
    None for ``epochs``, ``patience``: what suits the method.
    """

    name: str = ""
    method: Method = "fast_head"
    size: Size = "small"
    minutes: float = 30.0
    epochs: int | None = None
    patience: int | None = None
    validation: float = 0.2
    groups: Groups = "none"
    looked: int | None = None
    learning_rate: float = LEARNING_RATE
    weight_decay: float = 1e-2
    batch: int | None = None
    flips: Flips = "horizontal"
    colour: Colour = "none"
    crop: bool = False
    frozen: Frozen = "none"
    seed: int = 0
    labels: tuple[int, ...] | None = None
    multi_label: bool = False
    images: Images = "all"
    start_from: int | None = None
    start_role: StartRole = "best"
    network: str | None = None
    weights: str | None = None
    bands: tuple[int, ...] | None = None
    unlabeled: Unlabeled = "auto"
    promote: bool = True
    one_label: int | None = None
    only_positives: bool = False

    def __post_init__(self) -> None:
        mistakes = [{"field": field, "detail": detail} for field, detail in _mistakes(self)]
        if mistakes:
            first = mistakes[0]
            raise InvalidInput(f"{first['field']}: {first['detail']}", code="invalid_training", errors=mistakes)

    @property
    def most_epochs(self) -> int:
        """How many epochs it may take."""
        return self.epochs or EPOCHS[self.method]

    @property
    def most_patience(self) -> int:
        """How many epochs without improvement it bears."""
        return self.patience or PATIENCE[self.method]

    def batch_for(self, images: int) -> int:
        """Return how many images a step takes: as asked, otherwise 16, or fewer (8, 4) where an epoch would have less than four steps."""
        return self.batch or next((size for size in AUTO_BATCHES if images >= AUTO_STEPS * size), AUTO_BATCHES[-1])

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> TrainingConfig:
        """Check a document; unknown names are an error, missing ones take their defaults."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(document) - known)
        if unknown:
            raise InvalidInput(f"A training has no {unknown[0]!r}. Known: {', '.join(sorted(known))}.", code="invalid_training")
        values = dict(document)
        for name in ("labels", "images", "bands"):
            if isinstance(values.get(name), list | tuple):
                values[name] = tuple(values[name])
        return cls(**values)

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        document = asdict(self)
        for name in ("labels", "images", "bands"):
            if isinstance(document[name], tuple):
                document[name] = list(document[name])
        return document


def _mistakes(config: TrainingConfig) -> list[tuple[str, str]]:
    checks = (
        ("name", isinstance(config.name, str) and len(config.name) <= 200, "expected a text of up to 200 characters"),
        ("method", config.method in METHODS, f"expected {' or '.join(METHODS)}"),
        ("size", config.size in SIZES, f"expected one of {', '.join(SIZES)}"),
        ("minutes", _number(config.minutes, 0.01, 24 * 60), "expected minutes, at most 1440"),
        ("epochs", config.epochs is None or _whole(config.epochs, 1, 10_000), "expected a whole number from 1 to 10000"),
        ("patience", config.patience is None or _whole(config.patience, 1, 10_000), "expected a whole number from 1 to 10000"),
        ("validation", _number(config.validation, 0, 0.5), "expected a share from 0 to 0.5"),
        ("groups", config.groups in GROUPS, f"expected one of {', '.join(GROUPS)}"),
        ("looked", config.looked is None or _whole(config.looked, 1, 2**62), "expected the id of a run that looked for near duplicates"),
        ("learning_rate", _number(config.learning_rate, 1e-8, 1), "expected a number from 0.00000001 to 1"),
        ("weight_decay", _number(config.weight_decay, 0, 10), "expected a number from 0 to 10"),
        ("batch", config.batch is None or _whole(config.batch, 1, 512), "expected a whole number from 1 to 512, or nothing"),
        ("flips", config.flips in FLIPS, f"expected one of {', '.join(FLIPS)}"),
        ("colour", config.colour in COLOURS, f"expected one of {', '.join(COLOURS)}"),
        ("crop", isinstance(config.crop, bool), "expected true or false"),
        ("frozen", config.frozen in FROZEN, f"expected one of {', '.join(FROZEN)}"),
        ("seed", _whole(config.seed, 0, 2**62), "expected a whole number of 0 or more"),
        ("labels", config.labels is None or _ids(config.labels), "expected a list of label ids, each once"),
        ("multi_label", isinstance(config.multi_label, bool), "expected true or false"),
        ("images", config.images == "all" or _ids(config.images), 'expected "all" or a list of image ids, each once'),
        ("bands", config.bands is None or _bands(config.bands), f"expected 1 to {MOST_BANDS} band numbers, counted from 1, each once"),
        ("unlabeled", config.unlabeled in UNLABELED, f"expected one of {', '.join(UNLABELED)}"),
        ("promote", isinstance(config.promote, bool), "expected true or false"),
        ("one_label", config.one_label is None or _whole(config.one_label, 1, 2**62), "expected the id of a label"),
        ("only_positives", _only_positives(config), "goes with one_label and the fast head alone"),
        ("start_role", config.start_role in START_ROLES, f"expected {' or '.join(START_ROLES)}"),
        ("network", config.network is None or _network(config.network), "expected torchvision/ or timm/ and the name of a network"),
        ("network", config.network is None or config.method == "fine_tune", "goes with fine-tuning: stored features are the backbone's"),
        ("network", config.network is None or config.start_from is None, "goes with no model to go on from, which has a network already"),
        ("weights", config.weights is None or _weights(config), "expected the name that the upload of a file was answered with"),
        ("start_from", config.start_from is None or _whole(config.start_from, 1, 2**62), "expected the id of a model"),
    )
    return [(field, detail) for field, holds, detail in checks if not holds]


def _number(value: object, low: float, high: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and low <= value <= high


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _only_positives(config: TrainingConfig) -> bool:
    return config.only_positives is False or (
        config.only_positives is True and config.one_label is not None and config.method == "fast_head"
    )


def _network(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(parts_of(value))
    except ValueError:
        return False


def _weights(config: TrainingConfig) -> bool:
    return isinstance(config.weights, str) and UPLOADED.fullmatch(config.weights) is not None and config.network is not None


def _bands(value: object) -> bool:
    return _ids(value) and len(cast(tuple[object, ...], value)) <= MOST_BANDS


def _ids(value: object) -> bool:
    if not isinstance(value, tuple) or not value:
        return False
    ids = cast(tuple[object, ...], value)
    return all(_whole(each, 1, 2**62) for each in ids) and len(set(ids)) == len(ids)
