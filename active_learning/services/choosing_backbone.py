"""Choose what looks at a campaign's images; the vectors are computed in the background, and until all are there the old ones hold."""

from __future__ import annotations

import hashlib
import io
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from django.db import transaction

from active_learning.models import ImageSpace, SpaceKind
from active_learning.services.arrivals import embed_later
from active_learning.services.embeddings import embed_installed, keep_index
from active_learning.services.filling import Filled, current_space, fill_space, own_backbone, space_store
from active_learning.services.outdated import BACKBONE
from campaigns.errors import Conflict, InvalidInput, NotFound
from campaigns.models import UNFINISHED, Campaign, Run, User
from campaigns.permissions import MANAGE, VIEW, require_role
from campaigns.runs import RunContext, enqueue_run
from campaigns.storage import folder
from models_registry.models import CampaignModel, ModelKind, RegisteredModel
from models_registry.networks.backbones import DEFAULT_SIZE, DIMENSION, SIZES, BackboneSpec
from models_registry.networks.own_backbones import (
    LEAST_SIDE_PX,
    LIBRARIES,
    MOST_SIDE_PX,
    NORMALISATIONS,
    PLAIN_NAME,
    TIMM,
    TORCHVISION_NAMES,
    has_timm,
)
from models_registry.protocols import LOCAL

KIND: Final = BACKBONE
MAX_BYTES: Final = 4 * 1024**3
PUBLISHED: Final = "published"
"""Stands in a space's name until the weights of the network's makers were fetched."""


@dataclass(frozen=True)
class Wanted:
    """What is to look: the installed backbone at a ``size``, weights for an ``architecture`` of a ``library``, or a ``model`` by id."""

    kind: str
    size: str = DEFAULT_SIZE
    library: str = ""
    architecture: str = ""
    side_px: int = 224
    normalisation: str = "imagenet"
    model: int = 0


@dataclass(frozen=True)
class Backbones:
    """``current``: None where it is the installed one as it comes; ``coming``: what is being computed, or could not be.

    ``models``: those of the campaign that could answer embeddings.
    """

    current: ImageSpace | None
    coming: ImageSpace | None
    models: tuple[RegisteredModel, ...]
    timm: bool


def read_backbones(*, user: User, campaign: Campaign) -> Backbones:
    """Return what looks at the campaign's images, and what could."""
    require_role(user, campaign, VIEW)
    spaces = {space.current: space for space in ImageSpace.objects.filter(campaign=campaign).select_related("run", "model")}
    return Backbones(spaces.get(True), spaces.get(False), tuple(_able(campaign)), has_timm())


def _able(campaign: Campaign) -> list[RegisteredModel]:
    joined = CampaignModel.objects.filter(campaign=campaign).select_related("model").order_by("model__name", "model_id")
    return [each.model for each in joined if each.model.kind in (ModelKind.EXTERNAL, ModelKind.INTERNAL) and each.model.protocol != LOCAL]


def choose_backbone(*, user: User, campaign: Campaign, wanted: Wanted, file: Iterable[bytes] | None = None) -> Run:
    """Queue a run that looks at all images anew with another backbone; when it has seen all, it takes the place of the old one.

    ``file``: the weights; None takes those that the network's makers published, fetched by the run. Raises InvalidInput for what cannot
    be, and Conflict where it is chosen already or another one is on its way.
    """
    require_role(user, campaign, MANAGE)
    coming = ImageSpace.objects.filter(campaign=campaign, current=False).select_related("run").first()
    if coming is not None and coming.run is not None and coming.run.state in UNFINISHED:
        raise Conflict(f"{coming.title} is on its way already. Wait for it, or cancel its run first.", code="backbone_on_its_way")
    space = _described(campaign, wanted, file)
    current = current_space(campaign)
    if space.name == (current.name if current is not None else BackboneSpec.of_size().space):
        raise Conflict(f"{space.title} looks at the images already.", code="backbone_in_use")
    with transaction.atomic():
        ImageSpace.objects.filter(campaign=campaign, current=False).delete()
        space.save()
        run = enqueue_run(user=user, kind=KIND, campaign=campaign, params={"space": space.pk, "title": space.title})
        ImageSpace.objects.filter(pk=space.pk).update(run=run)
    if coming is not None and coming.name != space.name:
        forget_space(coming)
    return run


def _described(campaign: Campaign, wanted: Wanted, file: Iterable[bytes] | None) -> ImageSpace:
    if wanted.kind == SpaceKind.INSTALLED:
        return _installed(campaign, wanted.size)
    if wanted.kind == SpaceKind.MODEL:
        return _of_model(campaign, wanted.model)
    return _of_weights(campaign, wanted, file)


def _installed(campaign: Campaign, size: str) -> ImageSpace:
    if size not in SIZES:
        raise _wrong("size", f"size is one of {', '.join(SIZES)}.")
    spec = BackboneSpec.of_size(size)
    title = f"MobileNetV2, {spec.side_px} px"
    return ImageSpace(campaign=campaign, kind=SpaceKind.INSTALLED, name=spec.space, title=title, facts={"size": size}, dimension=DIMENSION)


def _of_model(campaign: Campaign, pk: int) -> ImageSpace:
    model = next((each for each in _able(campaign) if each.pk == pk), None)
    if model is None:
        raise _wrong("model", "This campaign uses no such model that could answer embeddings. Add it to the campaign's models first.")
    # A new name each time: what a server answers may change without a word, and then all images are looked at anew.
    name = f"model-{model.pk}-{secrets.token_hex(6)}"
    title = f"{model.name} {model.version}".strip()[:200]
    return ImageSpace(campaign=campaign, kind=SpaceKind.MODEL, name=name, title=title, model=model, facts={"version": model.version})


def _of_weights(campaign: Campaign, wanted: Wanted, file: Iterable[bytes] | None) -> ImageSpace:
    if wanted.library not in LIBRARIES:
        raise _wrong("library", f"library is one of {', '.join(LIBRARIES)}.")
    known = wanted.architecture in TORCHVISION_NAMES if wanted.library != TIMM else PLAIN_NAME.fullmatch(wanted.architecture) is not None
    if not known:
        raise _wrong("architecture", f"{wanted.library} has no network {wanted.architecture[:100]!r} that is known here.")
    if not LEAST_SIDE_PX <= wanted.side_px <= MOST_SIDE_PX:
        raise _wrong("side_px", f"side_px lies between {LEAST_SIDE_PX} and {MOST_SIDE_PX}.")
    if wanted.normalisation not in NORMALISATIONS:
        raise _wrong("normalisation", f"normalisation is one of {', '.join(NORMALISATIONS)}.")
    if wanted.library == TIMM and not has_timm():
        raise Conflict("timm is not installed here. Ask who runs this server to `pip install timm`.", code="timm_missing")
    title = f"{wanted.architecture} of {wanted.library}, {wanted.side_px} px"
    facts = {
        "library": wanted.library, "architecture": wanted.architecture, "side_px": wanted.side_px, "normalisation": wanted.normalisation,
    }  # fmt: skip
    name = f"{wanted.library}-{wanted.architecture}-{wanted.side_px}-{PUBLISHED}"
    space = ImageSpace(campaign=campaign, kind=SpaceKind.WEIGHTS, name=name, title=title, facts=facts)
    if file is not None:
        _take_in(space, file)
    return space


def _take_in(space: ImageSpace, file: Iterable[bytes]) -> None:
    """Keep the weights of a space; its name says of which they are."""
    path, sha256 = keep_weights(file, "backbones")
    space.facts = {**space.facts, "file": path.name, "sha256": sha256}
    space.name = own_backbone(space).space


def _fetch_published(context: RunContext, space: ImageSpace) -> None:
    """Take in the weights that the makers of a network published, with the colours as they normalised them; in a worker alone."""
    import torch

    from models_registry.networks.hubs import published_state

    context.progress(message=f"Fetching the weights of {space.facts['architecture']}", force=True)
    state, normalisation = published_state(space.facts["library"], space.facts["architecture"])
    content = io.BytesIO()
    torch.save(state, content)
    space.facts = {**space.facts, "normalisation": normalisation}
    _take_in(space, [content.getvalue()])
    space.save(update_fields=["facts", "name"])


def keep_weights(chunks: Iterable[bytes], where: str) -> tuple[Path, str]:
    """Write an upload where weights lie, once by what is in it; nothing reads it before a run does, in a worker."""
    kept, digest, size = folder(where), hashlib.sha256(), 0
    with NamedTemporaryFile(dir=kept, delete=False) as file:
        try:
            for chunk in chunks:
                size += len(chunk)
                if size > MAX_BYTES:
                    raise _wrong("file", f"A file of weights has at most {MAX_BYTES // 2**30} GiB. Serve a larger network at an address.")
                digest.update(chunk)
                file.write(chunk)
            if not size:
                raise _wrong("file", "The file is empty.")
            path = kept / f"{digest.hexdigest()[:24]}.weights"
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return path, digest.hexdigest()


def _wrong(field: str, why: str) -> InvalidInput:
    return InvalidInput(why, code="invalid_backbone", errors=[{"field": field, "detail": why}])


def execute_backbone(context: RunContext) -> dict[str, object]:
    """Look at all images with the backbone that is coming, then let it take the old one's place; called again it goes on."""
    campaign = context.run.campaign
    space = ImageSpace.objects.filter(pk=context.run.params["space"], campaign=campaign).select_related("model").first()
    if campaign is None or space is None:
        raise NotFound("Another backbone was chosen meanwhile.")
    images = list(campaign.images.order_by("id"))
    if not images:
        raise Conflict("This campaign has no images yet. Add some, and choose the backbone again.", code="nothing_selected")
    if space.kind == SpaceKind.WEIGHTS and "file" not in space.facts:
        _fetch_published(context, space)
    message = f"{space.title} looks at the images"
    if space.kind == SpaceKind.INSTALLED:
        embedded = embed_installed(context, images, size=space.facts["size"], message=message)
        unreadable = len(embedded.failures)
    else:
        unreadable = _whole(space, fill_space(context, space, images, message=message), len(images))
    space.refresh_from_db()
    keep_index(context, space_store(space))
    context.flush()
    _take_place(campaign, space)
    if campaign.images.filter(pk__gt=images[-1].pk).exists():  # they came meanwhile, and the old backbone looked at them
        embed_later(campaign.pk)
    return {"space": space.name, "images": len(images) - unreadable, "unreadable": unreadable, "dimension": space_store(space).dimension}


def _whole(space: ImageSpace, filled: Filled, images: int) -> int:
    """Return how many images cannot be read; raise Conflict where the others are not all there."""
    if filled.unanswered:
        first = next(iter(filled.unanswered.values()))
        raise Conflict(
            f"{space.title} gave no vector for {len(filled.unanswered)} of {images} images. The first: {first} "
            "The old backbone stays; retry the run, and it goes on where it was.",
            code="backbone_unfinished",
        )
    if len(filled.unreadable) >= images:
        raise Conflict(f"None of the images could be read. The first: {next(iter(filled.unreadable.values()))}", code="none_readable")
    return len(filled.unreadable)


def _take_place(campaign: Campaign, space: ImageSpace) -> None:
    with transaction.atomic():
        old = ImageSpace.objects.filter(campaign=campaign, current=True).exclude(pk=space.pk).first()
        if old is not None:
            old.delete()
        ImageSpace.objects.filter(pk=space.pk).update(current=True)
    if old is not None:
        forget_space(old)


def forget_space(space: ImageSpace) -> None:
    """Remove the vectors and the weights that no campaign uses any more; those of the installed backbone stay, heads need them."""
    if space.kind == SpaceKind.INSTALLED or ImageSpace.objects.filter(name=space.name).exists():
        return
    shutil.rmtree(folder("embeddings") / space.name, ignore_errors=True)
    file = space.facts.get("file")
    if file is not None and not ImageSpace.objects.filter(facts__file=file).exists():
        (folder("backbones") / file).unlink(missing_ok=True)
