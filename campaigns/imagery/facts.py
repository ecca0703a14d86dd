"""What is known of an image from its header."""

from dataclasses import dataclass

Affine6 = tuple[float, float, float, float, float, float]

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "TIFF": "tif"}
CONTENT_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "TIFF": "image/tiff"}
LARGEST_PLAIN_SIDE = 4096


@dataclass(frozen=True)
class ImageFacts:
    """What is known of an image from its header. width and height are those after EXIF orientation (1 to 8)."""

    format: str
    width: int
    height: int
    bands: int
    dtype: str
    crs: str = ""
    transform: Affine6 | None = None
    orientation: int = 1


def needs_tiles(*, format: str, width: int, height: int, dtype: str = "uint8") -> bool:
    """Say whether a browser should be given tiles instead of the file: rasters, deep pixels, and very large pictures."""
    return format == "TIFF" or dtype != "uint8" or max(width, height) > LARGEST_PLAIN_SIDE
