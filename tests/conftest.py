"""What all tests share: a data directory of their own, people in every role, campaigns and images."""

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.test.utils import override_settings
from hypothesis import settings as hypothesis_settings
from PIL import Image as Picture
from rest_framework.test import APIClient

from campaigns.models import Campaign, Image, Label, Membership, Role, Task, User

# A busy machine must not fail a property: none of the tests is a timed one. Everybody gets the same examples, so that a failure
# is nobody's luck; HYPOTHESIS_PROFILE=explore looks for others.
hypothesis_settings.register_profile("winnow", deadline=None, derandomize=True)
hypothesis_settings.register_profile("explore", deadline=None, max_examples=1000)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "winnow"))

PASSWORD = "correct horse battery"
COLORS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#42d4f4")


@pytest.fixture(scope="session", autouse=True)
def session_data_dir() -> Iterator[Path]:
    """Keep the tests' files out of the checkout's own data directory."""
    folder = Path(tempfile.mkdtemp(prefix="winnow-tests-"))
    with override_settings(DATA_DIR=folder):
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash passwords the fast way: hundreds of test accounts need no protection."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def no_looks_unasked() -> Iterator[None]:
    """Look at images only where a test asks for it: networks take their time."""
    with override_settings(EMBED_ON_IMPORT=False):
        yield


@pytest.fixture
def data_dir(settings: Any, tmp_path: Path) -> Path:
    """Give one test an empty data directory."""
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """Make an account; ``is_superuser`` makes it the owner of the deployment."""

    def make(username: str, **fields: Any) -> User:
        return User.objects.create_user(username=username, password=PASSWORD, **fields)

    return make


@pytest.fixture
def owner(make_user: Callable[..., User]) -> User:
    """The first account: owner of the deployment."""
    return make_user("owner", is_superuser=True)


@pytest.fixture
def manager(make_user: Callable[..., User]) -> User:
    return make_user("manager")


@pytest.fixture
def reviewer(make_user: Callable[..., User]) -> User:
    return make_user("reviewer")


@pytest.fixture
def annotator(make_user: Callable[..., User]) -> User:
    return make_user("annotator")


@pytest.fixture
def viewer(make_user: Callable[..., User]) -> User:
    return make_user("viewer")


@pytest.fixture
def stranger(make_user: Callable[..., User]) -> User:
    """Someone with an account and no campaign."""
    return make_user("stranger")


@pytest.fixture
def make_campaign(owner: User, manager: User, reviewer: User, annotator: User, viewer: User) -> Callable[..., Campaign]:
    """Make a campaign with a member in every role, and labels."""

    def make(name: str = "Coast", task: str = Task.CLASSIFICATION, labels: tuple[str, ...] = ("Land", "Water"), **fields: Any) -> Campaign:
        campaign = Campaign.objects.create(name=name, task=task, created_by=owner, **fields)
        Label.objects.bulk_create(
            Label(campaign=campaign, name=label, color=COLORS[n % len(COLORS)], hotkey=str(n + 1) if n < 9 else "", position=n)
            for n, label in enumerate(labels)
        )
        roles = {Role.OWNER: owner, Role.MANAGER: manager, Role.REVIEWER: reviewer, Role.ANNOTATOR: annotator, Role.VIEWER: viewer}
        Membership.objects.bulk_create(Membership(campaign=campaign, user=user, role=role) for role, user in roles.items())
        return campaign

    return make


@pytest.fixture
def campaign(make_campaign: Callable[..., Campaign]) -> Campaign:
    """A classification campaign with two labels and a member in every role."""
    return make_campaign()


@pytest.fixture
def make_image() -> Callable[..., Image]:
    """Write a small picture into the data directory and its row into the campaign."""
    count = 0

    def make(campaign: Campaign, name: str = "", width: int = 64, height: int = 48, **fields: Any) -> Image:
        nonlocal count
        count += 1
        content = png_bytes(width, height, seed=count)
        digest = sha256(content).hexdigest()
        path = Path(django_settings.DATA_DIR) / "images" / digest[:2] / f"{digest}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return Image.objects.create(
            campaign=campaign, name=name or f"image-{count}.png", path=f"{digest[:2]}/{digest}.png", sha256=digest, size_bytes=len(content),
            format="PNG", width=width, height=height, bands=3, dtype="uint8", **fields,
        )  # fmt: skip

    return make


def png_bytes(width: int, height: int, *, seed: int = 0) -> bytes:
    """Make a picture of noise; another seed gives another picture."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def as_user() -> Callable[[User | None], APIClient]:
    """Make a client that speaks for a person; None speaks for nobody."""

    def speak(user: User | None) -> APIClient:
        client = APIClient()
        if user is not None:
            client.force_login(user)
        return client

    return speak
