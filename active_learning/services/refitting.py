"""What a new ranking of an open round goes by: a head fitted in memory on the labels at hand, and what is stored of the images.

Nothing here grows with the pool but one product of the stored embeddings with the head: the ranking itself looks at a shortlist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.acquisition.scores import SCORES
from active_learning.acquisition.values import Floats
from active_learning.embeddings import EmbeddingStore, content_key
from active_learning.models import Round
from active_learning.services.annotators import measure_trust
from active_learning.services.answers import Answers, read_answers
from active_learning.services.embeddings import embedding_store, ensure_embeddings
from active_learning.services.evaluation import HEAD_DECAY, HEAD_STEPS
from active_learning.services.knowledge import EMBEDDED_FIELDS, labeled_of, model_of, pool_of
from active_learning.services.ranking import Known, Vectors
from active_learning.services.refitting_finders import Refitted, refit_finder
from active_learning.services.snapshots import latest_revisions, pictures_of
from active_learning.services.trusting import LabelTrust
from active_learning.services.truth import whole_labels
from active_learning.training.fast_head import Examples, fit_head, fit_temperature
from campaigns.models import Campaign, Label, Task
from campaigns.options import CampaignOptions
from campaigns.querysets import ImageQuerySet
from campaigns.runs import RunContext
from models_registry.networks.backbones import DEFAULT_SIZE
from models_registry.networks.heads import LinearHead

VALIDATED: Final = 5  # one in so many labeled images tells the temperature
LEAST_VALIDATED: Final = 20
SHORTLIST: Final = 16_384


@dataclass(frozen=True, eq=False)
class Head:
    """A head fitted on what people labeled: its columns are labels of the campaign. ``counts``: (K,) images a label."""

    linear: LinearHead
    label_ids: tuple[int, ...]
    names: tuple[str, ...]
    counts: Floats
    labeled: int


@dataclass(frozen=True, eq=False)
class Stored:
    """Images whose embeddings are stored, in the order of their ids, and why others have none."""

    ids: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int64]
    store: EmbeddingStore
    failures: Mapping[int, str]

    def matrix(self, rows: npt.NDArray[np.int64] | None = None) -> npt.NDArray[np.float32]:
        """Read vectors: of all, or of some rows."""
        return self.store.load(self.keys if rows is None else self.keys[rows])


@dataclass(frozen=True, eq=False)
class Gathered:
    """The pool, what is known of all of it, and the shortlist that is ranked. ``answers``: about the whole pool, None without any."""

    pool: tuple[int, ...]
    known: Known
    answers: Answers | None
    head: Head | None
    labeled: int
    finder: Refitted | None = None

    @property
    def refitted(self) -> bool:
        """Whether a head learned from the new labels."""
        return self.head is not None or self.finder is not None


def gather(context: RunContext, campaign: Campaign, round_: Round, *, rng: np.random.Generator) -> Gathered:
    """Fit the head where the task has one, let it answer about the pool, and choose what is worth ranking.

    Of a pool above 16,384 images, those are half the least sure, half drawn by lot: so many lie far beyond what people label
    before the next ranking, and they stand for the pool where a strategy looks at coverage.
    """
    asked = model_of(round_)
    size = asked.head_size if asked is not None and asked.head_size else DEFAULT_SIZE
    pool, taught = stored(context, campaign, pool_of(campaign), size), stored(context, campaign, labeled_of(campaign), size)
    vectors = taught.matrix()
    head = refit(campaign, taught.ids, vectors) if campaign.task == Task.CLASSIFICATION else None
    finder = None if campaign.task == Task.CLASSIFICATION else refit_finder(context, campaign, round_, pool.ids, rng=rng)
    answers = _answers_of(head, pool) if head is not None else _stored_answers(campaign, round_, finder)
    rows = _shortlist(pool.ids, answers, rng)
    ids = tuple(pool.ids[rows].tolist())
    known = Known(
        pool=ids,
        answers=None if answers is None else answers.of(ids),
        vectors=Vectors(ids, pool.matrix(rows)),
        labeled=vectors,
        label_counts=None if head is None else head.counts,
        failures=pool.failures,
    )
    everything = tuple(sorted([*pool.ids.tolist(), *pool.failures]))
    return Gathered(everything, known, answers, head, head.labeled if head is not None else len(taught.ids), finder)


def stored(context: RunContext, campaign: Campaign, images: ImageQuerySet, size: str) -> Stored:
    """Return the stored embeddings of images; only those that are missing are computed, and only of these are rows read."""
    pairs = list(images.order_by("pk").values_list("pk", "sha256"))
    ids = np.array([pk for pk, _ in pairs], np.int64)
    keys = np.array([content_key(sha256) for _, sha256 in pairs], np.int64)
    store = embedding_store(size)
    missing = set(store.missing(keys).tolist())
    if not missing:
        return Stored(ids, keys, store, {})
    wanting = [image for image in images.order_by("pk").only(*EMBEDDED_FIELDS) if content_key(image.sha256) in missing]
    failures = ensure_embeddings(context, campaign, wanting, size=size).failures
    there = ~np.isin(ids, list(failures)) if failures else np.ones(len(ids), bool)
    return Stored(ids[there], keys[there], store, dict(failures))


def _answers_of(head: Head, pool: Stored) -> Answers:
    """Ask the head about the whole pool, piece by piece."""
    said = np.empty((len(pool.ids), len(head.label_ids)), np.float64)
    for place, vectors in pool.store.chunks(pool.keys):
        said[place] = head.linear.probabilities(vectors)
    if not head.linear.multi_label:
        said /= said.sum(axis=1, keepdims=True)
    return Answers(tuple(pool.ids.tolist()), head.label_ids, head.names, said, multi_label=head.linear.multi_label)


def _stored_answers(campaign: Campaign, round_: Round, finder: Refitted | None) -> Answers | None:
    asked = model_of(round_)
    if asked is None:
        return None
    fresh = finder.answers if finder is not None else {}
    answers = read_answers(
        campaign=campaign, model=asked.model, version=asked.model.version, images=pool_of(campaign), fresh=fresh
    ).finite()
    return answers if answers.image_ids else None


def _shortlist(ids: npt.NDArray[np.int64], answers: Answers | None, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return the rows to rank, ascending."""
    if len(ids) <= SHORTLIST:
        return np.arange(len(ids))
    unsure = np.zeros(len(ids))
    if answers is not None:
        _, here, there = np.intersect1d(ids, np.array(answers.image_ids, np.int64), return_indices=True)
        unsure[here] = _margin(answers)[there]
    best = np.argpartition(-unsure, SHORTLIST // 2)[: SHORTLIST // 2] if answers is not None else np.empty(0, np.int64)
    others = np.setdiff1d(np.arange(len(ids)), best)
    return np.sort(np.concatenate([best, rng.choice(others, SHORTLIST - len(best), replace=False)]))


def _margin(answers: Answers) -> Any:
    if answers.probabilities is not None:
        return SCORES["margin"](answers.probabilities, multi_label=answers.multi_label)
    return answers.uncertainty.get("margin", np.zeros(len(answers.image_ids)))


def refit(campaign: Campaign, image_ids: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32]) -> Head | None:
    """Fit the head on the labels at hand, its temperature on a fifth of them; None while fewer than two labels are in use.

    Where several people labeled the same images, it heeds how far each can be trusted, as a training does.
    """
    entries = latest_revisions(campaign)
    said = dict(zip((image for image, _ in entries), (whole_labels(each.annotations) for each in pictures_of(entries)), strict=True))
    trust = LabelTrust.of(measure_trust(campaign, list(said)))
    said |= {image: given for image, given in trust.given.items() if image in said}
    labels = [(label.pk, label.name) for label in Label.objects.filter(campaign=campaign)]
    multi_label = CampaignOptions.from_document(campaign.settings).multi_label
    ids = image_ids.tolist()
    bits = np.array([[label in said.get(image, ()) for label, _ in labels] for image in ids], np.float32).reshape(len(ids), len(labels))
    known = np.array([image in said for image in ids], bool)
    rows = np.flatnonzero(known & ((bits.sum(axis=1) == 1) | multi_label))
    used = np.flatnonzero(bits[rows].any(axis=0))
    if not len(used) or (len(used) < 2 and not multi_label):
        return None
    given = bits[rows][:, used]
    weights = trust.weights([ids[row] for row in rows.tolist()], [labels[k][0] for k in used])
    examples = Examples(vectors[rows], given if multi_label else given.argmax(axis=1), weights)
    head = _fitted(examples, classes=len(used), multi_label=multi_label)
    counts = given.sum(axis=0).astype(np.float64)
    return Head(head, tuple(labels[k][0] for k in used), tuple(labels[k][1] for k in used), counts, len(rows))


def _fitted(examples: Examples, *, classes: int, multi_label: bool) -> LinearHead:
    head = fit_head(examples, classes=classes, decay=HEAD_DECAY, steps=HEAD_STEPS)
    if len(examples) < LEAST_VALIDATED:
        return head
    validated = np.arange(len(examples)) % VALIDATED == 0
    others = fit_head(examples.at(np.flatnonzero(~validated)), classes=classes, decay=HEAD_DECAY, steps=HEAD_STEPS)
    held = examples.at(np.flatnonzero(validated))
    return head.at_temperature(fit_temperature(others.logits(held.embeddings), held.values, multi_label=multi_label))
