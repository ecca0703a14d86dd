"""Settings of a Winnow deployment. Every variable is explained in docs/reference/settings.md."""

import os
from pathlib import Path

from config.environment import address, choice, database, flag, number, secret_key, words

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("WINNOW_DATA_DIR") or BASE_DIR / "data").resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = flag("WINNOW_DEBUG", default=False)
SECRET_KEY = os.environ.get("WINNOW_SECRET_KEY") or secret_key(DATA_DIR)
# Keys that encrypt stored secrets, newest first. Apart from SECRET_KEY, so that either can be rotated alone.
FIELD_ENCRYPTION_KEYS = words("FIELD_ENCRYPTION_KEYS") or [secret_key(DATA_DIR, "field-encryption-key")]
ALLOWED_HOSTS = words("WINNOW_HOSTS") or ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = words("WINNOW_ORIGINS")
# Where model servers fetch images from. Unset, it is guessed for servers on this machine alone (campaigns.lending).
PUBLIC_URL = address("WINNOW_PUBLIC_URL")
LOCAL_PORT = int(os.environ.get("PORT") or 0)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "django_q",
    "campaigns",
    "models_registry",
    "inference",
    "active_learning",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

DATABASES = {"default": database(os.environ.get("DATABASE_URL", ""), DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "campaigns.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"

STATIC_URL = "/static/"
STATIC_ROOT = None  # nothing is collected: whitenoise serves the built front end from where it lies
FRONTEND_DIR = BASE_DIR / "frontend" / "dist"
STATICFILES_DIRS = [FRONTEND_DIR] if FRONTEND_DIR.is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/assets/.+-[0-9A-Za-z_-]{8}\.\w+$"  # Vite puts a hash into these names

SESSION_ENGINE = "django.contrib.sessions.backends.db"  # signing out ends a session, copies of its cookie included
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = flag("WINNOW_HTTPS", default=False)
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
BEHIND_PROXY = flag("WINNOW_BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

# One upload request; the files inside have their own limits (campaigns.imagery).
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 5000
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "campaigns.api.authentication.TokenAuthentication",
        "campaigns.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["campaigns.api.rendering.ORJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["campaigns.api.rendering.ORJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "campaigns.api.pagination.CursorPages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "campaigns.api.problems.problem_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    # Whose guesses at passwords are counted: the peer's, or what the proxy says last. Anyone can write the header itself.
    "NUM_PROXIES": 1 if BEHIND_PROXY else 0,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Winnow",
    "DESCRIPTION": "Label images by active learning. Everything the web page does goes through this interface.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "FileStateEnum": "models_registry.checkpoints.FILE_STATES",
        "RunStateEnum": "campaigns.models.run.RunState",
        "ImageStateEnum": "campaigns.models.image.ImageState",
        "AnnotationSetStateEnum": "campaigns.models.annotation.SetState",
        "RoleEnum": "campaigns.models.campaign.Role",
        "TaskEnum": "campaigns.models.campaign.Task",
        "SplitEnum": "campaigns.models.image.Split",
        "CheckpointRoleEnum": "models_registry.models.Checkpoint.Role",
        "ModelKindEnum": "models_registry.models.ModelKind",
        "SpaceKindEnum": "active_learning.models.SpaceKind",
        "DoubtStateEnum": "active_learning.models.DoubtState",
    },
}

# Background work. Failures are ours to record on the Run row, so the queue never retries: with the defaults a
# failed task comes back for ever (https://github.com/django-q2/django-q2/issues/238). retry stays above
# timeout x (1 + ceil((queue_limit + 1) / workers)), so that a task waiting in memory is not handed out twice.
_WORKERS = int(number("WINNOW_WORKERS", default=2))
_RUN_TIMEOUT_S = int(number("WINNOW_RUN_TIMEOUT_S", default=24 * 3600))
Q_CLUSTER = {
    "name": "default",
    "orm": "default",
    "workers": _WORKERS,
    "queue_limit": _WORKERS,
    "timeout": _RUN_TIMEOUT_S,
    "retry": _RUN_TIMEOUT_S * 4,
    "ack_failures": True,
    "max_attempts": 1,
    "poll": 0.2,
    "guard_cycle": 0.5,
    "catch_up": False,
    "save_limit": 500,
    "ALT_CLUSTERS": {
        "training": {"workers": 1, "recycle": 1, "queue_limit": 1, "timeout": _RUN_TIMEOUT_S, "retry": _RUN_TIMEOUT_S * 4},
    },
}
HEARTBEAT_S = number("WINNOW_HEARTBEAT_S", default=2)
LOST_AFTER_S = number("WINNOW_LOST_AFTER_S", default=20)

# Folders of the server that managers may import images from; none by default.
IMPORT_ROOTS = words("WINNOW_IMPORT_ROOTS")
EMBED_ON_IMPORT = flag("WINNOW_EMBED_ON_IMPORT", default=True)

# Which addresses a model's URL may reach (docs/reference/settings.md, "Calling models").
MODEL_NETWORKS = words("WINNOW_MODEL_NETWORKS")
MODEL_HOSTS = words("WINNOW_MODEL_HOSTS")
# Who may say which addresses are called: managers of campaigns, owners of campaigns, or the owner of the deployment.
MODEL_REGISTRARS = choice("WINNOW_MODEL_REGISTRARS", ("managers", "owners", "owner"))
MODEL_CHECK_MINUTES = int(number("WINNOW_MODEL_CHECK_MINUTES", default=5))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "models_registry.redaction.RedactingFormatter", "fmt": "{asctime} {levelname} {name}: {message}", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # A refused request is the client's affair, and it was told; only failures of the server are worth a line.
    "loggers": {"django.request": {"level": "ERROR"}},
    "root": {"handlers": ["console"], "level": os.environ.get("WINNOW_LOG_LEVEL", "WARNING")},
}
