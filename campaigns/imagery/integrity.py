"""Find truncated files without decoding their pixels: each container says where it ends."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO

from PIL import Image as Picture

from campaigns.imagery.refusal import Refused

Content = bytes | memoryview

_JPEG_PADDING = b"\0\r\n\t "
_JPEG_END = b"\xff\xd9"


def _truncated(kind: str) -> Refused:
    return Refused("truncated", f"The {kind} ends too early, so a part of the picture is missing; upload it again from its source.")


def check_jpeg(content: Content) -> None:
    """Refuse a JPEG without an end. Entropy-coded data cannot contain the end marker, so finding it last is proof enough.

    Cameras append previews and motion clips behind the end; only then the picture is decoded, at an eighth of its size.
    """
    if bytes(content[-64:]).rstrip(_JPEG_PADDING).endswith(_JPEG_END):
        return
    try:
        with Picture.open(BytesIO(content), formats=("JPEG",)) as picture:
            picture.draft(None, (picture.width // 8, picture.height // 8))
            picture.load()
    except (OSError, SyntaxError, ValueError):
        raise _truncated("JPEG") from None


def check_png(content: Content) -> None:
    """Refuse a PNG whose chunks do not reach IEND or do not match their checksums."""
    position, end = 8, len(content)
    while position + 12 <= end:
        length, name = struct.unpack_from(">I4s", content, position)
        if position + 12 + length > end:
            break
        (checksum,) = struct.unpack_from(">I", content, position + 8 + length)
        if zlib.crc32(content[position + 4 : position + 8 + length]) != checksum:
            raise Refused("damaged", "The PNG is damaged: a checksum inside does not match; upload it again from its source.")
        if name == b"IEND":
            return
        position += 12 + length
    raise _truncated("PNG")


def check_webp(content: Content) -> None:
    """Refuse a WebP that is shorter than its header says."""
    if len(content) < 12 or struct.unpack_from("<I", content, 4)[0] + 8 > len(content):
        raise _truncated("WebP")


CHECKS: dict[str, Callable[[Content], None]] = {"JPEG": check_jpeg, "PNG": check_png, "WEBP": check_webp}
