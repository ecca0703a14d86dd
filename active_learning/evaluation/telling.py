"""What each figure says, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from active_learning.evaluation.resampling import Interval, of_share

HELP: Final[Mapping[str, str]] = {
    "accuracy": "The share of images of which the model says exactly the true labels, no more and no fewer.",
    "image_accuracy": "The share of images in which everything is found under its right label, and nothing else.",
    "label_accuracy": "The share of right single answers, counting every label of every image, those that are rightly not said too.",
    "precision": "Of what the model said, the share that is true; 1 means no false alarms.",
    "recall": "Of what is true, the share that the model said; 1 means nothing was missed.",
    "f1": "The harmonic mean of precision and recall, high only where both are.",
    "precision_micro": "Precision with all labels in one pot, so that frequent labels count most.",
    "precision_macro": "The plain mean of the precision of each label, so that rare labels count as much as frequent ones.",
    "precision_weighted": "The mean of the precision of each label, each as heavy as it is often true.",
    "recall_micro": "Recall with all labels in one pot, so that frequent labels count most.",
    "recall_macro": "The plain mean of the recall of each label, so that rare labels count as much as frequent ones.",
    "recall_weighted": "The mean of the recall of each label, each as heavy as it is often true.",
    "f1_micro": "F1 with all labels in one pot, so that frequent labels count most.",
    "f1_macro": "The plain mean of the F1 of each label, so that rare labels count as much as frequent ones.",
    "f1_weighted": "The mean of the F1 of each label, each as heavy as it is often true.",
    "mcc": "Matthews correlation of answers and truth from -1 to 1, fair where labels are unevenly frequent; 0 is no better than chance.",
    "cross_entropy": "How surprised the model is by the truth, in nats; lower is better, and sure mistakes cost most.",
    "calibration_error": "How far confidence and the share of right answers lie apart; 0 means: 80 % sure is right 8 times of 10.",
    "auc": "How likely a true case gets a higher confidence than a false one, whatever the threshold; 0.5 is chance.",
    "average_precision": "The area under the precision-recall curve: precision averaged over all recalls, whatever the threshold.",
    "map": "COCO's mean average precision: over all labels and over overlaps (IoU) from 0.50 to 0.95.",
    "ap_at_iou": "Average precision where an object counts as found from the chosen overlap (IoU) on, averaged over labels.",
    "ap_at_oks": "Average precision where an object counts as found from the chosen likeness of its points (OKS) on, averaged over labels.",
    "map_oks": "COCO's mean average precision of keypoints: over all labels and over likenesses (OKS) from 0.50 to 0.95.",
    "true": "How many images, objects or pixels of this label there are in truth (the support).",
    "threshold": "From this confidence on the model's answer counts; below it, it is as if the model had said nothing.",
    "oks": "The mean likeness (OKS) of found objects' points to the true ones: 1 is exact, 0 is far off for the object's size.",
    "iou": "The area that is both said and true over the area that is either; 1 is a perfect outline.",
    "miou": "The plain mean of the IoU of each label.",
    "pixel_accuracy": "The share of pixels with the true label.",
}  # fmt: skip


NO_SHARES: Final = frozenset({"mcc", "cross_entropy", "calibration_error", "oks"})


@dataclass(frozen=True)
class Figure:
    """One figure, with its 95 % interval where there is one. None: there is nothing to compute it from."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None

    def on(self, images: int) -> Figure:
        """Return the figure as so many images tell it: of a share on which they all agree, with what they leave open.

        Without an interval where there are too few images for one that holds the figure.
        """
        if self.value is None or self.low is None or self.high is None:
            return self
        drawn = Interval(self.low, self.high)
        spread = drawn if self.name in NO_SHARES else of_share(self.value, drawn, images)
        held = None if spread is None else spread.around(self.value)
        return Figure(self.name, self.value) if held is None else Figure(self.name, self.value, held.low, held.high)
