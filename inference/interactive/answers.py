"""One question, one answer: both JSON values, so that they travel through a socket."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from campaigns.imagery.refusal import Refused
from inference.interactive.grabcut import cut_out
from inference.interactive.masks import resized, window_of_mask
from inference.interactive.outlines import POLYGON_TOLERANCE_PX, mask_shape, polygon_shape
from inference.interactive.promptable import MOST_PIXELS, Promptables, Segmented, SegmenterFiles
from inference.interactive.prompts import BoxPx, Prompts, read_prompts
from inference.interactive.windows import LARGEST_SIDE_READ_PX, AskedImage, PixelReader, shared_window, surrounded


class Answerer:
    """Answers questions. It is shared by threads; only embedding goes one at a time."""

    def __init__(self, folder: Path) -> None:
        self._reader = PixelReader()
        self._promptables = Promptables(self._reader, folder)

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a question of ``inference.services.assisting``; raises Refused with a sentence for the person."""
        begun = time.perf_counter()
        if question["do"] == "warm":  # asking alone has loaded what GrabCut takes
            return {"ready": True, "took_ms": _since(begun)}
        image = AskedImage.from_document(question["image"])
        roi: BoxPx = tuple(question["roi"])
        if question["do"] == "prepare":
            return {"ready": self._prepare(question, image, roi), "took_ms": _since(begun)}
        objects = tuple(read_prompts(each, width=image.width, height=image.height) for each in question["objects"])
        if question["do"] == "grabcut":
            found = [self._cut(image, roi, objects[0], question.get("mask"))]
        else:
            window = shared_window(roi, width=image.width, height=image.height)
            files = SegmenterFiles.from_document(question["files"])
            found = self._promptables.answer(files, image, window, objects)
        shapes = [_object(each, image, polygon=bool(question.get("polygon"))) for each in found]
        return {**shapes[0], **({"objects": shapes} if len(shapes) > 1 else {}), "took_ms": _since(begun)}

    def _prepare(self, question: Mapping[str, Any], image: AskedImage, roi: BoxPx) -> bool:
        """Embed the window of a work area; say whether that was done before."""
        files, window = SegmenterFiles.from_document(question["files"]), shared_window(roi, width=image.width, height=image.height)
        was_ready = self._promptables.is_ready(files, image, window)
        self._promptables.embed(files, image, window)
        return was_ready

    def _cut(self, image: AskedImage, roi: BoxPx, prompts: Prompts, before: object) -> Segmented:
        window = surrounded(roi, width=image.width, height=image.height)
        left, top, right, bottom = window
        shape = (bottom - top, right - left)
        if shape[0] * shape[1] > MOST_PIXELS:
            raise Refused(
                "area_too_large", f"A work area has at most {MOST_PIXELS // 10**6} million pixels. Zoom in and draw a smaller one."
            )
        pixels = self._reader.read(image, window, LARGEST_SIDE_READ_PX)
        earlier = None if before is None else window_of_mask(before, window, width=image.width, height=image.height)
        cut = cut_out(pixels, roi, prompts, None if earlier is None else resized(earlier, pixels.rgb.shape[:2]))
        return Segmented(resized(cut.mask, shape), left, top, cut.confidence)


def _object(found: Segmented, image: AskedImage, *, polygon: bool) -> dict[str, Any]:
    shape = mask_shape(found.mask, left=found.left, top=found.top, width=image.width, height=image.height)
    answer: dict[str, Any] = {"shape": shape, "confidence": round(float(np.clip(found.confidence, 0.0, 1.0)), 4)}
    if polygon:
        answer["polygon"] = polygon_shape(found.mask, left=found.left, top=found.top, tolerance_px=POLYGON_TOLERANCE_PX)
    return answer


def _since(begun: float) -> float:
    return round((time.perf_counter() - begun) * 1000, 1)
