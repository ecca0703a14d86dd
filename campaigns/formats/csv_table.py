"""Labels of whole images as a table: file name, label, label…, without a heading, as SentiSight reads and writes it."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import TextIOWrapper
from typing import IO

from campaigns.formats.records import BadFormat, Contents, ImageRecord, LabelRecord, Outcome, Source, annotation

# A spreadsheet would carry out a cell that starts with one of these (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """Return a cell that spreadsheets leave alone: an apostrophe stands before what would be a formula."""
    return "'" + text if text.startswith((*_FORMULA, "'")) else text


def unguarded(text: str) -> str:
    """Undo ``guarded``."""
    return text[1:] if text.startswith("'") and text[1:].startswith((*_FORMULA, "'")) else text


def write(target: IO[bytes], source: Source, images: Iterable[ImageRecord]) -> Outcome:
    """Write one row an image: the default label first, the others as they were given; what has a shape counts with its label once."""
    outcome = Outcome()
    names = {label.id: label.name for label in source.labels}
    text = TextIOWrapper(target, encoding="utf-8", newline="", write_through=True)
    rows = csv.writer(text)
    for image in images:
        annotations = sorted(image.annotations, key=lambda document: not document.get("default"))
        labels = list(dict.fromkeys(names[document["label"]] for document in annotations if document["label"] in names))
        rows.writerow([guarded(cell) for cell in (image.name, *labels)])
        outcome.images += 1
        outcome.annotations += len(labels)
    text.detach()
    return outcome


def read(source: IO[bytes]) -> Contents:
    """Read a table; labels are numbered in the order in which they appear. Sizes of the images are unknown: 0."""
    contents = Contents()
    ids: dict[str, int] = {}
    try:
        rows = list(csv.reader(TextIOWrapper(source, encoding="utf-8-sig", newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadFormat(f"This is no table of comma-separated values in UTF-8: {error}.") from None
    for number, row in enumerate((row for row in rows if row), start=1):
        name, *labels = [unguarded(cell.strip()) for cell in row]
        numbers = [ids.setdefault(label, len(ids) + 1) for label in labels if label]
        found = [annotation(f"{number}-{label}", label, {"type": "whole"}) for label in dict.fromkeys(numbers)]
        contents.images.append(ImageRecord(number, name, 0, 0, found))
    contents.labels = [LabelRecord(number, name) for name, number in ids.items()]
    return contents
