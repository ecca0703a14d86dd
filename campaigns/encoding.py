"""How JSON columns are written and read: by orjson, which takes a tenth of the time on documents full of coordinates."""

import json
from typing import Any

import orjson


class DocumentEncoder(json.JSONEncoder):
    """Write a document. Numbers were checked to be finite before: orjson would write NaN as null."""

    def encode(self, o: Any) -> str:
        """Return the JSON text."""
        return orjson.dumps(o, default=self.default, option=orjson.OPT_NON_STR_KEYS).decode()


class DocumentDecoder(json.JSONDecoder):
    """Read a document."""

    def decode(self, s: str, *args: Any) -> Any:
        """Return the value of a JSON text."""
        return orjson.loads(s)
