"""Translate errors into RFC 9457 problem documents, once for all views."""

import logging
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DatabaseError, DataError, IntegrityError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from campaigns.disk import is_full, is_read_only
from campaigns.errors import Conflict, DiskFull, DiskReadOnly, DomainError, InvalidInput, PreconditionFailed, TooLarge

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the problem document for an error that a view raised; None lets a bug be a bug."""
    error = _understood(error)
    if isinstance(error, DomainError):
        return _from_domain(error)
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing here, or it is not yours to see.")
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _from_framework(error)
    return None


def _understood(error: Exception) -> Exception:
    """Say in our own words what the database and Django find wrong with a request."""
    if isinstance(error, OSError | DatabaseError) and is_full(error):
        logger.error("the disk is full", exc_info=error)
        return DiskFull("The server's disk is full, so nothing was saved. Free some space on it, or ask who runs it, and try again.")
    if isinstance(error, OSError | DatabaseError) and is_read_only(error):
        logger.error("the disk is read-only", exc_info=error)
        return DiskReadOnly("The server's disk is read-only, so nothing was saved. Let it be written to again, or ask who runs it.")
    if isinstance(error, DataError | OverflowError):
        # SQLite says OverflowError of a number above 64 bits, PostgreSQL DataError of that and of texts with a NUL.
        return InvalidInput("A number or a text in this request is beyond what can be stored; check ids above all.", code="out_of_range")
    if isinstance(error, IntegrityError):
        # The services look first; what they found can still be removed before they write.
        logger.warning("a constraint of the database refused a request", exc_info=error)
        message = "Something that this request builds on was changed or removed at the same moment. Load it again."
        return Conflict(message, code="changed_meanwhile")
    if isinstance(error, TooManyFilesSent):
        most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        return TooLarge(f"One request carries at most {most:,} files; send the rest in another, or as a zip.")
    if isinstance(error, RequestDataTooBig | TooManyFieldsSent):
        return TooLarge("The form's fields besides its files are too many or too large; send less at once.")
    return error


def _from_domain(error: DomainError) -> Response:
    set_rollback()
    extra = dict(error.extra)
    current = extra.pop("current_set", None)
    if isinstance(error, PreconditionFailed) and current is not None:
        from campaigns.api.serializers import annotation_set_document

        extra["current"] = annotation_set_document(current)
    return problem(error.status, title=error.title, detail=error.detail, code=error.code, errors=error.errors, **extra)


def _from_framework(error: exceptions.APIException) -> Response:
    set_rollback()
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    code = str(error.default_code)
    if isinstance(error, exceptions.ValidationError):
        errors = list(_flatten(error.detail))
        detail = "; ".join(f"{e['field']}: {e['detail']}" if e["field"] else e["detail"] for e in errors[:5])
        answer = problem(422, title="Invalid input", detail=detail or "The input is invalid.", code="invalid_input", errors=errors)
    else:
        usual = str(error.default_detail).rstrip(".")
        title = HTTPStatus(error.status_code).phrase.capitalize() if "{" in usual else usual  # some are templates
        answer = problem(error.status_code, title=title, detail=str(error.detail), code=code)
    for name, value in headers.items():
        answer[name] = value
    return answer


def _flatten(detail: Any, path: str = "") -> Any:
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _flatten(value, path if key == "non_field_errors" else f"{path}.{key}".lstrip("."))
    elif isinstance(detail, list):
        for i, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from _flatten(value, f"{path}.{i}".lstrip(".") if nested else path)
    else:
        yield {"field": path, "detail": str(detail)}


def problem(status: int, *, title: str, detail: str, code: str, errors: list[dict[str, Any]] | None = None, **extra: Any) -> Response:
    """Return a problem document; ``detail`` says what to do."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    if errors:
        body["errors"] = errors
    return Response({**body, **extra}, status=status, content_type=CONTENT_TYPE)
