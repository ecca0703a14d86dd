"""Everything that a person can do wrong, each with what to do about it.

    DomainError
    ├── InvalidInput          422  what was sent cannot be used
    ├── NotAllowed            403  the person's role does not suffice
    ├── NotFound              404  it is not there, or not for this person
    ├── Conflict              409  the state of things forbids it now
    ├── PreconditionFailed    412  somebody saved first
    ├── PreconditionRequired  428  the version was not sent
    ├── TooLarge              413  above a limit
    ├── Unavailable           503  a part of the deployment does not answer
    ├── TooSlow               504  a part of the deployment did not answer in time
    └── DiskFull              507  nothing more can be written

The services raise them where the mistake is known; ``campaigns.api.problems`` translates once.
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """A mistake with a code for programs and one sentence for people that says what to do.

    ``errors`` says where: ``[{"field": "labels.0.color", "detail": "…"}]``; ``extra`` joins the problem document.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request cannot be carried out"
    default_code: ClassVar[str] = "invalid"

    def __init__(self, detail: str, *, code: str = "", errors: list[dict[str, Any]] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.default_code
        self.errors = errors or []
        self.extra = extra


class InvalidInput(DomainError):
    """What was sent cannot be used."""

    status = 422
    title = "Invalid input"
    default_code = "invalid_input"


class NotAllowed(DomainError):
    """The person's role does not suffice."""

    status = 403
    title = "Not allowed"
    default_code = "not_allowed"


class NotFound(DomainError):
    """It is not there, or not for this person."""

    status = 404
    title = "Not found"
    default_code = "not_found"


class Conflict(DomainError):
    """The state of things forbids it now."""

    status = 409
    title = "Conflict"
    default_code = "conflict"


class PreconditionFailed(DomainError):
    """Somebody saved first."""

    status = 412
    title = "Somebody saved first"
    default_code = "version_conflict"


class PreconditionRequired(DomainError):
    """The version was not sent."""

    status = 428
    title = "Version required"
    default_code = "version_required"


class TooLarge(DomainError):
    """Above a limit."""

    status = 413
    title = "Too large"
    default_code = "too_large"


class Unavailable(DomainError):
    """A part of the deployment does not answer."""

    status = 503
    title = "Not available now"
    default_code = "unavailable"


class TooSlow(DomainError):
    """A part of the deployment did not answer in time."""

    status = 504
    title = "It took too long"
    default_code = "too_slow"


class DiskFull(DomainError):
    """Nothing more can be written."""

    status = 507
    title = "The disk is full"
    default_code = "disk_full"


class DiskReadOnly(DiskFull):
    """Nothing can be written, though there may be room."""

    title = "The disk is read-only"
    default_code = "disk_read_only"
