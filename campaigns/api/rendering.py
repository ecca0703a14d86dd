"""JSON in and out by orjson: several times faster than the standard library on large annotation sets."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.db.models.query import QuerySet
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.utils.encoders import JSONEncoder

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
        """Return the document; raises ParseError that says where it broke."""
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from error
