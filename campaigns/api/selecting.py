"""Selections as they come in a request's body."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.filters.selections import MISSING

SELECTION_SCHEMA = {
    "oneOf": [
        {"type": "string", "enum": ["all", "unlabeled"]},
        {"type": "array", "items": {"type": "integer"}},
        {
            "type": "object",
            "properties": {
                "ids": {"type": "array", "items": {"type": "integer"}},
                "missing": {"type": "string", "enum": list(MISSING)},
                "state": {"type": "string", "enum": ["unlabeled"]},
            },
            "required": ["ids"],
        },
        {"type": "object", "properties": {"filter": {"type": "object", "additionalProperties": True}}, "required": ["filter"]},
        {"type": "object", "properties": {"view": {"type": "integer"}}, "required": ["view"]},
    ]
}


@extend_schema_field(SELECTION_SCHEMA)
class SelectionField(serializers.Field[Any, Any, Any, Any]):
    """Which images: "all", "unlabeled", ids, {"ids": […], "missing": "skip"}, {"filter": {…}} or {"view": id}; the service checks it."""

    def to_internal_value(self, data: Any) -> Any:
        """Pass it on."""
        return data

    def to_representation(self, value: Any) -> Any:
        """Pass it on."""
        return value
