"""Where a deployment's files lie: all under one data directory."""

from pathlib import Path

from django.conf import settings

from campaigns.models import Image


def folder(name: str) -> Path:
    """Return a folder of the data directory, made if it is missing."""
    path: Path = settings.DATA_DIR / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def image_path(image: Image) -> Path:
    """Return the file of an image."""
    path: Path = settings.DATA_DIR / "images" / image.path
    return path
