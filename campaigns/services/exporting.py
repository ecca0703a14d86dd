"""Write what people submitted to a file, in the background."""

from __future__ import annotations

import gc
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from campaigns.errors import InvalidInput, NotFound
from campaigns.filters import select_images, selected_ids, settled
from campaigns.formats import EXTENSIONS, WRITERS, ImageRecord, LabelRecord, Source
from campaigns.imagery import written_atomically
from campaigns.models import AnnotationSet, Campaign, Image, ImageState, Revision, Run, RunState, Task, User
from campaigns.permissions import VIEW, require_role
from campaigns.runs import RunContext, enqueue_run
from campaigns.storage import folder

EXPORTED = (ImageState.SUBMITTED, ImageState.ACCEPTED)
_PAGE = 500
_FIELDS = ("pk", "name", "width", "height", "crs", "transform", "split")


def start_export(
    *,
    user: User,
    campaign: Campaign,
    format: str,
    filter: dict[str, Any] | None = None,
    images: Any = None,
    ignore_below: float | None = None,
) -> Run:
    """Queue an export of the images that are submitted or accepted, fewer when a filter or a selection says so; every member may.

    ignore_below: confidence, 0 to 1, below which objects are marked as not to be counted; only masks can say so.
    """
    require_role(user, campaign, VIEW)
    if format not in WRITERS:
        raise InvalidInput(f"The format is one of {', '.join(WRITERS)}.", code="unknown_format")
    if format == "coco" and campaign.task == Task.CLASSIFICATION:
        raise InvalidInput("COCO has no place for labels of whole images; export this campaign as CSV.", code="format_does_not_fit")
    if format == "masks" and campaign.task == Task.CLASSIFICATION:
        raise InvalidInput("Labels of whole images have no pixels; export this campaign as CSV.", code="format_does_not_fit")
    if ignore_below is not None and format != "masks":
        raise InvalidInput("Only masks can mark objects as ignored; leave ignore_below out, or export masks.", code="format_does_not_fit")
    selection = {"filter": filter or {}} if images is None else settled(campaign, images, reader=user)
    params = {"format": format, "filter": filter or {}, "images": selection, "ignore_below": ignore_below}
    if isinstance(selection, list):
        selected_ids(campaign, selection)  # raises for ids of another campaign
    total = sum(len(page) for page in _pages(campaign, selection, user))
    return enqueue_run(user=user, kind="export", campaign=campaign, params=params, total=total)


def execute_export(context: RunContext) -> dict[str, object]:
    """Write the file of an export run; it appears when it is whole."""
    run = context.run
    assert run.campaign is not None
    path = export_path(run)
    shutil.rmtree(path.parent, ignore_errors=True)  # what an attempt before this one left
    source = _source(run.campaign, run.params.get("ignore_below"))
    with _few_collections(), written_atomically(path) as temporary, temporary.open("wb") as file:
        outcome = WRITERS[run.params["format"]](file, source, _images(run.campaign, _selection(run), context))
    return {
        "file": f"/api/v1/runs/{run.pk}/file",
        "name": path.name,
        "size_bytes": os.path.getsize(path),
        "images": outcome.images,
        "annotations": outcome.annotations,
        "notes": outcome.notes,
    }


@contextmanager
def _few_collections() -> Iterator[None]:
    """Let the garbage collector run seldom: parsed documents are hundreds of lists each and never hold a cycle (a third less CPU)."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def export_path(run: Run) -> Path:
    """Return where an export run writes: a folder for the run, a file named after the campaign."""
    assert run.campaign is not None
    name = re.sub(r"[^\w.-]+", "-", run.campaign.name, flags=re.ASCII).strip("-.") or "campaign"
    return folder("exports") / str(run.pk) / f"{name[:80]}-{run.params['format']}.{EXTENSIONS[run.params['format']]}"


def exported_file(run: Run) -> Path:
    """Return the file of a finished export; raise NotFound when there is none."""
    if run.kind != "export" or run.state != RunState.SUCCEEDED:
        raise NotFound("This run has no file; only a finished export has one.", code="no_file")
    path = folder("exports") / str(run.pk) / str(run.result["name"])
    if not path.exists():
        raise NotFound("The file of this export is gone; export again.", code="no_file")
    return path


def _source(campaign: Campaign, ignore_below: float | None) -> Source:
    labels = tuple(LabelRecord(label.pk, label.name, label.color, label.skeleton) for label in campaign.labels.all())
    return Source(campaign.name, campaign.task, labels, ignore_below)


def _selection(run: Run) -> Any:
    return run.params.get("images", {"filter": run.params["filter"]})


def _pages(campaign: Campaign, selection: Any, reader: User | None) -> Iterator[list[int]]:
    """Go through the ids of the images to export, in their order, some at a time."""
    if isinstance(selection, list):
        chosen = sorted(selected_ids(campaign, selection, checked=True))
        for start in range(0, len(chosen), _PAGE):
            part = Image.objects.filter(pk__in=chosen[start : start + _PAGE], state__in=EXPORTED)
            yield list(part.order_by("pk").values_list("pk", flat=True))
        return
    ids = select_images(campaign, selection, reader=reader).filter(state__in=EXPORTED).order_by("pk").values_list("pk", flat=True)
    last = 0
    while page := list(ids.filter(pk__gt=last)[:_PAGE]):
        last = page[-1]
        yield page


def _images(campaign: Campaign, selection: Any, context: RunContext) -> Iterator[ImageRecord]:
    """Go through the images page by page, each with the last revision of the set that speaks for it."""
    done = 0
    for page in _pages(campaign, selection, context.run.created_by):
        revisions = _annotations(page)
        waiting = next(revisions, None)
        rows = Image.objects.filter(pk__in=page).order_by("pk")
        for pk, name, width, height, crs, transform, split in rows.values_list(*_FIELDS):
            annotations: list[dict[str, Any]] = []
            if waiting is not None and waiting[0] == pk:
                annotations, waiting = waiting[1], next(revisions, None)
            yield ImageRecord(pk, name, width, height, annotations, crs, tuple(transform) if transform else None, split)
        done += len(page)
        context.progress(done=done, message="Writing annotations")


def _annotations(images: list[int]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Go through (image, annotations) in the order of the images: the last revision of the set that was submitted last.

    One at a time: were a page of them alive at once, the garbage collector would walk through every vertex again and again.
    """
    sets = AnnotationSet.objects.filter(image__in=images).exclude(submitted_at=None).values_list("submitted_at", "pk", "image_id")
    best: dict[int, tuple[datetime, int]] = {}
    for submitted_at, pk, image in sets:
        best[image] = max(best.get(image, (submitted_at, pk)), (submitted_at, pk))
    numbered = Revision.objects.filter(annotation_set__in=[pk for _at, pk in best.values()]).order_by("number")
    latest = dict(numbered.values_list("annotation_set_id", "pk"))
    revisions = Revision.objects.filter(pk__in=list(latest.values())).order_by("image_id")
    return revisions.values_list("image_id", "annotations").iterator(chunk_size=50)
