"""What the registry's tests share."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache

from campaigns.models import User
from models_registry import services
from models_registry.models import RegisteredModel


@pytest.fixture(autouse=True)
def loopback_is_allowed(settings: Any) -> None:
    """Let models live on this machine, as a start on one's own does."""
    settings.MODEL_NETWORKS = ["127.0.0.0/8", "::1/128"]
    cache.clear()  # the counts of how often somebody tested


@pytest.fixture
def fields() -> dict[str, Any]:
    """What a person fills in to register a model."""
    return {
        "name": "Coast",
        "task": "classification",
        "protocol": "winnow_json",
        "url": "http://127.0.0.1:9100/predict",
        "classes": [{"index": 0, "name": "Water"}, {"index": 1, "name": "Land"}],
    }


@pytest.fixture
def make_model(fields: dict[str, Any]) -> Callable[..., RegisteredModel]:
    def make(user: User, **changes: Any) -> RegisteredModel:
        return services.create_model(user=user, **{**fields, **changes})

    return make
