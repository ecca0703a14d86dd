"""What the tests of inference share: models at loopback addresses, attached and mapped."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from campaigns.models import Campaign, Label
from inference.serving.answers import ModelAnswers
from models_registry.models import CampaignModel, LabelMapping, RegisteredModel


@pytest.fixture(autouse=True)
def loopback_models(settings: Any) -> None:
    """Let models live on this machine, as ``make run`` does."""
    settings.MODEL_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def make_model() -> Callable[..., RegisteredModel]:
    """Register a model at a URL and attach it to a campaign, its classes mapped to labels in order."""

    def make(campaign: Campaign, url: str, *, mapping: dict[int, str] | None = None, **fields: Any) -> RegisteredModel:
        labels = {label.name: label for label in Label.objects.filter(campaign=campaign)}
        names = list(labels) if mapping is None else list(dict.fromkeys(mapping.values()))
        classes = fields.pop("classes", [{"index": n, "name": name.lower()} for n, name in enumerate(names)])
        options = {"retries": 0, "timeout_s": 30.0, **fields.pop("options", {})}
        thresholds = fields.pop("thresholds", {})
        model = RegisteredModel.objects.create(
            **{
                "name": "Coastline",
                "protocol": "winnow",
                "task": campaign.task,
                "url": url,
                "classes": classes,
                "options": options,
                **fields,
            }
        )
        joined = CampaignModel.objects.create(
            campaign=campaign, model=model, thresholds={str(labels[name].pk): value for name, value in thresholds.items()}
        )
        wanted = dict(enumerate(labels)) if mapping is None else mapping
        LabelMapping.objects.bulk_create(
            LabelMapping(campaign_model=joined, class_index=n, label=labels[name]) for n, name in wanted.items()
        )
        return model

    return make


@pytest.fixture
def own_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let models of our own answer in this process, as the process beside the web server does."""
    answers = ModelAnswers()
    monkeypatch.setattr("inference.serving.client.ask", lambda _, question, **more: answers.answer(orjson.loads(orjson.dumps(question))))
