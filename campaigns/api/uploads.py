"""How uploaded files arrive: small ones stay in memory, large ones land on the disk where the images will lie."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from rest_framework.request import Request

from campaigns.services.incoming import IN_MEMORY_BYTES, Incoming
from campaigns.storage import folder

REQUEST_IN_MEMORY_BYTES = 96 * 1024 * 1024


class LandedFile(UploadedFile):  # type: ignore[type-arg]
    """An uploaded file that knows how it lies; Django closes it with the request, which removes what was not moved."""

    def __init__(self, incoming: Incoming, content_type: str) -> None:
        super().__init__(None, incoming.name, content_type, incoming.size_bytes)
        self.incoming = incoming

    def close(self) -> None:
        """Remove the temporary file, if it is still there."""
        self.incoming.discard()


class LandingHandler(FileUploadHandler):
    """Django's own handlers write every file of a large request to the disk and read it back: twice the work for many small ones."""

    chunk_size = 256 * 1024

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._in_memory = 0
        self._chunks: list[bytes] = []
        self._size = 0
        self._file: IO[bytes] | None = None
        self._path: Path | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Start a file."""
        super().new_file(*args, **kwargs)
        self._chunks, self._size, self._file, self._path = [], 0, None, None

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Take the next piece; from a size on, all of it goes to the disk."""
        self._size += len(raw_data)
        self._in_memory += len(raw_data)
        if self._file is None and (self._size > IN_MEMORY_BYTES or self._in_memory > REQUEST_IN_MEMORY_BYTES):
            self._spill()
        if self._file is None:
            self._chunks.append(raw_data)
        else:
            self._file.write(raw_data)
            self._in_memory -= len(raw_data)
        return None

    def _spill(self) -> None:
        handle, name = tempfile.mkstemp(prefix="upload-", dir=folder("incoming"))
        self._path = Path(name)
        self._file = os.fdopen(handle, "wb")
        for chunk in self._chunks:
            self._file.write(chunk)
            self._in_memory -= len(chunk)
        self._chunks = []

    def file_complete(self, file_size: int) -> LandedFile:
        """Hand the file over."""
        name = self.file_name or "image"
        if self._file is None or self._path is None:
            return LandedFile(Incoming(name, b"".join(self._chunks)), self.content_type or "")
        self._file.close()
        return LandedFile(Incoming(name, self._path, ours=True), self.content_type or "")

    def upload_interrupted(self) -> None:
        """Leave nothing behind."""
        if self._file is not None and self._path is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)


class ImageUploads:
    """A view that takes images: its uploads land by ``LandingHandler``. Mix it in before the view class."""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Choose the handler before anything reads the body."""
        if request.method == "POST":
            request.upload_handlers = [LandingHandler(request)]
        prepared: Request = super().initialize_request(request, *args, **kwargs)  # type: ignore[misc]
        return prepared
