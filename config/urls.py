"""All addresses of a deployment."""

from django.urls import include, path

from campaigns.api.schema import docs_view, schema_view
from config.pages import healthz, index, nothing_here, readyz

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("api/v1/schema", schema_view, name="schema"),
    path("api/v1/docs", docs_view, name="docs"),
    path("api/v1/", include("campaigns.api.urls")),
    path("api/v1/", include("models_registry.api.urls")),
    path("api/v1/", include("inference.api.urls")),
    path("api/v1/", include("active_learning.api.urls")),
    path("api/", include("inference.api.sentisight")),
    path("api/", include("active_learning.api.sentisight")),
    path("api/<path:page>", nothing_here),
    path("static/<path:page>", nothing_here),
    path("", index, name="index"),
    path("<path:page>", index),
]
