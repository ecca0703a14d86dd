"""Which labels an image may have together: how many, and which exclude each other. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LabelRules:
    """``least`` and ``most`` labels of an image (None: any number); labels of one of ``groups``, by id, exclude each other."""

    least: int = 0
    most: int | None = None
    groups: Mapping[int, str] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    def broken_by(self, labels: Collection[int]) -> str:
        """Say in a sentence which rule an image's labels break, and what to do; empty when they keep all."""
        chosen = sorted(set(labels))
        if len(chosen) < self.least:
            return f"Choose at least {_counted(self.least)}; this image has {len(chosen)}."
        if self.most is not None and len(chosen) > self.most:
            return f"Choose at most {_counted(self.most)}; this image has {len(chosen)}."
        first_of: dict[str, int] = {}
        for label in chosen:
            group = self.groups.get(label, "")
            if group and group in first_of:
                pair = f"{self._name(first_of[group])} and {self._name(label)}"
                return f"{pair} exclude each other ({group}): keep one of them."
            if group:
                first_of[group] = label
        return ""

    def _name(self, label: int) -> str:
        return self.names.get(label, str(label))


def _counted(number: int) -> str:
    return f"{number} label{'' if number == 1 else 's'}"
