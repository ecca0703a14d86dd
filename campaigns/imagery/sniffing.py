"""Tell what a file is from its first bytes; its name is never believed."""

import re

from campaigns.imagery.refusal import Refused

HEAD_BYTES = 1024

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two are BigTIFF
_KNOWN_BUT_NOT_TAKEN = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"%PDF": "PDF",
    b"8BPS": "Photoshop",
    b"\x00\x00\x00\x0cjP  ": "JPEG 2000",
    b"\x00\x00\x01\x00": "icon",
    b"\x89HDF": "HDF5",
    b"CDF": "NetCDF",
    b"\x1f\x8b": "gzip",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
}
_MARKUP = re.compile(rb"^\s*(?:\xef\xbb\xbf)?\s*<", re.DOTALL)
TAKEN = "JPEG, PNG, WebP, TIFF and GeoTIFF"


def sniff(head: bytes) -> str:
    """Return "JPEG", "PNG", "WEBP" or "TIFF" for the first ``HEAD_BYTES`` of a file; raise Refused for all else."""
    if head[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:4] in _TIFF:
        return "TIFF"
    raise _refusal(head)


def is_zip(head: bytes) -> bool:
    """Say whether the first bytes are a zip archive's."""
    return head[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def _refusal(head: bytes) -> Refused:
    if not head:
        return Refused("empty_file", "The file is empty; upload it again.")
    if _MARKUP.match(head):
        return _markup_refusal(head.lower())
    if head[4:8] == b"ftyp":
        return Refused("unknown_format", f"HEIC, AVIF and video files are not taken; convert to one of {TAKEN}.")
    for magic, name in _KNOWN_BUT_NOT_TAKEN.items():
        if head.startswith(magic):
            return Refused("unknown_format", f"{name} files are not taken; convert to one of {TAKEN}.")
    return Refused("unknown_format", f"This is no image that Winnow reads: it takes {TAKEN}.")


def _markup_refusal(head: bytes) -> Refused:
    if b"<svg" in head:
        return Refused("svg", "SVG drawings are not taken, since they can carry scripts; export it as PNG.")
    if b"<vrtdataset" in head:
        return Refused(
            "vrt", "This is a GDAL virtual raster, a text that points to other files; convert it with gdal_translate to a GeoTIFF."
        )
    return Refused("unknown_format", f"This is a text or web page, no image; Winnow takes {TAKEN}.")
