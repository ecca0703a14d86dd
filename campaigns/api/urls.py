"""Addresses of this application."""

from campaigns.api import (
    accounts,
    annotations,
    campaigns,
    changes,
    effort,
    exporting,
    guesses,
    imagery,
    images,
    importing,
    lending,
    preferences,
    runs,
    sample,
    views,
)

urlpatterns = [
    *accounts.urlpatterns,
    *sample.urlpatterns,
    *campaigns.urlpatterns,
    *changes.urlpatterns,
    *guesses.urlpatterns,
    *images.urlpatterns,
    *views.urlpatterns,
    *imagery.urlpatterns,
    *importing.urlpatterns,
    *lending.urlpatterns,
    *annotations.urlpatterns,
    *runs.urlpatterns,
    *exporting.urlpatterns,
    *preferences.urlpatterns,
    *effort.urlpatterns,
]
