"""Ask a model about the mirror images of pictures, to see whether it says the same: nothing of the answers is kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import rasterio
from django.conf import settings
from PIL import Image as Picture
from PIL import ImageOps

from campaigns.errors import Conflict
from campaigns.runs import RunContext
from inference.answers import Answer, digest
from inference.endpoints import endpoint_of
from inference.inputs import StoredImage
from inference.schema import Prediction, PredictionRejected
from inference.services.answering import BATCH, BATCH_WITHIN_S
from inference.services.asker import Asker
from inference.services.askers import asker_of
from inference.services.ensembles import load_ensemble
from inference.services.planning import Plan, images_by_id
from inference.store import Answered, whole_prediction
from models_registry.models import ModelKind, RegisteredModel

MOST_PIXELS: Final = 100_000_000
AT_ONCE: Final = 64


@dataclass(frozen=True)
class Mirrored:
    """What a model says of a mirror image, in the mirror image's pixels: the answer, and the maps that its items name."""

    document: Mapping[str, Any]
    files: Mapping[str, bytes]

    @property
    def items(self) -> list[dict[str, Any]]:
        """What the answer consists of."""
        items: list[dict[str, Any]] = self.document["items"]
        return items

    def whole(self) -> Prediction:
        """Return the answer with its maps."""
        return whole_prediction(self.document, self.files.__getitem__)


def ask_mirrored(context: RunContext, *, model: RegisteredModel, image_ids: Sequence[int]) -> dict[int, Mirrored]:
    """Return what a model says of the mirror images, left to right, by image id; images that it fails on are left out.

    The members of an ensemble are shown them one after the other, and then they vote. Raises Conflict for a model that fetches images by
    their address: it would see them as they are.
    """
    if model.kind == ModelKind.ENSEMBLE:
        return _voted(context, model, image_ids)
    plan = Plan(model, None)
    by_address = model.kind == ModelKind.EXTERNAL and not plan.is_pulled and endpoint_of(model).protocol.image_form == "address"
    if plan.is_pulled or by_address:
        raise Conflict(f"{model.name} fetches its images itself, so that it cannot be shown their mirror images.", code="cannot_mirror")
    found: dict[int, Mirrored] = {}
    if not image_ids:
        return found
    total = len(image_ids)
    with asker_of(plan, total) as asker:
        for start in range(0, total, AT_ONCE):
            with tempfile.TemporaryDirectory(dir=settings.DATA_DIR) as folder:
                rows = images_by_id(list(image_ids[start : start + AT_ONCE]))
                pictures = list(_mirrored_files(rows.values(), Path(folder)))
                found.update(_answers(context, asker, pictures))
            context.progress(done=min(start + AT_ONCE, total), total=total, message=f"{model.name} looks at mirror images")
    return found


def _voted(context: RunContext, model: RegisteredModel, image_ids: Sequence[int]) -> dict[int, Mirrored]:
    """Let the members of an ensemble vote on what they see in the mirror.

    What they said of the images as they are is kept under the images' ids, so that an ensemble that is asked as usual would vote on that.
    """
    ensemble = load_ensemble(model)
    seen = {member.model.pk: ask_mirrored(context, model=member.model, image_ids=image_ids) for member in ensemble.members}
    found = {}
    for image in image_ids:
        answers = {member: told[image].whole() for member, told in seen.items() if image in told}
        if len(answers) < len(seen):
            continue
        try:
            answer = digest(ensemble.combine(answers), None)
        except PredictionRejected:  # members whose answers cannot be put together: the run about the image itself told of it
            continue
        found[image] = _mirrored(answer)
    return found


def _mirrored(answer: Answer) -> Mirrored:
    document = answer.document
    return Mirrored(document if isinstance(document, dict) else orjson.loads(document), answer.files)


def _answers(context: RunContext, asker: Asker, pictures: list[StoredImage]) -> Iterator[tuple[int, Mirrored]]:
    left = pictures
    while left or asker.in_flight:
        wanted = max(0, asker.appetite - asker.in_flight)
        some, left = left[:wanted], left[wanted:]
        if some:
            asker.submit(some)
        for each in asker.collect(most=BATCH, within_s=BATCH_WITHIN_S):
            if isinstance(each, Answered):
                yield each.image_id, _mirrored(each.answer)
        context.progress(message=asker.waits_for)


def _mirrored_files(images: Any, folder: Path) -> Iterator[StoredImage]:
    for image in images:
        if image.width * image.height > MOST_PIXELS:
            continue
        try:
            path, form = _mirror(image, folder)
        except (OSError, ValueError, rasterio.errors.RasterioError):
            continue  # what cannot be read here could not be compared either; the run tells of it when it asks about the image itself
        yield replace(image, path=path, format=form, size_bytes=path.stat().st_size, sha256=sha256(path.read_bytes()).hexdigest())


def _mirror(image: StoredImage, folder: Path) -> tuple[Path, str]:
    """Write the mirror image of a file: rasters with all their bands, pictures upright."""
    if image.format == "TIFF":
        path = folder / f"{image.id}.tif"
        with rasterio.open(image.path) as source:
            profile = {
                key: value
                for key, value in source.profile.items()
                if key in ("count", "dtype", "width", "height", "crs", "transform", "nodata")
            }
            with rasterio.open(path, "w", driver="GTiff", **profile) as target:
                target.write(np.ascontiguousarray(source.read()[:, :, ::-1]))
        return path, "TIFF"
    path = folder / f"{image.id}.png"
    with Picture.open(image.path) as source:
        ImageOps.mirror(ImageOps.exif_transpose(source)).save(path, "PNG", compress_level=1)
    return path, "PNG"
