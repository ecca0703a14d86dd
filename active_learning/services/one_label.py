"""One label against the rest: what there is to learn it from, and the images in which a model found it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from active_learning.services.snapshots import latest_revisions, pictures_of
from active_learning.services.truth import whole_labels
from active_learning.training.one_class import LEAST
from campaigns.errors import Conflict, NotFound
from campaigns.models import Campaign, Image, Label, Task, User
from campaigns.permissions import VIEW, require_role
from inference.models import Prediction
from models_registry.models import CampaignModel

MOST_FOUND: Final = 500


@dataclass(frozen=True)
class Material:
    """Labeled images that have a label, those that lack it (another label, or none at all), and those that wait.

    ``least``: so many positives are needed. ``only_positives``: nothing lacks the label, so it is learned from its images alone.
    """

    positives: int
    negatives: int
    waiting: int
    least: int

    @property
    def only_positives(self) -> bool:
        """Whether there is nothing to tell the label from but images that nobody has labeled."""
        return self.negatives == 0


@dataclass(frozen=True)
class Found:
    """Images that nobody has labeled, by the probability of the label, the likeliest first; ``answered``: of so many."""

    answered: int
    images: tuple[tuple[int, float], ...]


def material_of(*, user: User, campaign: Campaign, label: Label) -> Material:
    """Count what a model of one label would learn from; raises Conflict for campaigns that do not classify."""
    require_role(user, campaign, VIEW)
    require_classes(campaign)
    said = [whole_labels(each.annotations) for each in pictures_of(latest_revisions(campaign))]
    positives = sum(label.pk in labels for labels in said)
    waiting = Image.objects.filter(campaign=campaign).pool().count()
    return Material(positives, len(said) - positives, waiting, LEAST)


def require_classes(campaign: Campaign) -> None:
    """Raise Conflict for a campaign whose labels are not of whole images."""
    if campaign.task != Task.CLASSIFICATION:
        raise Conflict(
            "One label against the rest is learned of whole images; finders of objects learn one label as it is.", code="wrong_task"
        )


def found_by(*, user: User, campaign: Campaign, model_id: int, least: float = 0.0) -> Found:
    """Return where a model of one label found it, from its stored answers. Raises NotFound for a model that is not the campaign's."""
    require_role(user, campaign, VIEW)
    attached = CampaignModel.objects.filter(campaign=campaign, model_id=model_id).select_related("model").first()
    if attached is None:
        raise NotFound("This campaign does not use such a model.")
    model = attached.model
    if len(model.classes) != 1:
        raise Conflict(f"{model.name} knows several labels. Look at its answers in the statistics.", code="several_labels")
    pool = Image.objects.filter(campaign=campaign).pool()
    rows = Prediction.objects.filter(model=model, model_version=model.version, image__in=pool.order_by(), confidence__isnull=False)
    ranked = rows.filter(confidence__gte=least).order_by("-confidence", "image_id")[:MOST_FOUND]
    return Found(rows.count(), tuple((row.image_id, row.confidence or 0.0) for row in ranked.only("image_id", "confidence")))
