"""Labels of whole images beside what a model said of them, from stored answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from active_learning.evaluation.values import Ints, LabelEvidence
from active_learning.services.answers import Answers, answers_of_sums, classification_of, label_columns, sums_of
from active_learning.services.gathered import Blocks, blocks_of, gather
from active_learning.services.truth import Annotations, truth_of, whole_labels
from campaigns.encoding import resting_collector
from campaigns.models import Campaign, Image, Label
from inference.models import Prediction
from models_registry.models import RegisteredModel


def gathered_answers(campaign: Campaign, model: RegisteredModel, *, place: str, key: str, marks: Mapping[int, int]) -> Answers:
    """Return what the model said of the images of ``marks``, of which only those that changed are read anew."""
    mapping = label_columns(campaign, model)

    def read(images: list[int]) -> Blocks:
        rows = Prediction.objects.filter(model=model, model_version=model.version, image__in=images).order_by("image_id")
        with resting_collector():
            items = [(image, classification_of(document)) for image, document in rows.values_list("image_id", "document")]
        known = [item for _, item in items if item is not None]
        sums, multi = sums_of(known, mapping)
        lengths = np.array([item is not None for _, item in items], np.int64)
        ids = np.array([image for image, _ in items], np.int64)
        return Blocks(ids, np.zeros(len(ids), np.int64), {"sums": sums, "multi": multi}, {"sums": lengths, "multi": lengths})

    blocks = gather(place, key, marks, read)
    if not len(blocks):
        return answers_of_sums((), np.zeros((0, len(mapping.names) + 1)), mapping, multi_label=False)
    answered = tuple(blocks.image_ids[blocks.lengths["sums"] > 0].tolist())
    return answers_of_sums(answered, blocks.parts["sums"], mapping, multi_label=bool(blocks.parts["multi"].any()))


@dataclass(frozen=True, eq=False)
class LabelTruth:
    """The labels of the whole images (N,) whose truth is known: ``labels`` (L,), ``lengths`` (N,) of them an image."""

    image_ids: Ints
    labels: Ints
    lengths: Ints

    def without(self, unclear: Ints) -> LabelTruth:
        """Leave images out."""
        stays = ~np.isin(self.image_ids, unclear)
        return LabelTruth(self.image_ids[stays], self.labels[np.repeat(stays, self.lengths)], self.lengths[stays])


def gathered_truth(campaign: Campaign, *, place: str, key: str, marks: Mapping[int, int], multi_label: bool) -> LabelTruth:
    """Return the true labels of the images of ``marks``, of which only those that changed are read anew."""

    def read(images: list[int]) -> Blocks:
        told = truth_of(Image.objects.filter(campaign=campaign, pk__in=images))
        labels = {image: sorted(labels_of(annotations, multi_label=multi_label)) for image, annotations in told.items()}
        return blocks_of({image: {"labels": np.array(each, np.int64)} for image, each in labels.items()})

    blocks = gather(place, key, marks, read)
    none = np.empty(0, np.int64)
    return LabelTruth(blocks.image_ids, blocks.parts.get("labels", none), blocks.lengths.get("labels", none))


def labels_of(annotations: Annotations, *, multi_label: bool) -> frozenset[int]:
    """Return the labels of the whole image; where one is asked for and one of several is the default, that one alone."""
    labels = whole_labels(annotations)
    if multi_label or len(labels) <= 1:
        return labels
    default = whole_labels(each for each in annotations if each.get("default"))
    return default or labels


def label_evidence(campaign: Campaign, answers: Answers, truth: LabelTruth, *, multi_label: bool) -> LabelEvidence:
    """Put answers and truth side by side over the labels that either knows, in the campaign's order."""
    in_use = {label for label in answers.label_ids if label is not None}.union(np.unique(truth.labels).tolist())
    labels = tuple(pk for pk in Label.objects.filter(campaign=campaign).values_list("pk", flat=True) if pk in in_use)
    place = {label: column for column, label in enumerate(labels)}
    ids, rows, true_rows = np.intersect1d(np.array(answers.image_ids, np.int64), truth.image_ids, return_indices=True)
    probabilities = np.zeros((len(ids), len(labels)))
    known = [(column, place[label]) for column, label in enumerate(answers.label_ids) if label is not None]
    if answers.probabilities is not None and known:
        columns, places = np.array(known).T
        probabilities[:, places] = answers.probabilities[np.ix_(rows, columns)]
    table = np.zeros((len(truth.image_ids), len(labels)), bool)
    hit = np.array([place.get(label, -1) for label in truth.labels.tolist()], np.int64)
    table[np.repeat(np.arange(len(table)), truth.lengths)[hit >= 0], hit[hit >= 0]] = True
    return LabelEvidence(ids, labels, np.clip(probabilities, 0.0, 1.0), table[true_rows], multi_label)
