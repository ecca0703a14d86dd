"""What a campaign may be told about itself, in its ``settings``."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from campaigns.band_presets import checked_presets
from campaigns.errors import InvalidInput
from campaigns.geometry import KINDS
from campaigns.keymaps import checked_keys

MOST_LABELS = 1000
SEGMENTATION_KINDS = ("semantic", "instance")


@dataclass(frozen=True)
class CampaignOptions:
    """A campaign's settings, checked.

    ``control_share``: part of the images shown without drafts, so that what prefill saves can be measured at all.
    ``lease_s``: seconds that an image is held for the person who opened it, counted from the last save.
    ``band_presets``: ways to show many bands, by name.
    ``shapes``: what annotators may draw; None means what fits the task (see ``campaigns.geometry.offered_shapes``).
    ``min_labels``, ``max_labels``: of an image, where images may have several; None means any number.
    ``keys``: the campaign's own keys by command, see ``campaigns.keymaps``; a person's own keys go before them.
    """

    multi_label: bool = False
    segmentation: str = "semantic"
    control_share: float = 0.05
    lease_s: float = 900.0
    band_presets: list[dict[str, Any]] = field(default_factory=list)
    shapes: list[str] | None = None
    keys: dict[str, list[str]] = field(default_factory=dict)
    min_labels: int = 0
    max_labels: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.multi_label, bool):
            raise InvalidInput("settings.multi_label must be true or false.")
        if self.segmentation not in SEGMENTATION_KINDS:
            raise InvalidInput("settings.segmentation must be semantic or instance.")
        if not _is_number(self.control_share) or not 0 <= self.control_share <= 0.5:
            raise InvalidInput("settings.control_share must lie between 0 and 0.5.")
        if not _is_number(self.lease_s) or not 30 <= self.lease_s <= 86_400:
            raise InvalidInput("settings.lease_s must lie between 30 and 86400 seconds.")
        if self.shapes is not None:
            _check_shapes(self.shapes)
        object.__setattr__(self, "band_presets", checked_presets(self.band_presets))
        checked_keys(self.keys, "settings.keys")
        if not _is_count(self.min_labels) or not (self.max_labels is None or _is_count(self.max_labels)):
            raise InvalidInput(f"settings.min_labels and settings.max_labels are whole numbers from 0 to {MOST_LABELS}.")
        if self.max_labels is not None and self.max_labels < max(1, self.min_labels):
            raise InvalidInput("settings.max_labels must be at least 1, and not below settings.min_labels.")

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "CampaignOptions":
        """Check a document; unknown names are an error, missing ones take their defaults."""
        if not isinstance(document, dict):
            raise InvalidInput("settings must be an object.")
        known = {entry.name for entry in fields(cls)}
        unknown = sorted(set(document) - known)
        if unknown:
            raise InvalidInput(f"settings has no {unknown[0]!r}. Known: {', '.join(sorted(known))}.")
        return cls(**document)

    def as_document(self) -> dict[str, Any]:
        """Return all settings with their defaults filled in."""
        return asdict(self)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_LABELS


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_shapes(shapes: Any) -> None:
    if not isinstance(shapes, list) or not shapes:
        raise InvalidInput("settings.shapes must name at least one shape; null takes those that fit the task.")
    unknown = [name for name in shapes if not isinstance(name, str) or name not in KINDS]
    if unknown:
        raise InvalidInput(f"settings.shapes has no {str(unknown[0])[:40]!r}. Known: {', '.join(KINDS)}.")
    if len(set(shapes)) != len(shapes):
        raise InvalidInput("settings.shapes must name each shape once.")
