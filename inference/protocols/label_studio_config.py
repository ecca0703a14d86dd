"""What a Label Studio backend is told of a model: a labeling interface in its XML, made of the task and the classes."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import quoteattr

from inference.wire import ModelCard

IMAGE: Final = "image"
"""Name of the picture in the interface, and of the task's data that holds its address."""
NO_CLASS: Final = "Object"
"""The only label of a model that publishes no classes: an interface without a label is none."""

CONTROLS: Final[dict[str, tuple[str, ...]]] = {
    "classification": ("Choices",),
    "detection": ("RectangleLabels", "PolygonLabels", "KeyPointLabels"),
    "segmentation": ("BrushLabels", "PolygonLabels", "RectangleLabels", "KeyPointLabels", "EllipseLabels"),
    "keypoints": ("KeyPointLabels", "RectangleLabels"),
}
"""Tags by task, the one that answers are expected in first: backends take the first of the kinds that they know."""
NAMES: Final = {
    "Choices": "choice", "RectangleLabels": "box", "PolygonLabels": "polygon", "BrushLabels": "brush", "KeyPointLabels": "point",
    "EllipseLabels": "ellipse",
}  # fmt: skip
"""What ``from_name`` says of each tag."""


def label_names(model: ModelCard) -> tuple[str, ...]:
    """Return the names of the labels."""
    return tuple(each.name for each in model.classes) or (NO_CLASS,)


def label_config(model: ModelCard) -> str:
    """Return the interface: the model's own when its options hold one, else one that fits its task and classes."""
    own = model.options.extra.get("label_config")
    if isinstance(own, str) and own.strip():
        return own
    controls = "".join(_control(tag, model) for tag in CONTROLS[model.task])
    return f'<View><Image name="{IMAGE}" value="${IMAGE}"/>{controls}</View>'


def _control(tag: str, model: ModelCard) -> str:
    if tag == "Choices":
        choices = "".join(f"<Choice value={quoteattr(name)}/>" for name in label_names(model))
        return f'<Choices name="{NAMES[tag]}" toName="{IMAGE}" choice="{"multiple" if model.multi_label else "single"}">{choices}</Choices>'
    labels = "".join(f"<Label value={quoteattr(name)}/>" for name in label_names(model))
    # Marks are made with points and boxes: "smart" is what a backend's interface says of tags that ask it something.
    smart = ' smart="true"' if tag in ("KeyPointLabels", "RectangleLabels") else ""
    return f'<{tag} name="{NAMES[tag]}" toName="{IMAGE}"{smart}>{labels}</{tag}>'
