"""What annotations of an image are checked against, read from its campaign."""

from __future__ import annotations

from campaigns.attributes import Attribute
from campaigns.documents import Frame
from campaigns.geometry import Skeleton
from campaigns.label_rules import LabelRules
from campaigns.models import Campaign, Image, Label, Task


def frame_of(image: Image, *, labels: frozenset[int] | None = None) -> Frame:
    """Return what annotations of an image are checked against; the campaign's labels are read unless they are given."""
    campaign = image.campaign
    attributes: dict[int, tuple[Attribute, ...]] = {}
    skeletons: dict[int, Skeleton | None] = {}
    rules = LabelRules()
    if labels is None:
        rows = list(Label.objects.filter(campaign=campaign).values_list("pk", "attributes", "skeleton", "name", "group"))
        attributes = {pk: tuple(Attribute.from_document(d) for d in definitions) for pk, definitions, *_ in rows if definitions}
        skeletons = {pk: Skeleton.from_document(document) for pk, _, document, *_ in rows if document}
        labels = frozenset(pk for pk, *_ in rows)
        names, groups = {pk: name for pk, *_, name, _ in rows}, {pk: group for pk, *_, group in rows if group}
        rules = _rules_of(campaign, names, groups)
    chosen = campaign.settings.get("shapes")
    return Frame(
        image.width, image.height, campaign.task, labels, bool(campaign.settings.get("multi_label")), attributes,
        {pk: skeleton for pk, skeleton in skeletons.items() if skeleton}, None if chosen is None else frozenset(chosen), rules=rules,
    )  # fmt: skip


def _rules_of(campaign: Campaign, names: dict[int, str], groups: dict[int, str]) -> LabelRules:
    """Return which labels go together; where an image has one label, or its objects have theirs, any do."""
    if campaign.task != Task.CLASSIFICATION or not campaign.settings.get("multi_label"):
        return LabelRules()
    return LabelRules(campaign.settings.get("min_labels") or 0, campaign.settings.get("max_labels"), groups, names)
