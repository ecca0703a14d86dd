"""One answer out of several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.ensembling.areas import vote_areas
from inference.ensembling.objects import fuse_objects
from inference.ensembling.voices import Ballot, Voice, say_of
from inference.schema import Classification, ClassScore, Item, Prediction, PredictionRejected
from models_registry.mapping import to_labels


def combine(voices: Sequence[Voice], ballot: Ballot) -> Prediction:
    """Return what the members say together; raises ``PredictionRejected`` when they speak of images of different sizes."""
    first = voices[0].prediction
    for voice in voices:
        if (voice.prediction.width, voice.prediction.height) != (first.width, first.height):
            raise PredictionRejected(
                "",
                f"the members answered for {first.width} x {first.height} and {voice.prediction.width} x {voice.prediction.height} pixels",
            )
    items: list[Item] = [*_classified(voices, ballot)]
    if ballot.areas:
        raster = vote_areas(voices, ballot, (first.height, first.width))
        items += [] if raster is None else [raster]
    else:
        items += fuse_objects(voices, ballot, (first.height, first.width))
    warnings = tuple(dict.fromkeys(warning for voice in voices for warning in voice.prediction.warnings))
    return Prediction(tuple(items), first.width, first.height, ballot.version, warnings)


def _classified(voices: Sequence[Voice], ballot: Ballot) -> list[Classification]:
    """Return the weighted mean of the mapped probabilities; of each label, over the members that provide it."""
    spoken = [(voice, item) for voice in voices for item in voice.prediction.items if isinstance(item, Classification)]
    if not spoken:
        return []
    say = say_of([voice for voice, _ in spoken], ballot)
    means = np.zeros(len(ballot.labels))
    places = ballot.places
    for voice, item in spoken:
        found = to_labels([(each.index, each.confidence) for each in item.scores], voice.labels, multi_label=item.mode == "multi").labels
        for label, probability in found.items():
            if label in places:
                means[places[label]] += voice.weight * probability / say[label]
    if not ballot.multi_label and means.sum() > 1.0:  # labels of different members do not share one sum
        means /= means.sum()
    scores = tuple(
        ClassScore(place, name, float(min(1.0, means[place]))) for place, (label, name) in enumerate(ballot.labels) if say[label] > 0
    )
    if not scores:
        return []
    complete = all(item.complete for _, item in spoken) and (ballot.multi_label or abs(float(means.sum()) - 1.0) < 1e-3)
    mode, activation = ("multi", "sigmoid") if ballot.multi_label else ("single", "softmax")
    return [Classification(scores, mode=mode, activation=activation, complete=complete)]  # type: ignore[arg-type]
