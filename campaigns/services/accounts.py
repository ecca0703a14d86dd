"""Accounts and the tokens of scripts."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.contrib.auth import authenticate, password_validation
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from campaigns.errors import Conflict, DomainError, InvalidInput
from campaigns.models import ApiToken, User

SCOPES = ("read", "write")


class WrongPassword(DomainError):
    """The name and the password do not belong together."""

    status = 401
    title = "Sign-in failed"
    default_code = "wrong_password"


def setup_needed() -> bool:
    """Say whether nobody has an account yet."""
    return not User.objects.exists()


def setup_owner(*, username: str, password: str) -> User:
    """Make the first account, which owns the deployment; there is no default password."""
    check_password(username, password)
    with transaction.atomic():
        # The lowest id decides between two people who press the button at once: the second is rolled back.
        user = User.objects.create_superuser(username=username, password=password)
        if User.objects.exclude(pk=user.pk).exists():
            raise Conflict("This deployment has an owner already. Sign in, or ask the owner for an account.", code="already_set_up")
    return user


def create_account(*, username: str, password: str) -> User:
    """Make an account for a new member."""
    check_password(username, password)
    if User.objects.filter(username__iexact=username).exists():
        raise Conflict(f"The name {username!r} is taken.", code="name_taken")
    return User.objects.create_user(username=username, password=password)


def check_password(username: str, password: str) -> None:
    """Refuse an unusable name or a weak password, with the reason."""
    try:
        User.username_validator(username)
        password_validation.validate_password(password, user=User(username=username))
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), code="weak_password") from error
    if not username or len(username) > 150:
        raise InvalidInput("The name needs 1 to 150 characters.", code="invalid_name")


def sign_in(*, username: str, password: str) -> User:
    """Return who this is; raises WrongPassword."""
    user = authenticate(username=username, password=password)
    if not isinstance(user, User):
        raise WrongPassword("The name or the password is wrong. Check both; capital letters count.")
    return user


def digest_of(token: str) -> str:
    """Return what is stored of a token. It is long and random, so a plain hash suffices."""
    return hashlib.sha256(token.encode()).hexdigest()


def create_token(*, user: User, name: str, scopes: list[str] | None = None, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """Make a token; the text itself is returned this once and never stored."""
    unknown = set(scopes or []) - set(SCOPES)
    if unknown:
        raise InvalidInput(f"There is no scope {sorted(unknown)[0]!r}; use {' or '.join(SCOPES)}.")
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidInput("The token would have expired already; choose a later time.")
    text = f"wnw_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(user=user, name=name, digest=digest_of(text), scopes=scopes or [], expires_at=expires_at)
    return token, text
