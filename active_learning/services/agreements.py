"""Keep what was last answered about a campaign's pool, and measure how far the next answers agree with it."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from active_learning.models import Agreement, Round
from active_learning.progress.agreement import common, kappa
from active_learning.services.answers import Answers
from campaigns.models import Campaign
from campaigns.storage import folder


def answers_path(campaign: Campaign) -> Path:
    """Return the file of a campaign's last answers."""
    return folder("answers") / f"{campaign.pk}.npz"


def measure_agreement(round_: Round, answers: Answers | None, *, labeled: int) -> Agreement | None:
    """Compare a classifier's answers with those before, and keep them for the next time; None where there is nothing to compare."""
    if answers is None or answers.probabilities is None or not answers.image_ids:
        return None
    ids, codes = np.array(answers.image_ids, np.int64), _codes(answers)
    before = _read(answers_path(round_.campaign))
    _write(answers_path(round_.campaign), ids, codes)
    if before is None:
        return None
    one, other = common(ids, codes, *before)
    if not len(one):
        return None
    return Agreement.objects.create(campaign=round_.campaign, round=round_, labeled=labeled, compared=len(one), kappa=kappa(one, other))


def _codes(answers: Answers) -> Any:
    """Turn answers into one number an image: the id of the label, or a number of the whole set of labels."""
    assert answers.probabilities is not None
    labels = np.array([label if label is not None else 0 for label in answers.label_ids], np.int64)
    if not answers.multi_label:
        return labels[answers.probabilities.argmax(axis=1)]
    mixed = (labels * np.int64(2_654_435_761)) ^ (labels << np.int64(17))
    return ((answers.probabilities >= 0.5) * mixed).sum(axis=1)


def _read(path: Path) -> tuple[Any, Any] | None:
    try:
        with np.load(path) as kept:
            return kept["ids"], kept["codes"]
    except (
        OSError,
        ValueError,
        KeyError,
        zipfile.BadZipFile,
    ):  # none yet, or one that a full disk cut off: the next comparison begins anew
        return None


def _write(path: Path, ids: Any, codes: Any) -> None:
    fresh = path.with_name(f"{path.stem}.{os.getpid()}.npz")
    np.savez(fresh, ids=ids, codes=codes)
    fresh.replace(path)
