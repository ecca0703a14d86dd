"""Why a file is not taken as an image: a code for programs, one sentence for people."""

from dataclasses import dataclass


class Refused(Exception):
    """A file that is no usable image. ``detail`` says what is wrong and, where something helps, what to do."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class Limits:
    """What one image may cost, judged from its header before a pixel is read."""

    picture_pixels: int = 200_000_000  # JPEG, PNG and WebP are decoded whole: 600 MB of RGB
    raster_pixels: int = 4_000_000_000  # a TIFF is read by windows
    block_bytes: int = 512_000_000  # the piece of a TIFF that is decoded at once
    bands: int = 512
    side: int = 500_000


LIMITS = Limits()
