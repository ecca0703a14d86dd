"""Open rasters, kept open: opening a TIFF costs more than reading a tile of it.

A GDAL dataset serves one thread at a time, so a borrower has it alone and hands it back.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rasterio.io import DatasetReader

from campaigns.imagery.rasters import open_dataset


class DatasetPool:
    """At most ``capacity`` idle datasets; the one not used for longest is closed first."""

    def __init__(self, capacity: int = 32) -> None:
        self._capacity = capacity
        self._idle: OrderedDict[tuple[Path, int], DatasetReader] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def borrow(self, path: Path) -> Iterator[DatasetReader]:
        """Give an open dataset of the path to this thread alone; one that failed is not used again."""
        dataset = self._take(path) or open_dataset(path)
        try:
            yield dataset
        except BaseException:
            dataset.close()
            raise
        self._hand_back(path, dataset)

    def _take(self, path: Path) -> DatasetReader | None:
        with self._lock:
            key = next((key for key in reversed(self._idle) if key[0] == path), None)
            return self._idle.pop(key) if key else None

    def _hand_back(self, path: Path, dataset: DatasetReader) -> None:
        with self._lock:
            self._idle[path, id(dataset)] = dataset
            oldest = self._idle.popitem(last=False)[1] if len(self._idle) > self._capacity else None
        if oldest is not None:
            oldest.close()

    def abandon(self) -> None:
        """Start empty in a forked child: two processes must not read through one file position."""
        self._idle = OrderedDict()
        self._lock = threading.Lock()


POOL = DatasetPool()
os.register_at_fork(after_in_child=POOL.abandon)
