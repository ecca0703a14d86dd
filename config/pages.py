"""The one page of the front end, and what load balancers ask."""

from django.conf import settings
from django.db import connection
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie

NOT_BUILT = "The front end is not built. Run `make run`, or `npm run build` in frontend/."


@csrf_exempt
def nothing_here(request: HttpRequest, page: str = "") -> HttpResponse:
    """Answer addresses under /api/ and /static/ that do not exist, whatever the method."""
    detail = "There is no such address. The interface is described at /api/v1/docs."
    body = {"type": "about:blank", "title": "Not found", "status": 404, "detail": detail, "code": "not_found"}
    return JsonResponse(body, status=404, content_type="application/problem+json")


@ensure_csrf_cookie
def index(request: HttpRequest, page: str = "") -> HttpResponseBase:
    """Answer every address that is not the API's with the front end."""
    path = settings.FRONTEND_DIR / "index.html"
    if not path.exists():
        return HttpResponse(NOT_BUILT, status=503, content_type="text/plain")
    # The page names its scripts by hash, so the page itself must always be fresh.
    return FileResponse(path.open("rb"), content_type="text/html; charset=utf-8", headers={"Cache-Control": "no-cache"})


def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process lives."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Say that the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ready", content_type="text/plain")
