"""Measure the quality of images in the background, so that the gallery can filter by it."""

from __future__ import annotations

from dataclasses import asdict

from django.db import transaction

from campaigns.imagery import Refused
from campaigns.imagery.quality import Quality, measured
from campaigns.models import Campaign, Image, Run, RunState, User
from campaigns.runs import RunContext, enqueue_run
from campaigns.storage import image_path

KIND = "measure"
BATCH = 50


def measure_later(campaign: Campaign, user: User | None) -> Run | None:
    """Queue a run that measures what is not measured yet in a campaign; one that waits already will find these images too."""
    if Run.objects.filter(campaign=campaign, kind=KIND, state=RunState.QUEUED).exists():
        return None
    return enqueue_run(user=user, kind=KIND, campaign=campaign)


def measure_all_later() -> int:
    """Queue a run for every campaign that holds unmeasured images, such as those from before there were measures."""
    waiting = Image.objects.filter(sharpness=None).order_by().values("campaign").distinct()
    queued = [measure_later(campaign, None) for campaign in Campaign.objects.filter(pk__in=waiting)]
    return sum(run is not None for run in queued)


def execute_measure(context: RunContext) -> dict[str, object]:
    """Measure the campaign's images that have no measures; what cannot be read stays without, with a line in the log."""
    waiting = Image.objects.filter(campaign=context.run.campaign, sharpness=None).order_by("pk")
    total, done, failed, last = waiting.count(), 0, 0, 0
    while images := list(waiting.filter(pk__gt=last)[:BATCH]):
        last = images[-1].pk
        found: dict[int, Quality] = {}
        for image in images:
            try:
                found[image.pk] = measured(image_path(image))
            except (Refused, OSError) as error:
                failed += 1
                context.log(f"{image.name}: {error}")
            context.progress(message="Measuring sharpness, brightness and contrast")
        with transaction.atomic():
            for pk, quality in found.items():
                Image.objects.filter(pk=pk).update(**asdict(quality))
        done += len(found)
        context.progress(done=done, failed=failed, total=max(total, done + failed))
    return {"measured": done}


MEASURES = ("sharpness", "brightness", "contrast")


def spread_of_measures(campaign: Campaign) -> dict[str, list[float]]:
    """Return, by measure, the values below which 0, 1, … 100 % of the measured images lie; none where nothing is measured yet.

    A limit such as "the blurriest tenth" is chosen by them: what 40 of sharpness means depends on the pictures.
    """
    rows = Image.objects.filter(campaign=campaign, sharpness__isnull=False).order_by().values_list(*MEASURES)
    columns = [sorted(column) for column in zip(*rows, strict=True)]
    return {name: _percentiles(column) for name, column in zip(MEASURES, columns, strict=True)} if columns else {}


def _percentiles(ordered: list[float]) -> list[float]:
    return [ordered[round(share * (len(ordered) - 1) / 100)] for share in range(101)]
