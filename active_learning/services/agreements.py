"""Keep what was last answered about a campaign's pool, and measure how far the next answers agree with it."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

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
    """Compare a classifier's answers with those before, and keep them for the next time; None where there is nothing to compare.

    Only answers that learned from more labels than those before tell whether more labels change them: the same model would agree with
    itself. Called again by a run that lost its worker, it does not take the same answers for answers that did not change.
    """
    if answers is None or answers.probabilities is None or not answers.image_ids:
        return None
    path, made = answers_path(round_.campaign), np.array([round_.pk, labeled], np.int64)
    ids, codes = np.array(answers.image_ids, np.int64), _codes(answers)
    before = _read(path)
    mine = Agreement.objects.filter(campaign=round_.campaign, round=round_, labeled=labeled)
    if before is not None and np.array_equal(before.made, made):
        return mine.last()
    found = None
    learned_more = before is not None and labeled > before.made[1]
    one, other = common(ids, codes, before.ids, before.codes) if before is not None and learned_more else (ids[:0], ids[:0])
    if len(one):
        found, _ = Agreement.objects.update_or_create(
            campaign=round_.campaign, round=round_, labeled=labeled, defaults={"compared": len(one), "kappa": kappa(one, other)}
        )
    _write(path, ids=ids, codes=codes, made=made)
    return found


def _codes(answers: Answers) -> Any:
    """Turn answers into one number an image: the id of the label, or a number of the whole set of labels."""
    assert answers.probabilities is not None
    labels = np.array([label if label is not None else 0 for label in answers.label_ids], np.int64)
    if not answers.multi_label:
        return labels[answers.probabilities.argmax(axis=1)]
    mixed = (labels * np.int64(2_654_435_761)) ^ (labels << np.int64(17))
    return ((answers.probabilities >= 0.5) * mixed).sum(axis=1)


class _Kept(NamedTuple):
    """Images and what was answered about them; ``made``: of which round, with how many labels."""

    ids: Any
    codes: Any
    made: Any


def _read(path: Path) -> _Kept | None:
    try:
        with np.load(path) as kept:
            return _Kept(kept["ids"], kept["codes"], kept["made"])
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):  # none yet, or cut off: the next comparison begins anew
        return None


def _write(path: Path, **arrays: Any) -> None:
    fresh = path.with_name(f"{path.stem}.{os.getpid()}.npz")
    np.savez(fresh, **arrays)
    fresh.replace(path)
