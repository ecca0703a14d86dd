"""Read a deployment's settings from environment variables, each with one clear error."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;"
)
TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}


def flag(name: str, *, default: bool) -> bool:
    """Read a yes-or-no variable."""
    word = os.environ.get(name)
    if word is None:
        return default
    if word.strip().lower() in TRUE_WORDS:
        return True
    if word.strip().lower() in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"{name} must be yes or no, not {word!r}.")


def number(name: str, *, default: float) -> float:
    """Read a positive number."""
    word = os.environ.get(name)
    if not word:
        return default
    try:
        value = float(word)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a number, not {word!r}.") from error
    if value <= 0:
        raise ImproperlyConfigured(f"{name} must be above zero, not {word!r}.")
    return value


def choice(name: str, choices: tuple[str, ...]) -> str:
    """Read one of a few words; the first is the default."""
    word = os.environ.get(name, "").strip().lower() or choices[0]
    if word not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {word!r}.")
    return word


def words(name: str) -> list[str]:
    """Read a comma-separated list; blanks are dropped."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def address(name: str) -> str:
    """Read an http(s) address without its last slash; empty when it is not set."""
    word = os.environ.get(name, "").strip().rstrip("/")
    parts = urlsplit(word)
    if word and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
        raise ImproperlyConfigured(f"{name} must be an address such as https://label.example.org, not {word!r}.")
    return word


def secret_key(data_dir: Path, name: str = "secret-key") -> str:
    """Return the deployment's own random key, made on the first start and kept in the data directory."""
    path = data_dir / name
    if path.exists():
        return path.read_text().strip()
    from django.core.management.utils import get_random_secret_key

    fresh = get_random_secret_key()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(fresh)
    except FileExistsError:  # another process of the same start was first
        return path.read_text().strip()
    return fresh


def database(url: str, data_dir: Path) -> dict[str, object]:
    """Translate ``DATABASE_URL`` into Django's settings; empty means SQLite in the data directory."""
    if not url:
        return _sqlite(data_dir / "winnow.sqlite3")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(Path(unquote(parts.path)))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must start with postgresql:// or sqlite:///, for example postgresql://winnow:secret@db/winnow."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _sqlite(path: Path) -> dict[str, object]:
    # WAL lets readers go on while one writer writes. IMMEDIATE takes the write lock at BEGIN, so that a
    # transaction waits (busy timeout) instead of failing when it upgrades from reading to writing.
    # synchronous=NORMAL in WAL mode survives kill -9 of any process; only a power cut may lose the last commits.
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": SQLITE_PRAGMAS,
        },
        "TEST": {"NAME": os.environ.get("WINNOW_TEST_SQLITE") or None},
    }
