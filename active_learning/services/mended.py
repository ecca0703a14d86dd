"""Keep the review list current: what somebody put right in the labeling tool is not asked about any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from active_learning.label_errors.objects import Wrong, judge
from active_learning.models import DoubtKind, DoubtState, LabelDoubt
from active_learning.services.truth import accepted, submitted_of, whole_labels
from campaigns.models import Image, Revision, Task

Annotations = Sequence[Mapping[str, Any]]


def wants_submissions(campaign_id: int) -> bool:
    """Say whether a campaign has doubts that a submit may settle; asked in the transaction of every submit."""
    return LabelDoubt.objects.filter(campaign=campaign_id, state=DoubtState.OPEN).exists()


def forget_mended(revision_ids: Sequence[int]) -> int:
    """Take open doubts off the list that what was handed in since leaves no ground for; return how many."""
    images = set(Revision.objects.filter(pk__in=revision_ids).values_list("image", flat=True))
    doubts = LabelDoubt.objects.filter(image__in=images, state=DoubtState.OPEN).select_related("campaign")
    said = submitted_of(Image.objects.filter(pk__in=images))
    gone = [doubt.pk for doubt in doubts if not _holds(doubt, said.get(doubt.image_id, []))]
    return LabelDoubt.objects.filter(pk__in=gone, state=DoubtState.OPEN).delete()[0]


def _holds(doubt: LabelDoubt, annotations: Annotations) -> bool:
    """Say whether what is doubted is still as it was."""
    if doubt.campaign.task == Task.CLASSIFICATION:
        labels = whole_labels(annotations)
        return (doubt.given_id is None or doubt.given_id in labels) and doubt.suggested_id not in labels
    standing = accepted(annotations)
    if doubt.kind == DoubtKind.MISSING:
        findings = judge(standing, [doubt.facts["said"]], sure={doubt.suggested_id or 0: 0.0}).findings
        return any(each.kind is Wrong.MISSING for each in findings)
    drawn = doubt.facts["drawn"]
    return any(all(each[name] == drawn[name] for name in ("id", "label", "shape")) for each in standing)
