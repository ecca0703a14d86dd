"""``labels.json`` of a downloaded model: which classes stand for which labels, from what confidence on, and how it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from inference.prefill import DraftRules, ModelTag
from inference.serving.questions import AskedModel
from inference.steps import settled
from inference.wire import ModelCard, ModelClass
from models_registry.options import ModelOptions

FORMAT: Final = "winnow-offline/1"
CLASSIFIER: Final = "classifier"
TENSORS: Final = "tensors"
CHECKPOINT: Final = "checkpoint"
NETWORKS: Final = {CLASSIFIER: "model.onnx", TENSORS: "model.onnx", CHECKPOINT: "model.winnow"}
"""The file of the network in an archive, by the kind of the model."""
BACKBONE: Final = "backbone.pth"
"""What a checkpoint on frozen features stands on, beside it."""


@dataclass(frozen=True)
class Manifest:
    """What is known of a model that was taken along.

    ``names``: labels of the campaign by id. ``kind``: a classifier of ours that sees squares of ``side_px``, a network of
    tensors that its card's options describe, or a checkpoint of ours as it is, which torch computes. ``sha256``: of the network's file.
    ``profiles``: thresholds by label id under names that calls may give.
    """

    campaign_id: int
    campaign_name: str
    model: AskedModel
    card: ModelCard
    rules: DraftRules
    names: Mapping[int, str]
    kind: str
    sha256: str
    side_px: int = 0
    profiles: Mapping[str, Mapping[int, float]] = field(default_factory=dict)

    @property
    def network(self) -> str:
        """The name of the network's file."""
        return NETWORKS[self.kind]

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        card, rules = self.card, self.rules
        return {
            "format": FORMAT,
            "campaign": {"id": self.campaign_id, "name": self.campaign_name, "task": rules.task},
            "model": {
                **asdict(self.model), "multi_label": card.multi_label, "classes": [asdict(each) for each in card.classes],
                "options": card.options.as_document(),
            },
            "labels": [{"id": label, "name": name} for label, name in self.names.items()],
            "mapping": {str(index): label for index, label in rules.labels.items()},
            "thresholds": {str(label): value for label, value in rules.thresholds.items()},
            "profiles": {name: {str(label): value for label, value in limits.items()} for name, limits in self.profiles.items()},
            "unsure_spans": {str(label): list(span) for label, span in rules.unsure_spans.items()},
            "model_threshold": rules.model_threshold,
            "simplify_px": rules.simplify_px,
            "network": {"file": self.network, "sha256": self.sha256, "kind": self.kind, "side_px": self.side_px},
        }  # fmt: skip

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Manifest:
        """Read what ``as_document`` wrote; raises ``ValueError`` or ``KeyError`` for anything else."""
        if document.get("format") != FORMAT:
            raise ValueError(f"labels.json is of the format {document.get('format')!r}; this server reads {FORMAT!r}")
        campaign, model, network = document["campaign"], document["model"], document["network"]
        asked = AskedModel(*(model[name] for name in ("id", "name", "version", "task", "role")))
        classes = tuple(ModelClass(each["index"], each["name"]) for each in model["classes"])
        options = settled(ModelOptions.from_document(model["options"]))
        rules = DraftRules(
            ModelTag(asked.id, asked.name, asked.version), campaign["task"],
            {int(index): label for index, label in document["mapping"].items()},
            {int(label): value for label, value in document["thresholds"].items()}, document["model_threshold"], document["simplify_px"],
            {int(label): (span[0], span[1]) for label, span in document.get("unsure_spans", {}).items()},
        )  # fmt: skip
        return cls(
            campaign["id"], campaign["name"], asked,
            ModelCard("", asked.task, classes, model["multi_label"], asked.name, asked.version, options), rules,
            {each["id"]: each["name"] for each in document["labels"]}, network["kind"], network["sha256"], network["side_px"],
            {name: {int(label): value for label, value in limits.items()} for name, limits in document.get("profiles", {}).items()},
        )  # fmt: skip
