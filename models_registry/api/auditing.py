"""The audit log, for owners."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import generics, serializers

from campaigns.api.base import user_of
from models_registry.models import AuditEntry
from models_registry.services.auditing import audit_entries


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    """Who did what to which model, when and from where. Secrets are named, never shown."""

    model = serializers.IntegerField(source="model_number", allow_null=True, help_text="The id, of a model that may be gone.")
    details = serializers.SerializerMethodField()

    class Meta:
        model = AuditEntry
        fields = ["id", "created_at", "username", "action", "model", "model_name", "url", "details", "address", "client"]

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_details(self, entry: AuditEntry) -> dict[str, Any]:
        """Return which fields changed, and what became of the secret."""
        return dict(entry.details)


class AuditView(generics.ListAPIView[AuditEntry]):
    """What people did to models: everything for the deployment's owner, one's own campaigns' models for a campaign's owner."""

    serializer_class = AuditEntrySerializer
    queryset = AuditEntry.objects.none()

    def get_queryset(self) -> Any:
        """Return what the user may read, newest first."""
        return audit_entries(user=user_of(self.request))
