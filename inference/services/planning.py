"""What a run needs to know of its model, read once: the card, the way to draft, the version that is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from campaigns.errors import Conflict
from campaigns.models import Campaign, Image
from inference.inputs import StoredImage
from inference.prefill import DraftRules, ModelTag
from inference.protocols.agent import AGENT
from inference.store import Source
from models_registry.models import CampaignModel, ModelKind, RegisteredModel

IMAGE_FIELDS = ("pk", "name", "path", "format", "width", "height", "bands", "dtype", "crs", "transform", "size_bytes", "sha256")


@dataclass(frozen=True)
class Plan:
    """How images are asked about: the model, and the drafting when there is any."""

    model: RegisteredModel
    rules: DraftRules | None

    @property
    def source(self) -> Source:
        """The model version that answers are kept under."""
        return Source(self.model.pk, self.model.version)

    @property
    def is_local(self) -> bool:
        """Whether the model runs in this process."""
        return self.model.kind == ModelKind.INTERNAL

    @property
    def is_pulled(self) -> bool:
        """Whether an agent fetches the model's work."""
        return self.model.protocol == AGENT


def make_plan(model: RegisteredModel, campaign: Campaign, *, prefill: bool) -> Plan:
    """Read how a campaign uses a model; raises Conflict when prefill is wanted and the model is no longer attached."""
    return Plan(model, draft_rules(model, campaign) if prefill else None)


def draft_rules(model: RegisteredModel, campaign: Campaign) -> DraftRules:
    """Return which labels a model's classes stand for in a campaign, and from what confidence on."""
    joined = CampaignModel.objects.filter(model=model, campaign=campaign).first()
    if joined is None:
        raise Conflict(
            "The model is no longer attached to the campaign. Attach it again, or run without prefill.", code="model_not_attached"
        )
    labels = dict(joined.mappings.values_list("class_index", "label_id"))
    thresholds = {int(label): float(threshold) for label, threshold in joined.thresholds.items()}
    tag = ModelTag(model.pk, model.name, model.version)
    spans = {int(label): (float(ends["low"]), float(ends["high"])) for label, ends in joined.unsure_spans.items()}
    return DraftRules(tag, campaign.task, labels, thresholds, _model_threshold(model.options), _simplify_px(model.options), spans)


def _simplify_px(options: dict[str, Any]) -> float:
    steps = (step for step in options.get("post", ()) if step["name"] == "simplify")
    return next((float(step["params"]["px"]) for step in steps), 0.0)


def _model_threshold(options: dict[str, Any]) -> float | None:
    value = options.get("threshold")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None


def images_by_id(ids: list[int]) -> dict[int, StoredImage]:
    """Return what is needed to send the images; those that are gone are left out."""
    rows = Image.objects.filter(pk__in=ids).order_by().values(*IMAGE_FIELDS)
    return {row["pk"]: _stored(row) for row in rows}


def stored_image(image: Image) -> StoredImage:
    """Return what is needed to send an image."""
    return _stored({name: getattr(image, name) for name in IMAGE_FIELDS})


def _stored(row: dict[str, Any]) -> StoredImage:
    place = None if row["transform"] is None else tuple(row["transform"])
    path = settings.DATA_DIR / "images" / row["path"]
    return StoredImage(id=row.pop("pk"), **{**row, "path": path, "transform": place})
