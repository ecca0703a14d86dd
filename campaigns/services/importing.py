"""Add images to a campaign: from an upload, from zips, from a folder of the server; at any time, into a running campaign."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import IntegrityError, transaction

from campaigns.announcing import announce_imported
from campaigns.errors import InvalidInput
from campaigns.imagery import Refused, is_large
from campaigns.models import Campaign, Image, Label, Split, Task, User
from campaigns.options import CampaignOptions
from campaigns.permissions import MANAGE, require_role
from campaigns.runs import enqueue_run
from campaigns.services.campaigns import create_label
from campaigns.services.incoming import Checked, FileResult, Incoming, check, come_to_rest, refusal, unpacked, workshop
from campaigns.services.labeling_by_upload import label_images
from campaigns.services.measuring import measure_later
from campaigns.storage import folder

BATCH_FILES = 250
BATCH_BYTES = 64 * 1024 * 1024
_ATTEMPTS = 5


@dataclass
class ImportReport:
    """What became of every file, in order, and how many of each."""

    results: list[FileResult] = field(default_factory=list)
    created: int = 0
    duplicates: int = 0
    refused: int = 0

    def add(self, results: Iterable[FileResult]) -> None:
        """Take note of more files."""
        for result in results:
            self.results.append(result)
            self.created += result.status == "created"
            self.duplicates += result.status == "duplicate"
            self.refused += result.status == "refused"


def import_files(
    *,
    user: User,
    campaign: Campaign,
    files: Iterable[Incoming | tuple[str, bytes | Path]],
    split: str = "",
    label_names: Sequence[str] = (),
    on_batch: Callable[[ImportReport], None] | None = None,
) -> ImportReport:
    """Add images and open zips; each file is created, a duplicate by content, or refused with a reason, and none stops the rest.

    label_names: given to every new image of a classification campaign, as submitted by the user; unknown ones are made.
    on_batch: called after each batch, which by then is in the database.
    """
    require_role(user, campaign, MANAGE)
    if split not in Split.values:
        raise InvalidInput(f"The split is one of {', '.join(Split.values[1:])}, or empty.", code="invalid_split")
    labels = _labels(user, campaign, label_names)
    report = ImportReport()
    incoming = (file if isinstance(file, Incoming) else Incoming(*file) for file in files)
    with workshop() as bench:
        for batch in _batches(unpacked(incoming, bench)):
            report.add(_import_batch(user, campaign, batch, split, labels))
            if on_batch is not None:
                on_batch(report)
    _prepare_large_ones(user, campaign, report)
    if report.created:
        measure_later(campaign, user)
        announce_imported(campaign.pk)
    return report


def _prepare_large_ones(user: User, campaign: Campaign, report: ImportReport) -> None:
    made = [result.image for result in report.results if result.status == "created" and result.large]
    if made:
        enqueue_run(user=user, kind="prepare", campaign=campaign, params={"images": made}, total=len(made))


def _labels(user: User, campaign: Campaign, names: Sequence[str]) -> list[Label]:
    wanted = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not wanted:
        return []
    if campaign.task != Task.CLASSIFICATION:
        raise InvalidInput("Labels at upload are for classification campaigns; here they need a shape.", code="labels_need_shapes")
    if len(wanted) > 1 and not CampaignOptions.from_document(campaign.settings).multi_label:
        raise InvalidInput("This campaign takes one label an image; send one, or allow several in its settings.", code="one_label_only")
    known = {label.name: label for label in campaign.labels.all()}
    return [known.get(name) or create_label(user=user, campaign=campaign, name=name) for name in wanted]


def _batches(files: Iterator[Incoming | FileResult]) -> Iterator[list[Incoming | FileResult]]:
    batch: list[Incoming | FileResult] = []
    in_memory = 0
    for file in files:
        batch.append(file)
        in_memory += len(file.content) if isinstance(file, Incoming) and isinstance(file.content, bytes) else 0
        if len(batch) >= BATCH_FILES or in_memory >= BATCH_BYTES:
            yield batch
            batch, in_memory = [], 0
    if batch:
        yield batch


def _import_batch(user: User, campaign: Campaign, batch: list[Incoming | FileResult], split: str, labels: list[Label]) -> list[FileResult]:
    checked = [_looked_at(file) for file in batch]
    usable = [file for file in checked if isinstance(file, Checked)]
    # A row never stands without its file: files first. A file without a row is harmless, since the next upload of the
    # same content finds it in its place.
    known = _known(campaign, usable)
    place = str(folder("images"))
    for file in usable:
        if file.digest not in known:
            come_to_rest(file.file, f"{place}/{file.path_in(campaign)}")
    try:
        made = _insert(user, campaign, usable, split, labels)
    except BaseException:
        _remove_unused(campaign, usable)
        raise
    finally:
        for file in usable:
            file.file.discard()
    known = _known(campaign, usable)
    return [file if isinstance(file, FileResult) else _result(file, known, made) for file in checked]


def _looked_at(file: Incoming | FileResult) -> Checked | FileResult:
    if isinstance(file, FileResult):
        return file
    try:
        return check(file)
    except Refused as refused:
        file.discard()
        return refusal(file.name, refused)
    except OSError as error:
        return FileResult(file.name, "refused", None, "unreadable", f"The file cannot be read: {error.strerror or error}.")


def _known(campaign: Campaign, files: Sequence[Checked]) -> dict[str, int]:
    digests = [file.digest for file in files]
    return dict(Image.objects.filter(campaign=campaign, sha256__in=digests).order_by().values_list("sha256", "pk"))


def _insert(user: User, campaign: Campaign, files: Sequence[Checked], split: str, labels: list[Label]) -> set[str]:
    """Write the rows of what is new; return the digests of those that this call made."""
    for attempt in itertools.count(1):
        try:
            with transaction.atomic():
                known = _known(campaign, files)
                fresh = {file.digest: file for file in reversed(files) if file.digest not in known}
                images = Image.objects.bulk_create(_row(campaign, file, split) for file in reversed(fresh.values()))
                if labels and images:
                    label_images(user, images, labels)
                return set(fresh)
        except IntegrityError:  # somebody else is adding the same image at this moment; then it is known next time
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _row(campaign: Campaign, file: Checked, split: str) -> Image:
    facts = file.facts
    return Image(
        campaign=campaign,
        name=file.name,
        path=file.path_in(campaign),
        sha256=file.digest,
        size_bytes=file.size_bytes,
        format=facts.format,
        width=facts.width,
        height=facts.height,
        bands=facts.bands,
        dtype=facts.dtype,
        crs=facts.crs,
        transform=list(facts.transform) if facts.transform else None,
        split=split,
    )


def _result(file: Checked, known: dict[str, int], made: set[str]) -> FileResult:
    if file.digest in made:
        made.remove(file.digest)  # the second one of the same batch is a duplicate of the first
        return FileResult(file.name, "created", known.get(file.digest), large=is_large(file.facts.width, file.facts.height))
    return FileResult(file.name, "duplicate", known.get(file.digest), "duplicate", "The same image is in the campaign already.")


def _remove_unused(campaign: Campaign, files: Sequence[Checked]) -> None:
    known = _known(campaign, files)
    for file in files:
        if file.digest not in known:
            (folder("images") / file.path_in(campaign)).unlink(missing_ok=True)
