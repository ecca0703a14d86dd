"""Import from folders of the server that its operator has listed (WINNOW_IMPORT_ROOTS)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from campaigns.errors import InvalidInput, NotAllowed, NotFound
from campaigns.imagery.archives import count_members, is_junk
from campaigns.imagery.sniffing import HEAD_BYTES, is_zip
from campaigns.models import Campaign, Run, User
from campaigns.permissions import MANAGE, require_role
from campaigns.runs import RunContext, enqueue_run
from campaigns.services.importing import ImportReport, import_files
from campaigns.services.incoming import Incoming

AT_ONCE_FILES = 500
AT_ONCE_BYTES = 500_000_000
_KEPT_REFUSALS = 1000


def import_from_server(
    *, user: User, campaign: Campaign, server_path: str, split: str = "", label_names: Sequence[str] = ()
) -> ImportReport | Run:
    """Add the images of a file or folder of the server: a few at once, many in a background run.

    Raise NotAllowed outside the operator's folders, NotFound for what is not there.
    """
    require_role(user, campaign, MANAGE)
    place = allowed_path(server_path)
    files = list(listed(place))
    if not files:
        raise InvalidInput(f"There are no files in {server_path}.", code="empty_folder")
    total = sum(_count(path) for path in files)
    if total > AT_ONCE_FILES or sum(path.stat().st_size for path in files) > AT_ONCE_BYTES:
        params = {"server_path": str(place), "split": split, "labels": list(label_names)}
        return enqueue_run(user=user, kind="import", campaign=campaign, params=params, total=total)
    return import_files(user=user, campaign=campaign, files=_incoming(files, place), split=split, label_names=label_names)


def execute_import(context: RunContext) -> dict[str, object]:
    """Carry out an import run. After a crash it starts over: what is in by then counts as a duplicate."""
    run = context.run
    assert run.campaign is not None
    assert run.created_by is not None
    place = allowed_path(run.params["server_path"])

    def on_batch(report: ImportReport) -> None:
        context.progress(done=report.created + report.duplicates, failed=report.refused, message="Adding images")

    report = import_files(
        user=run.created_by,
        campaign=run.campaign,
        files=_incoming(listed(place), place),
        split=run.params.get("split", ""),
        label_names=run.params.get("labels", ()),
        on_batch=on_batch,
    )
    refused = [
        {"name": result.name, "code": result.code, "detail": result.detail} for result in report.results if result.status == "refused"
    ]
    return {
        "created": report.created,
        "duplicates": report.duplicates,
        "refused": report.refused,
        "refusals": refused[:_KEPT_REFUSALS],
    }


def allowed_path(server_path: str) -> Path:
    """Return the real path of something inside the operator's folders; links are followed before that is judged."""
    roots = [Path(root).resolve() for root in settings.IMPORT_ROOTS]
    if not roots:
        raise NotAllowed("Import from the server is off; its operator names folders in WINNOW_IMPORT_ROOTS.", code="no_import_roots")
    if not server_path or "\0" in server_path:
        raise InvalidInput("Name a file or folder of the server.", code="invalid_path")
    given = Path(server_path)
    place = (given if given.is_absolute() else roots[0] / given).resolve()
    if not any(place.is_relative_to(root) for root in roots):
        raise NotAllowed("This lies outside the folders that the server's operator has listed for import.", code="outside_import_roots")
    if not place.exists():
        raise NotFound(f"There is no {server_path} on the server.", code="no_such_path")
    return place


def listed(place: Path) -> list[Path]:
    """List the files of a folder and of those below it, by name; links are not followed, and hidden things are passed over."""
    if place.is_file():
        return [place]
    found = []
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not is_junk(name))
        found += [Path(folder) / name for name in sorted(names) if not name.startswith(".") and not is_junk(name)]
    return [path for path in found if path.is_file() and not path.is_symlink()]


def _incoming(files: list[Path], place: Path) -> list[Incoming]:
    base = place.parent if place.is_file() else place
    return [Incoming(path.relative_to(base).as_posix(), path) for path in files]


def _count(path: Path) -> int:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return count_members(path) if is_zip(head) else 1
