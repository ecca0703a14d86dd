"""Large images as overlapping windows: which windows, and one answer of their answers.

    windows   where they lie, how much of the image each speaks for
    things    boxes, outlines, masks and points: doubles go, pieces that a border cut are joined
    rasters   class rasters and probabilities, blended so that no seam shows

Pure: predictions in pixels of their windows in, one prediction in pixels of the image out.
"""

from inference.tiling.stitching import stitch
from inference.tiling.windows import WindowPx, windows_of

__all__ = ["WindowPx", "stitch", "windows_of"]
