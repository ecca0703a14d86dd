"""Addresses that SentiSight's clients know, outside the versioned API."""

from inference.api.serving import sentisight_urlpatterns as urlpatterns

__all__ = ["urlpatterns"]
