"""A promptable segmenter: an image is embedded once, then every prompt is answered from that (Kirillov et al., ICCV 2023).

Two ONNX files in the form that Segment Anything exports: an encoder (1, 3, 1024, 1024) -> (1, 256, 64, 64), and a decoder of
points and boxes. Points of a box carry the labels 2 and 3, places on the thing 1, places off it 0, and -1 fills up.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from campaigns.imagery.refusal import Refused
from campaigns.imagery.sidecars import written_atomically
from inference.interactive.masks import Mask, cleaned
from inference.interactive.prompts import BoxPx, Prompts
from inference.interactive.windows import AskedImage, PixelReader
from models_registry.digests import sha256_of

SIDE_PX: Final = 1024
LOGITS_SIDE: Final = 256
EMBEDDING_SHAPE: Final = (1, 256, 64, 64)
MEAN: Final = np.array([123.675, 116.28, 103.53], np.float32)
DEVIATION: Final = np.array([58.395, 57.12, 57.375], np.float32)
DECODER_INPUTS: Final = {"image_embeddings", "point_coords", "point_labels", "mask_input", "has_mask_input", "orig_im_size"}
MOST_PIXELS: Final = 64_000_000
KEPT_IN_MEMORY: Final = 48  # 2 MiB each
KEPT_ON_DISK: Final = 1000

Embedding = NDArray[np.float16]  # EMBEDDING_SHAPE: half the room, and masks differ by a pixel or two


@dataclass(frozen=True, slots=True)
class Segmented:
    """What came out: a mask (h, w) at (left, top) of the image; confidence 0 to 1: how well the network thinks that it fits."""

    mask: Mask
    left: int
    top: int
    confidence: float


@dataclass(frozen=True, slots=True)
class SegmenterFiles:
    """Where the two networks lie; ``sha256`` of each, in hexadecimal."""

    encoder: Path
    encoder_sha256: str
    decoder: Path
    decoder_sha256: str

    @classmethod
    def from_document(cls, document: Mapping[str, str]) -> SegmenterFiles:
        """Read what ``as_document`` wrote."""
        return cls(Path(document["encoder"]), document["encoder_sha256"], Path(document["decoder"]), document["decoder_sha256"])

    def as_document(self) -> dict[str, str]:
        """Return it as JSON values."""
        return {
            "encoder": str(self.encoder), "encoder_sha256": self.encoder_sha256,
            "decoder": str(self.decoder), "decoder_sha256": self.decoder_sha256,
        }  # fmt: skip


class Segmenter:
    """The two networks of one model, ready to answer."""

    def __init__(self, files: SegmenterFiles, threads: int) -> None:
        self._encoder = _session(files.encoder, files.encoder_sha256, threads)
        self._decoder = _session(files.decoder, files.decoder_sha256, threads)
        self._input = self._encoder.get_inputs()[0].name
        if {each.name for each in self._decoder.get_inputs()} != DECODER_INPUTS:
            raise Refused("model_unusable", "This model is no segmenter in the form that Segment Anything exports. Add it anew.")
        self._one_at_a_time = threading.Lock()

    def embed(self, rgb: NDArray[np.uint8]) -> Embedding:
        """Return the embedding of pixels (h, w, 3) whose longer side has at most 1024 pixels."""
        pixels, _ = _fitted(rgb)
        padded = np.zeros((1, 3, SIDE_PX, SIDE_PX), np.float32)
        padded[0, :, : pixels.shape[0], : pixels.shape[1]] = np.moveaxis((pixels.astype(np.float32) - MEAN) / DEVIATION, 2, 0)
        with self._one_at_a_time:  # it takes all cores anyway, and half a gigabyte
            embedding: NDArray[np.float32] = self._encoder.run(None, {self._input: padded})[0]
        return embedding.astype(np.float16)

    def answer(self, embedding: Embedding, window: BoxPx, prompts: Prompts) -> Segmented:
        """Return what the prompts mark in the window that was embedded; raises Refused when that is nothing."""
        from onnxruntime import RunOptions

        scale = SIDE_PX / max(window[2] - window[0], window[3] - window[1])
        points, labels = _prompted(prompts, window, scale)
        options = RunOptions()
        options.only_execute_path_to_fetches = True  # the large mask would be computed to be thrown away
        quality, logits = self._decoder.run(
            ["iou_predictions", "low_res_masks"],
            {
                "image_embeddings": embedding.astype(np.float32), "point_coords": points, "point_labels": labels,
                "mask_input": np.zeros((1, 1, LOGITS_SIDE, LOGITS_SIDE), np.float32), "has_mask_input": np.zeros(1, np.float32),
                "orig_im_size": np.array([LOGITS_SIDE, LOGITS_SIDE], np.float32),
            },
            options,
        )  # fmt: skip
        mask, left, top = _enlarged(logits[0, 0], window, scale)
        return Segmented(mask, left, top, float(np.clip(quality[0, 0], 0.0, 1.0)))


def _session(path: Path, sha256: str, threads: int) -> Any:
    import onnxruntime

    try:
        digest = sha256_of(path)
    except OSError:
        raise Refused("model_missing", f"{path.name} of this model is not on this machine. Add the model again.") from None
    if digest != sha256:
        raise Refused("model_damaged", f"{path.name} of this model is not the file that was added. Add the model again.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that wait by spinning would take the cores from the web server between two clicks.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime raises many kinds, none of them documented
        raise Refused("model_unusable", f"{path.name} cannot be loaded: {str(error)[:200]}") from error


def _fitted(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    height, width = rgb.shape[:2]
    scale = SIDE_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return rgb, scale
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), np.uint8), scale


def _prompted(prompts: Prompts, window: BoxPx, scale: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return points (1, N, 2) in the network's pixels, and their labels (1, N)."""
    dots = [(point.x, point.y, 1 if point.positive else 0) for point in prompts.dots()]
    if prompts.box is not None:
        dots += [(prompts.box[0], prompts.box[1], 2), (prompts.box[2], prompts.box[3], 3)]
    else:
        dots.append((window[0], window[1], -1))
    points = np.array([[(x - window[0]) * scale, (y - window[1]) * scale] for x, y, _ in dots], np.float32)
    return points[None], np.array([[label for _, _, label in dots]], np.float32)


def _enlarged(logits: NDArray[np.float32], window: BoxPx, scale: float) -> tuple[Mask, int, int]:
    """Return the mask at the image's own size, no larger than it must be, and its left and top."""
    cell = SIDE_PX / LOGITS_SIDE / scale  # pixels of the image for each of the network's
    rows, columns = np.nonzero(logits > 0)
    width, height = window[2] - window[0], window[3] - window[1]
    if len(rows) == 0:
        raise Refused("nothing_found", "The model sees nothing here. Click on the thing, or draw a box around it.")
    x0, x1 = (int(np.clip(edge, 0, width)) for edge in ((columns.min() - 1) * cell, (columns.max() + 2) * cell + 1))
    y0, y1 = (int(np.clip(edge, 0, height)) for edge in ((rows.min() - 1) * cell, (rows.max() + 2) * cell + 1))
    if x1 <= x0 or y1 <= y0:
        raise Refused("nothing_found", "The model sees nothing here. Click on the thing, or draw a box around it.")
    if (x1 - x0) * (y1 - y0) > MOST_PIXELS:
        raise Refused("area_too_large", "What was found covers more pixels than one mask is made of here. Zoom in, or draw a smaller box.")
    # The centre of pixel x lies at (x + 0.5) / cell - 0.5 among the cells.
    across, down = (x0 + 0.5) / cell - 0.5, (y0 + 0.5) / cell - 0.5
    place = np.array([[1 / cell, 0, across], [0, 1 / cell, down]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    large = cv2.warpAffine(logits, place, (x1 - x0, y1 - y0), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return cleaned(np.asarray(large) > 0), window[0] + x0, window[1] + y0


class EmbeddingCache:
    """Embeddings by what was embedded: the last ones in memory, more on the disk; two who ask for one wait for one computation."""

    def __init__(self, folder: Path, *, in_memory: int = KEPT_IN_MEMORY, on_disk: int = KEPT_ON_DISK) -> None:
        self._folder = folder
        self._in_memory = in_memory
        self._on_disk = on_disk
        self._kept: OrderedDict[str, Embedding] = OrderedDict()
        self._coming: dict[str, Future[Embedding]] = {}
        self._lock = threading.Lock()

    def has(self, key: str) -> bool:
        """Say whether an embedding is there without computing it."""
        with self._lock:
            return key in self._kept or self._path(key).exists()

    def get(self, key: str, compute: Callable[[], Embedding]) -> Embedding:
        """Return an embedding; ``compute()`` makes it when nobody has."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            coming = self._coming.get(key)
            mine = coming is None
            if coming is None:
                coming = self._coming[key] = Future()
        if not mine:
            return coming.result()
        try:
            embedding = self._found(key, compute)
        except BaseException as error:
            with self._lock:
                del self._coming[key]
            coming.set_exception(error)
            raise
        with self._lock:
            self._kept[key] = embedding
            while len(self._kept) > self._in_memory:
                self._kept.popitem(last=False)
            del self._coming[key]
        coming.set_result(embedding)
        return embedding

    def _found(self, key: str, compute: Callable[[], Embedding]) -> Embedding:
        path = self._path(key)
        try:
            kept: Embedding = np.load(path)
            os.utime(path)  # the oldest unused goes first
            if kept.shape == EMBEDDING_SHAPE and kept.dtype == np.float16:
                return kept
        except (OSError, ValueError, EOFError):
            pass
        embedding = compute()
        try:
            with written_atomically(path) as temporary, temporary.open("wb") as file:
                np.save(file, embedding)
            self._prune()
        except OSError:  # a full disk costs the next start a second, nothing more
            pass
        return embedding

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.npy"

    def _prune(self) -> None:
        files = sorted(self._folder.glob("*.npy"), key=lambda path: path.stat().st_mtime_ns)
        for path in files[: max(0, len(files) - self._on_disk)]:
            path.unlink(missing_ok=True)


class Promptables:
    """The promptable models in use, loaded when they are first asked, and the embeddings that they made."""

    def __init__(self, reader: PixelReader, folder: Path, *, threads: int | None = None, in_memory: int = KEPT_IN_MEMORY) -> None:
        self._reader = reader
        self._threads = threads or min(4, os.cpu_count() or 1)
        self._cache = EmbeddingCache(folder, in_memory=in_memory)
        self._loaded: dict[SegmenterFiles, Segmenter] = {}
        self._lock = threading.Lock()

    def is_ready(self, files: SegmenterFiles, image: AskedImage, window: BoxPx) -> bool:
        """Say whether a click would be answered at once."""
        return self._cache.has(_key(files, image, window))

    def embed(self, files: SegmenterFiles, image: AskedImage, window: BoxPx) -> Embedding:
        """Return the embedding of a window of an image."""
        segmenter = self._segmenter(files)
        return self._cache.get(_key(files, image, window), lambda: segmenter.embed(self._reader.read(image, window, SIDE_PX).rgb))

    def answer(self, files: SegmenterFiles, image: AskedImage, window: BoxPx, objects: tuple[Prompts, ...]) -> list[Segmented]:
        """Return what each of the prompts marks."""
        embedding = self.embed(files, image, window)
        return [self._segmenter(files).answer(embedding, window, prompts) for prompts in objects]

    def _segmenter(self, files: SegmenterFiles) -> Segmenter:
        with self._lock:
            if files not in self._loaded:
                self._loaded[files] = Segmenter(files, self._threads)
            return self._loaded[files]


def _key(files: SegmenterFiles, image: AskedImage, window: BoxPx) -> str:
    style = image.style
    what = [files.encoder_sha256, image.sha256, window, style.bands, style.low, style.high, style.gamma]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:40]
