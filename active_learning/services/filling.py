"""Fill the space of embeddings that a campaign chose: by weights that were brought along, or by what a registered model answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from active_learning.acquisition.diversity import unit_rows
from active_learning.embeddings import EmbeddingStore, content_key
from active_learning.models import ImageSpace, SpaceKind
from campaigns.errors import Conflict
from campaigns.imagery import read_rgb
from campaigns.models import Campaign, Image
from campaigns.runs import RunContext
from campaigns.storage import folder, image_path
from inference.answers import Document
from inference.schema import Embedding, Prediction
from inference.services.askers import asker_of
from inference.services.failures import Unanswered
from inference.services.planning import Plan, stored_image
from inference.store import Answered
from models_registry.models import RegisteredModel
from models_registry.networks.backbones import DEFAULT_SIZE, DIMENSION, BackboneSpec
from models_registry.networks.embedding import Source, embed_missing
from models_registry.networks.own_backbones import OwnBackbone, OwnNetwork, own_network
from models_registry.networks.pictures import ROOM, Pixels

BATCH: Final = 64
WITHIN_S: Final = 0.25
DEAD_AFTER: Final = 20
UNREADABLE: Final = "unreadable_image"

Reasons = dict[int, str]


@dataclass(frozen=True)
class Filled:
    """Why images have no vector, by content key: files that cannot be read, and images that a model did not answer about."""

    unreadable: Reasons
    unanswered: Reasons


def current_space(campaign: Campaign) -> ImageSpace | None:
    """Return the space that a campaign's images are compared in; None is that of the installed backbone."""
    return ImageSpace.objects.filter(campaign=campaign, current=True).select_related("model").first()


def space_store(space: ImageSpace | None) -> EmbeddingStore:
    """Return where the vectors of a space lie; raises Conflict where it has none yet, or they were removed."""
    if space is None or space.kind == SpaceKind.INSTALLED:
        size = DEFAULT_SIZE if space is None else str(space.facts["size"])
        return EmbeddingStore(folder("embeddings") / BackboneSpec.of_size(size).space, DIMENSION)
    if space.dimension is None:
        raise Conflict(
            "No image was looked at with this backbone yet. Let Winnow look at the campaign's images first.", code="not_looked_at"
        )
    return EmbeddingStore(folder("embeddings") / space.name, space.dimension)


def own_backbone(space: ImageSpace) -> OwnBackbone:
    """Return the network of weights that were brought along."""
    facts = space.facts
    return OwnBackbone(
        facts["library"],
        facts["architecture"],
        folder("backbones") / facts["file"],
        facts["sha256"],
        facts["side_px"],
        facts["normalisation"],
    )


def fill_space(context: RunContext, space: ImageSpace, images: Sequence[Image], *, message: str) -> Filled:
    """Compute what a space lacks of images, and return why some have none.

    Reports progress in images; what was computed stays when it is stopped. Raises Conflict where the backbone cannot look at all.
    """
    if space.kind == SpaceKind.WEIGHTS:
        return Filled(_by_weights(context, space, images, message), {})
    return _ByModel(context, space, message).fill(images)


def _by_weights(context: RunContext, space: ImageSpace, images: Sequence[Image], message: str) -> Reasons:
    wanted = own_backbone(space)
    if not wanted.path.is_file():
        raise Conflict(f"The weights of {space.title} are not on this machine. Upload them again.", code="backbone_weights_missing")
    if space.dimension is None:
        _know_dimension(space, own_network(wanted).dimension)
    sources = [Source(content_key(image.sha256), partial(_pixels, image_path(image), ROOM * wanted.side_px)) for image in images]
    failed = embed_missing(
        space_store(space),
        lambda: _Directions(own_network(wanted), space.title),
        sources,
        on_progress=lambda done, failures: context.progress(done=done, failed=failures, total=len(sources), message=message),
    )
    return {failure.key: failure.reason for failure in failed}


class _Directions:
    """Looks through a network and keeps the direction of its vectors: no more counts, and half precision holds no large numbers."""

    def __init__(self, network: OwnNetwork, title: str) -> None:
        self.batch_size = network.batch_size
        self._network, self._title = network, title

    @property
    def side_px(self) -> int:
        """The side of the square that it sees."""
        return self._network.side_px

    def embed(self, images: Sequence[Pixels]) -> npt.NDArray[np.float32]:
        """Return (N, D) float32 of length one; raises Conflict where a number is not finite."""
        vectors = self._network.embed(images)
        if not np.isfinite(vectors).all():
            raise Conflict(
                f"{self._title} answers numbers that are not finite. Choose the network and the colours that its weights were made for.",
                code="backbone_weights_unfit",
            )
        return unit_rows(vectors)


def _pixels(path: Path, max_side: int) -> npt.NDArray[np.uint8]:
    return read_rgb(path, max_side)


def _know_dimension(space: ImageSpace, dimension: int) -> None:
    space.dimension = dimension
    space.save(update_fields=["dimension"])


@dataclass
class _ByModel:
    """Ask a registered model about images, at its own pace, and keep the vectors of its answers."""

    context: RunContext
    space: ImageSpace
    message: str

    def fill(self, images: Sequence[Image]) -> Filled:
        """Ask about the images that the store lacks."""
        model = model_to_ask(self.space)
        keys = {image.pk: content_key(image.sha256) for image in images}
        lacking = self._lacking(list(keys.values()))
        waiting = {content_key(image.sha256): image for image in images if content_key(image.sha256) in lacking}
        rest = (stored_image(image) for image in waiting.values())
        filled = Filled({}, {})
        done, silent = len(images) - len(waiting), 0
        self.context.progress(done=done, failed=0, total=len(images), message=self.message)
        if not waiting:
            return filled
        with asker_of(Plan(model, None), len(waiting)) as asker:
            while True:
                more = list(islice(rest, max(0, asker.appetite - asker.in_flight)))
                if more:
                    asker.submit(more)
                if not asker.in_flight:
                    return filled
                outcomes = asker.collect(most=BATCH, within_s=WITHIN_S)
                vectors = self._read([each for each in outcomes if isinstance(each, Answered)])
                self._keep([keys[pk] for pk in vectors], list(vectors.values()))
                for each in outcomes:
                    if isinstance(each, Unanswered):
                        (filled.unreadable if each.code == UNREADABLE else filled.unanswered)[keys[each.image_id]] = each.reason
                done += len(vectors)
                silent = _silent(silent, outcomes)
                failed = len(filled.unreadable) + len(filled.unanswered)
                self.context.progress(done=done, failed=failed, message=asker.waits_for or self.message)

    def _lacking(self, keys: list[int]) -> set[int]:
        return set(keys) if self.space.dimension is None else set(space_store(self.space).missing(keys).tolist())

    def _read(self, answered: Sequence[Answered]) -> dict[int, tuple[float, ...]]:
        vectors: dict[int, tuple[float, ...]] = {}
        for each in answered:
            said = embedding_of(_document(each.answer.document))
            if said is None:
                raise no_embedding(self.space.title)
            self._agree(said)
            vectors[each.image_id] = said.vector
        return vectors

    def _agree(self, said: Embedding) -> None:
        check_agrees(self.space, said)
        if self.space.dimension is None:
            self.space.facts = {**self.space.facts, "told": said.space}
            self.space.dimension = len(said.vector)
            self.space.save(update_fields=["facts", "dimension"])

    def _keep(self, keys: list[int], vectors: list[tuple[float, ...]]) -> None:
        if not ImageSpace.objects.filter(pk=self.space.pk).exists():  # its vectors were removed with it, and are not to come back
            raise Conflict(f"Another backbone has taken the place of {self.space.title}. Start this again.", code="space_changed")
        if keys:  # of length one: only their direction counts, and half precision holds no large numbers
            space_store(self.space).append(keys, unit_rows(np.array(vectors, np.float32)))


def no_embedding(title: str) -> Conflict:
    """Return the complaint about a model that answers something else."""
    return Conflict(f"{title} answers no embedding. Take a model whose answer is one vector an image.", code="no_embedding")


def check_agrees(space: ImageSpace, said: Embedding) -> None:
    """Raise Conflict for a vector that lies in another space than those before it."""
    if space.dimension is None:
        return
    if len(said.vector) != space.dimension or said.space != space.facts.get("told", said.space):
        before, now = space.facts.get("told") or "no name", said.space or "no name"
        raise Conflict(
            f"{space.title} now answers {len(said.vector)} numbers of the space {now!r}; before, {space.dimension} of {before!r}. "
            "Choose it again under Explore, so that all images are looked at anew.",
            code="space_changed",
        )


def model_to_ask(space: ImageSpace) -> RegisteredModel:
    """Return the model that answers embeddings; raises Conflict where it is gone or is another version now."""
    model = space.model
    if model is None:
        raise Conflict(f"The model {space.title} was removed. Choose another backbone under Explore.", code="model_gone")
    if model.version != space.facts["version"]:
        raise Conflict(
            f"{model.name} is version {model.version} now, and the images were looked at by {space.facts['version']}. "
            "Choose it again under Explore, so that all images are looked at anew.",
            code="space_changed",
        )
    return model


def embedding_of(document: Mapping[str, Any]) -> Embedding | None:
    """Return the vector of an answer, None where it holds none."""
    found = next((item for item in document.get("items", ()) if item.get("kind") == Embedding.kind), None)
    return None if found is None else Embedding.from_document(found)


def embedding_in(prediction: Prediction) -> Embedding | None:
    """Return the vector of a prediction, None where it holds none."""
    return next((item for item in prediction.items if isinstance(item, Embedding)), None)


def _document(document: Document) -> dict[str, Any]:
    if isinstance(document, dict):
        return document
    read: dict[str, Any] = orjson.loads(document if isinstance(document, bytes) else orjson.dumps(document))
    return read


def _silent(before: int, outcomes: Sequence[Answered | Unanswered]) -> int:
    """Count images in a row that got no answer; raise Conflict when there are too many."""
    for each in outcomes:
        before = before + 1 if isinstance(each, Unanswered) and each.silent else 0
        if before >= DEAD_AFTER and isinstance(each, Unanswered):
            raise Conflict(f"The model does not answer: {DEAD_AFTER} images in a row got no answer. {each.reason}", code="unreachable")
    return before
