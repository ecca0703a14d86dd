"""Ways to show many bands, saved in a campaign so that everybody sees the same."""

import math
from typing import Any

from campaigns.errors import InvalidInput

STRETCHES = ("auto", "percentile", "range")
MOST_PRESETS = 50
MOST_NAME = 60
FIELDS = {"name", "bands", "stretch", "low", "high", "gamma"}


def checked_presets(presets: Any) -> list[dict[str, Any]]:
    """Return the presets with every field there; raise InvalidInput for what a page could not show."""
    if not isinstance(presets, list | tuple) or len(presets) > MOST_PRESETS:
        raise InvalidInput(f"settings.band_presets must be a list of at most {MOST_PRESETS} presets.")
    checked = [_checked(preset) for preset in presets]
    if len({preset["name"].casefold() for preset in checked}) < len(checked):
        raise InvalidInput("Two band presets have the same name; give each its own.")
    return checked


def _checked(preset: Any) -> dict[str, Any]:
    if not isinstance(preset, dict) or not set(preset) <= FIELDS:
        raise InvalidInput(f"A band preset is an object of {', '.join(sorted(FIELDS))}.")
    name, bands = preset.get("name"), preset.get("bands", [])
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= MOST_NAME:
        raise InvalidInput(f"A band preset needs a name of at most {MOST_NAME} characters.")
    if not isinstance(bands, list) or len(bands) not in (0, 1, 3) or not all(_is_band(band) for band in bands):
        raise InvalidInput("The bands of a preset are none, one, or three band numbers from 1.")
    if preset.get("stretch", "auto") not in STRETCHES:
        raise InvalidInput(f"The stretch of a preset is one of {', '.join(STRETCHES)}.")
    low, high, gamma = (preset.get(field, default) for field, default in (("low", 2.0), ("high", 98.0), ("gamma", 1.0)))
    if not (_is_number(low) and _is_number(high) and 0 <= low < high <= 100):
        raise InvalidInput("The percentiles of a preset rise from low to high between 0 and 100.")
    if not _is_number(gamma) or not 0.05 <= gamma <= 20:
        raise InvalidInput("The gamma of a preset lies between 0.05 and 20.")
    return {"name": name.strip(), "bands": bands, "stretch": preset.get("stretch", "auto"), "low": low, "high": high, "gamma": gamma}


def _is_band(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
