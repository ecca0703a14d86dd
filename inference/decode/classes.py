"""Names and numbers of classes in an answer, against those that the registered model publishes."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from inference.decode.nodes import Node
from inference.schema import Dropped
from inference.wire import ModelCard

NAME_KEYS = ("class", "label", "class_name", "name")
INDEX_KEYS = ("index", "class_id", "output_index")
# A number as text; or what transformers calls class 3 of a model that was trained without names.
_NUMBERED = re.compile(r"(?:LABEL_)?([0-9]{1,9})")


@dataclass
class Notes:
    """What an answer's reader has to tell: warnings once each, and counts of what was left out."""

    warnings: dict[str, None] = field(default_factory=dict)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)

    def warn(self, sentence: str) -> None:
        """Add a warning, once."""
        self.warnings.setdefault(sentence)

    def drop(self, reason: str, name: str = "") -> None:
        """Count something that was left out."""
        self.dropped[reason, name] += 1

    def as_dropped(self) -> tuple[Dropped, ...]:
        """Return the counts as the schema holds them."""
        return tuple(Dropped(reason, name, count) for (reason, name), count in self.dropped.items())


def whole_number(node: Node) -> int:
    """Return the number of an output slot; 4.0 is 4, as servers write it that keep classes among other numbers."""
    if isinstance(node.value, float) and node.value.is_integer():
        return Node(int(node.value), node.where).whole()
    return node.whole()


@dataclass(frozen=True)
class Classes:
    """Reads which class is meant. A model without published classes takes the answer's word."""

    model: ModelCard
    notes: Notes

    def of_item(self, item: Node) -> tuple[int | None, str]:
        """Return (index, name) of an item that says either, both, or nothing when the model has one class."""
        number, name = item.first(*INDEX_KEYS), item.first(*NAME_KEYS)
        if number is not None:
            index = number.whole()
            return self.at(index)[0], name.text() if name is not None and isinstance(name.value, str) else self.at(index)[1]
        if name is not None:
            return self.named(name)
        if len(self.model.classes) == 1:
            only = self.model.classes[0]
            return only.index, only.name
        raise item.reject('a class: "index" or "class"')

    def named_first(self, name: Node | None, number: Node | None, item: Node) -> tuple[int | None, str]:
        """Return (index, name) of an item that says both, of a server that counts its classes in an order of its own.

        A name that the model publishes decides; the number only does where the model publishes no classes.
        """
        if name is None:
            if number is None:
                return self.of_item(item)
            return self.at(whole_number(number))
        if number is not None and not self.model.classes:
            return whole_number(number), name.text()
        return self.named(name)

    def named(self, name: Node) -> tuple[int | None, str]:
        """Return (index, name) of a class by its name, or by its number."""
        if isinstance(name.value, int):
            return self.at(name.whole())
        text = name.text()
        known = self.model.class_named(text)
        if known:
            return known.index, known.name
        numbered = _NUMBERED.fullmatch(text.strip())
        if numbered and self.model.class_at(int(numbered[1])):
            return self.at(int(numbered[1]))
        self.notes.warn(f'The model has no class named "{text}". Add it to the model\'s classes to map it.')
        return None, text

    def at(self, index: int) -> tuple[int, str]:
        """Return (index, name) of an output slot."""
        if self.model.classes and index not in self._names:
            self.notes.warn(f"The model has no class number {index}. Add it to the model's classes to map it.")
        return index, self._names.get(index, str(index))

    @cached_property
    def _names(self) -> dict[int, str]:
        return {each.index: each.name for each in self.model.classes}

    def in_order(self, count: int) -> list[tuple[int, str]]:
        """Return (index, name) for ``count`` numbers in the order of the output slots."""
        if self.model.classes and len(self.model.classes) != count:
            self.notes.warn(f"The answer has {count} classes, the model {len(self.model.classes)}.")
        return [(index, self.model.name_of(index)) for index in range(count)]
