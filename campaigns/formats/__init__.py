"""Annotation formats: each module writes and reads the same neutral records. Knows nothing of the database.

No converter library stands in this path: none that was tried keeps holes, keypoints, category ids and custom fields together.
They are oracles in the tests instead.
"""

from collections.abc import Callable, Iterable
from typing import IO, Final

from campaigns.formats import coco, csv_table, geojson, masks
from campaigns.formats.records import ImageRecord, LabelRecord, Outcome, Source

Writer = Callable[[IO[bytes], Source, Iterable[ImageRecord]], Outcome]

WRITERS: Final[dict[str, Writer]] = {"coco": coco.write, "geojson": geojson.write, "csv": csv_table.write, "masks": masks.write}
EXTENSIONS: Final = {"coco": "json", "geojson": "geojson", "csv": "csv", "masks": "zip"}
CONTENT_TYPES: Final = {
    "coco": "application/json",
    "geojson": "application/geo+json",
    "csv": "text/csv; charset=utf-8",
    "masks": "application/zip",
}

__all__ = ["CONTENT_TYPES", "EXTENSIONS", "WRITERS", "ImageRecord", "LabelRecord", "Outcome", "Source", "Writer"]
