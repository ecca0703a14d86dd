"""Addresses that SentiSight's clients know, outside the versioned API."""

from active_learning.api.similarity import sentisight_urlpatterns as urlpatterns

__all__ = ["urlpatterns"]
