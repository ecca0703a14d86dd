"""The OpenAPI schema and its browsable pages."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.permissions import AllowAny

schema_view = SpectacularAPIView.as_view(permission_classes=[AllowAny], renderer_classes=SpectacularAPIView.renderer_classes)
docs_view = SpectacularSwaggerView.as_view(url_name="schema", permission_classes=[AllowAny])
