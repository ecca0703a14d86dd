"""What this deployment lets models' URLs reach."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from models_registry.addresses import EgressPolicy


def egress_policy() -> EgressPolicy:
    """Return the policy of the settings; a network that is none stops the process with one clear sentence."""
    try:
        return EgressPolicy.of(networks=settings.MODEL_NETWORKS, hosts=settings.MODEL_HOSTS)
    except ValueError as error:
        raise ImproperlyConfigured(f"WINNOW_MODEL_NETWORKS is a comma-separated list like 10.0.0.0/8,::1/128: {error}.") from error
