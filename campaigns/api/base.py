"""What the views share: fetching what the user may see, versions in headers, repeated POSTs."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import orjson
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.errors import Conflict, InvalidInput, NotFound, PreconditionRequired
from campaigns.models import Campaign, IdempotencyKey, Image, Run, User
from campaigns.permissions import remember_role

View = TypeVar("View", bound=Callable[..., Response])


def user_of(request: Request) -> User:
    """Return who asks; the permission classes have seen to it that somebody does."""
    assert isinstance(request.user, User)
    return request.user


def fetch_campaign(request: Request, pk: int) -> Campaign:
    """Return a campaign that the user may see; raises NotFound."""
    user = user_of(request)
    visible = Campaign.objects.visible_to(user)
    if not user.is_superuser:
        visible = visible.annotate(fetched=F("memberships__role"))
    campaign = visible.filter(pk=pk).first()
    if campaign is None:
        raise NotFound("There is no such campaign, or you are not a member of it.")
    assert isinstance(campaign, Campaign)
    if not user.is_superuser:
        remember_role(user, campaign, campaign.fetched)  # type: ignore[attr-defined]
    return campaign


def fetch_image(request: Request, pk: int) -> Image:
    """Return an image, with its campaign, that the user may see; raises NotFound."""
    user = user_of(request)
    visible = Image.objects.visible_to(user).select_related("campaign")
    if not user.is_superuser:
        visible = visible.annotate(role=F("campaign__memberships__role"))
    image = visible.filter(pk=pk).first()
    if image is None:
        raise NotFound("There is no such image, or you are not a member of its campaign.")
    assert isinstance(image, Image)
    if not user.is_superuser:
        remember_role(user, image.campaign, image.role)  # type: ignore[attr-defined]
    return image


def fetch_run(request: Request, pk: int) -> Run:
    """Return a run that the user may see; raises NotFound."""
    run = Run.objects.visible_to(user_of(request)).select_related("campaign", "created_by").filter(pk=pk).first()
    if run is None:
        raise NotFound("There is no such run, or it is not yours to see.")
    assert isinstance(run, Run)
    return run


def version_of(request: Request) -> int:
    """Read the version from ``If-Match``; raises PreconditionRequired without it."""
    header = request.headers.get("If-Match")
    if header is None:
        raise PreconditionRequired('Send the version that you changed as If-Match: "7"; the answer to GET has it as ETag.')
    match = re.fullmatch(r'(?:W/)?"(\d{1,9})"', header.strip())
    if match is None:
        raise InvalidInput('If-Match is the ETag of the document, for example "7".', code="invalid_version")
    return int(match.group(1))


def etag(version: int) -> dict[str, str]:
    """Return the headers that carry a version."""
    return {"ETag": f'"{version}"'}


def idempotent(view: View) -> View:
    """Carry out a POST with an ``Idempotency-Key`` once; a repeat gets the first answer."""

    @functools.wraps(view)
    def once(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return view(self, request, *args, **kwargs)
        if len(key) > 200:
            raise InvalidInput("An Idempotency-Key has at most 200 characters.")
        return _once(key, request, lambda: view(self, request, *args, **kwargs))

    return once  # type: ignore[return-value]


def _once(key: str, request: Request, carry_out: Callable[[], Response]) -> Response:
    user = user_of(request)
    fingerprint = hashlib.sha256(f"{request.method} {request.get_full_path()} {_body(request)}".encode()).hexdigest()
    _forget_old(user, key)
    try:
        with transaction.atomic():
            mine = IdempotencyKey.objects.create(user=user, key=key, fingerprint=fingerprint)
    except IntegrityError:
        return _earlier(user, key, fingerprint)
    try:
        answer = carry_out()
    except BaseException:
        mine.delete()
        raise
    # Through JSON and back, so that a repeat gets what was really sent.
    body = orjson.loads(orjson.dumps(answer.data, default=str, option=orjson.OPT_NON_STR_KEYS))
    IdempotencyKey.objects.filter(pk=mine.pk).update(status=answer.status_code, body=body)
    return answer


def _forget_old(user: User, key: str) -> None:
    """Drop an answer that is a day old, and a first try that a crash left without one."""
    now = timezone.now()
    crashed = Q(status=None, created_at__lt=now - timedelta(minutes=10))
    IdempotencyKey.objects.filter(Q(created_at__lt=now - timedelta(days=1)) | crashed, user=user, key=key).delete()


def _body(request: Request) -> str:
    if "multipart" in (request.content_type or ""):
        return "multipart " + ",".join(sorted(f"{f.name}:{f.size}" for files in request.FILES.lists() for f in files[1]))
    return repr(request.data)


def _earlier(user: User, key: str, fingerprint: str) -> Response:
    first = IdempotencyKey.objects.filter(user=user, key=key).first()
    if first is None or first.status is None:
        raise Conflict("The first request with this Idempotency-Key is still at work; ask again in a moment.", code="still_at_work")
    if first.fingerprint != fingerprint:
        raise Conflict("This Idempotency-Key was used for another request; make a fresh one.", code="key_reused")
    return Response(first.body, status=first.status)
