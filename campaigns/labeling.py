"""Labels of whole images as pure functions of a set's annotations: give, take, make one the default; and the way back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

Annotations = list[dict[str, Any]]
Steps = list[dict[str, Any]]


@dataclass(frozen=True)
class Wish:
    """What should become of the labels of images, by label id.

    ``default`` is given where it is missing, and becomes the default; ``default_for_having`` becomes it only where it is.
    ``one_label``: an image takes one label, so that adding replaces.
    """

    add: tuple[int, ...] = ()
    remove: tuple[int, ...] = ()
    default: int | None = None
    default_for_having: int | None = None
    submit: bool = False
    one_label: bool = False

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Wish:
        """Read what ``as_document`` wrote."""
        return cls(**{**document, "add": tuple(document["add"]), "remove": tuple(document["remove"])})

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)

    @property
    def labels(self) -> set[int]:
        """All labels that it names."""
        named = {*self.add, *self.remove, self.default, self.default_for_having}
        return {label for label in named if label is not None}


def whole_annotation(label: int) -> dict[str, Any]:
    """Return an annotation that gives the image as a whole a label, as a person does."""
    return {
        "id": uuid.uuid4().hex[:12], "label": label, "shape": {"type": "whole"}, "origin": "human", "review": "accepted",
        "confidence": None, "model": None, "attributes": {},
    }  # fmt: skip


def is_whole(annotation: dict[str, Any]) -> bool:
    """Say whether an annotation is of the image as a whole."""
    return bool(annotation["shape"]["type"] == "whole")


def has_whole(annotations: Sequence[dict[str, Any]], label: int) -> bool:
    """Say whether the image as a whole has a label that somebody accepted."""
    return any(is_whole(a) and a["label"] == label and a["review"] == "accepted" for a in annotations)


def labeled(annotations: Annotations, wish: Wish) -> Annotations:
    """Return the annotations as a wish wants them; those with shapes are left alone, and so is what is as wanted already."""
    found = [a for a in annotations if not (is_whole(a) and a["label"] in wish.remove)]
    given = wish.add if wish.default is None else (*wish.add, wish.default)
    for label in given:
        found = _given(found, label, alone=wish.one_label)
    default = wish.default
    if default is None and wish.default_for_having is not None and has_whole(found, wish.default_for_having):
        default = wish.default_for_having
    return found if default is None else _with_default(found, default)


def _given(annotations: Annotations, label: int, *, alone: bool) -> Annotations:
    found = [a for a in annotations if not (alone and is_whole(a) and a["label"] != label)]
    if has_whole(found, label):
        return found
    draft = next((a for a in found if is_whole(a) and a["label"] == label), None)
    if draft is None:
        return [*found, whole_annotation(label)]
    return [{**a, "review": "accepted"} if a is draft else a for a in found]


def _with_default(annotations: Annotations, label: int) -> Annotations:
    chosen = next(a for a in annotations if is_whole(a) and a["label"] == label and a["review"] == "accepted")
    return [_marked(a) if a is chosen else _unmarked(a) for a in annotations]


def _marked(annotation: dict[str, Any]) -> dict[str, Any]:
    return annotation if annotation.get("default") else {**annotation, "default": True}


def _unmarked(annotation: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in annotation.items() if name != "default"} if annotation.get("default") else annotation


def relabeled(annotations: Annotations, label: int, other: int | None) -> Annotations:
    """Give what has a label to another, or nowhere. An image that has both as a whole has the other once, and keeps its default."""
    if all(a["label"] != label for a in annotations):
        return annotations
    if other is None:
        return [a for a in annotations if a["label"] != label]
    both = has_whole(annotations, label) and has_whole(annotations, other)
    was_default = both and any(a["label"] == label and a.get("default") for a in annotations)
    kept = [a for a in annotations if not (both and is_whole(a) and a["label"] == label and a["review"] == "accepted")]
    found = [{**a, "label": other} if a["label"] == label else a for a in kept]
    return _with_default(found, other) if was_default else found


def difference(before: Annotations, after: Annotations) -> Steps:
    """Return how ``before`` is made of ``after``: runs of it to keep, and what to put between them."""
    place = {a["id"]: i for i, a in enumerate(after)}
    steps: Steps = []
    for annotation in before:
        at = place.get(annotation["id"])
        last = steps[-1] if steps else {}
        if at is not None and after[at] == annotation:
            if "keep" in last and last["keep"][1] == at:
                last["keep"][1] = at + 1
            else:
                steps.append({"keep": [at, at + 1]})
        elif "put" in last:
            last["put"].append(annotation)
        else:
            steps.append({"put": [annotation]})
    return steps


def restored(after: Annotations, steps: Steps) -> Annotations:
    """Undo ``difference``."""
    found: Annotations = []
    for step in steps:
        found += after[slice(*step["keep"])] if "keep" in step else step["put"]
    return found
