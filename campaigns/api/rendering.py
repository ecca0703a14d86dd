"""JSON in and out by orjson: several times faster than the standard library on large annotation sets."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from django.db.models.query import QuerySet
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.utils.encoders import JSONEncoder

from campaigns.errors import TooLarge

_fallback = JSONEncoder()


def _default(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, QuerySet):
        return list(value)
    return _fallback.default(value)


class ORJSONRenderer(BaseRenderer):
    """Write JSON."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None) -> bytes:
        """Return the document as bytes; nothing for an empty answer."""
        if data is None:
            return b""
        return orjson.dumps(data, default=_default, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)


class ORJSONParser(BaseParser):
    """Read JSON. NaN and infinity are no JSON and are refused."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Return the document; raises ParseError that says where it broke, TooLarge before more is read than fits."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE  # Django's own check is passed by: the framework reads the stream itself
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge(f"A JSON body has at most {limit // 1024**2} MiB; send less at once.")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from error
