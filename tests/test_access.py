"""Who may do what: every address and method of the API against every role.

The table is complete by test: an address that is not in it fails. A person without an account is asked to sign in, a stranger does
not learn that a thing exists (404), a member whose role is too weak is told so (403), and everyone else gets through.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from active_learning.models import LabelDoubt, RankedImage, Round, RoundState, Simulation, TrainingRun
from campaigns.lending import Loan, lent_path
from campaigns.models import (
    AnnotationSet,
    ApiToken,
    Campaign,
    CampaignChange,
    Image,
    Revision,
    Role,
    Run,
    RunItem,
    RunState,
    SavedView,
    SetState,
    User,
)
from inference.models import Comparison, Prediction
from models_registry.models import CampaignModel, RegisteredModel, ThresholdProfile
from tests.conftest import png_bytes

OWNER, MANAGER, REVIEWER, ANNOTATOR, VIEWER = Role.OWNER, Role.MANAGER, Role.REVIEWER, Role.ANNOTATOR, Role.VIEWER
OWNERS = {OWNER}
MANAGERS = {OWNER, MANAGER}
REVIEWERS = {*MANAGERS, REVIEWER}
ANNOTATORS = {*REVIEWERS, ANNOTATOR}
MEMBERS = {*ANNOTATORS, VIEWER}
VERSION = {"If-Match": '"1"'}


@dataclass(frozen=True)
class Rule:
    """Who gets through; ``open`` to everyone with an account, ``public`` to everyone."""

    roles: frozenset[Role]
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    open: bool = False
    public: bool = False
    mine: bool = False


def only(roles: set[Role], body: dict[str, Any] | None = None, **headers: str) -> Rule:
    return Rule(frozenset(roles), body or {}, {name.replace("_", "-"): value for name, value in headers.items()})


def everyone(body: dict[str, Any] | None = None) -> Rule:
    return Rule(frozenset(MEMBERS), body or {}, open=True)


PUBLIC = Rule(frozenset(MEMBERS), public=True, open=True)
MINE = Rule(frozenset(), mine=True)
CAMPAIGN = {"name": "Another", "task": "detection", "labels": [{"name": "Ship"}]}
MODEL = {
    "name": "M",
    "task": "classification",
    "protocol": "winnow_json",
    "url": "https://models.example.org/ask",
    "classes": [{"index": 0, "name": "Land"}],
}
RULES: dict[str, dict[str, Rule]] = {
    "schema": {"get": PUBLIC},
    "docs": {"get": PUBLIC},
    "auth/setup": {"post": PUBLIC},
    "auth/token": {"post": PUBLIC},
    "auth/login": {"post": PUBLIC},
    "auth/logout": {"post": everyone()},
    "auth/state": {"get": PUBLIC},
    "auth/me": {"get": everyone()},
    "auth/tokens": {"get": everyone(), "post": everyone({"name": "script"})},
    "auth/tokens/<int:token_id>": {"delete": MINE},
    "users": {"get": only(MANAGERS)},
    "protocols": {"get": everyone()},
    "steps": {"get": everyone()},
    "steps/check": {"post": everyone({"task": "detection", "protocol": "winnow_json", "options": {}})},
    "strategies": {"get": everyone()},
    "me/preferences": {"get": everyone(), "put": Rule(frozenset(MEMBERS), {}, {"If-Match": '"0"'}, open=True)},
    "campaigns": {"get": everyone(), "post": everyone(CAMPAIGN)},
    "campaigns/sample": {"post": everyone()},
    "campaigns/<int:campaign_id>": {"get": only(MEMBERS), "patch": only(MANAGERS, {"name": "New"}), "delete": only(OWNERS)},
    "campaigns/<int:campaign_id>/labels": {"get": only(MEMBERS), "post": only(MANAGERS, {"name": "Ice"})},
    "campaigns/<int:campaign_id>/labels/<int:label_id>": {"patch": only(MANAGERS, {"name": "Ice"}), "delete": only(MANAGERS)},
    "campaigns/<int:campaign_id>/members": {"get": only(MEMBERS), "post": only(MANAGERS, {"username": "stranger", "role": "viewer"})},
    "campaigns/<int:campaign_id>/members/<int:member_id>": {"patch": only(MANAGERS, {"role": "annotator"}), "delete": only(MANAGERS)},
    "campaigns/<int:campaign_id>/images": {
        "get": only(MEMBERS),
        "post": only(MANAGERS, {"server_path": "/nowhere"}),
        "patch": only(MANAGERS, {"images": "all", "split": "train"}),
        "delete": only(MANAGERS, {"images": "all"}),
    },
    "campaigns/<int:campaign_id>/images/ids": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/images/measures": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/guesses": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/labelings": {"post": only(ANNOTATORS, {"images": "all", "add": [1]})},
    "campaigns/<int:campaign_id>/changes": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/changes/<int:change_id>/undo": {"post": only(MANAGERS)},
    "campaigns/<int:campaign_id>/views": {"get": only(MEMBERS), "post": only(MANAGERS, {"name": "Blurred", "shared": True})},
    "campaigns/<int:campaign_id>/views/<int:view_id>": {"patch": only(MANAGERS, {"name": "Sharp"}), "delete": only(MANAGERS)},
    "campaigns/<int:campaign_id>/label-counts": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/next": {"post": only(ANNOTATORS)},
    "campaigns/<int:campaign_id>/effort": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/effort.csv": {"get": only(MEMBERS)},
    "images/<int:image_id>": {"get": only(MEMBERS), "patch": only(ANNOTATORS, {"flagged": True}), "delete": only(MANAGERS)},
    "images/<int:image_id>/skip": {"post": only(ANNOTATORS)},
    "images/<int:image_id>/release": {"post": only(MEMBERS)},
    "images/<int:image_id>/file": {"get": only(MEMBERS)},
    "images/<int:image_id>/thumbnail": {"get": only(MEMBERS)},
    "lent-images/<str:token>": {"get": PUBLIC},
    "images/<int:image_id>/statistics": {"get": only(MEMBERS)},
    "images/<int:image_id>/georeference": {"get": only(MEMBERS)},
    "images/<int:image_id>/uncertain-areas": {"get": only(MEMBERS)},
    "images/<int:image_id>/tiles/<int:z>/<int:x>/<int:y>.<str:extension>": {"get": only(MEMBERS)},
    "images/<int:image_id>/annotation-set": {"get": only(MEMBERS), "patch": only(ANNOTATORS, {"upsert": []}, **VERSION)},
    "images/<int:image_id>/annotation-set/submit": {"post": only(ANNOTATORS, **VERSION)},
    "images/<int:image_id>/annotation-set/accept": {"post": only(REVIEWERS)},
    "images/<int:image_id>/annotation-set/return": {"post": only(REVIEWERS)},
    "images/<int:image_id>/predictions": {"get": only(MEMBERS)},
    "images/<int:image_id>/predict": {"post": only(ANNOTATORS)},
    "images/<int:image_id>/assist": {"post": only(ANNOTATORS, {"roi": "all"})},
    "predictions/<int:prediction_id>/heat-map.png": {"get": only(MEMBERS)},
    "runs": {"get": everyone()},
    "runs/<int:run_id>": {"get": only(MEMBERS)},
    "runs/<int:run_id>/cancel": {"post": only(MANAGERS)},
    "runs/<int:run_id>/retry": {"post": only(MANAGERS)},
    "runs/<int:run_id>/items": {"get": only(MEMBERS)},
    "runs/<int:run_id>/reasons": {"get": only(MEMBERS)},
    "runs/<int:run_id>/latencies": {"get": only(MEMBERS)},
    "runs/<int:run_id>/log": {"get": only(MANAGERS)},
    "runs/<int:run_id>/log/file": {"get": only(MANAGERS)},
    "runs/<int:run_id>/file": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/exports": {"get": only(MEMBERS), "post": only(MEMBERS, {"format": "csv"})},
    "models": {"get": everyone(), "post": only(MANAGERS, MODEL)},
    "models/probe": {"post": only(MANAGERS, {"url": "https://models.example.org/ask"})},
    "models/permissions": {"get": everyone()},
    "models/health": {"get": everyone()},
    "models/<int:model_id>/health": {"get": only(MEMBERS), "post": only(MANAGERS)},
    "audit": {"get": only(OWNERS)},
    "models/promptable": {"post": only(MANAGERS)},
    "models/onnx": {"post": only(MANAGERS)},
    "models/card": {"post": only(MANAGERS, {"properties": {"mlm:name": "Clouds"}})},
    "models/<int:model_id>": {"get": only(MEMBERS), "patch": only(MANAGERS, {"name": "New"}), "delete": only(MANAGERS)},
    "models/<int:model_id>/agent/announce": {"post": only(MANAGERS, {"agent": "a"})},
    "models/<int:model_id>/agent/acquire": {"post": only(MANAGERS, {"agent": "a"})},
    "models/<int:model_id>/agent/complete": {"post": only(MANAGERS, {"agent": "a", "answers": []})},
    "models/<int:model_id>/test": {"post": only(MANAGERS)},
    "campaigns/<int:campaign_id>/models": {"get": only(MEMBERS), "post": only(MANAGERS, {"model": 1})},
    "campaigns/<int:campaign_id>/models/<int:model_id>": {
        "get": only(MEMBERS), "put": only(MANAGERS, {"mapping": [], "thresholds": {}}), "delete": only(MANAGERS),
    },
    "campaigns/<int:campaign_id>/models/<int:model_id>/threshold-profiles": {
        "get": only(MEMBERS), "post": only(MANAGERS, {"name": "Sure", "thresholds": {}}),
    },
    "campaigns/<int:campaign_id>/models/<int:model_id>/threshold-profiles/<int:profile_id>": {
        "patch": only(MANAGERS, {"name": "Surer"}), "delete": only(MANAGERS),
    },
    "campaigns/<int:campaign_id>/models/<int:model_id>/coverage": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/model-comparisons": {"post": only(REVIEWERS, {"models": [1]})},
    "campaigns/<int:campaign_id>/model-comparisons/<int:run_id>": {"get": only(REVIEWERS)},
    "campaigns/<int:campaign_id>/models/<int:model_id>/statistics": {"get": only(REVIEWERS)},
    "campaigns/<int:campaign_id>/models/<int:model_id>/statistics/slices": {"get": only(REVIEWERS)},
    "campaigns/<int:campaign_id>/models/<int:model_id>/statistics/curves": {"get": only(REVIEWERS)},
    "campaigns/<int:campaign_id>/models/<int:model_id>/statistics/images": {"get": only(REVIEWERS)},
    "campaigns/<int:campaign_id>/models/<int:model_id>/statistics/images/<int:image_id>": {"get": only(REVIEWERS)},
    "campaigns/<int:campaign_id>/models/<int:model_id>/statistics/thresholds": {
        "get": only(REVIEWERS),
        "put": only(MANAGERS, {"thresholds": {}}),
    },
    "campaigns/<int:campaign_id>/models/<int:model_id>/statistics/calibration": {
        "post": only(MANAGERS, {"slice": "all"}),
        "delete": only(MANAGERS),
    },
    "campaigns/<int:campaign_id>/models/<int:model_id>/statistics/abstention": {"get": only(REVIEWERS)},
    "campaigns/<int:campaign_id>/models/<int:model_id>/statistics/unsure-spans": {
        "get": only(REVIEWERS),
        "put": only(MANAGERS, {"spans": {}}),
    },
    "campaigns/<int:campaign_id>/models/<int:model_id>/statistics/unsure-images": {"get": only(REVIEWERS)},
    "campaigns/<int:campaign_id>/models/<int:model_id>/statistics/file": {"get": only(REVIEWERS)},
    "campaigns/<int:campaign_id>/models/<int:model_id>/statistics/answers": {"post": only(MANAGERS, {"slice": "all"})},
    "campaigns/<int:campaign_id>/models/<int:model_id>/statistics/comparison": {"get": only(REVIEWERS)},
    "campaigns/<int:campaign_id>/ensembles": {"post": only(MANAGERS, {"name": "Both", "members": [{"model": 1}, {"model": 2}]})},
    "campaigns/<int:campaign_id>/ensembles/<int:model_id>": {
        "get": only(MEMBERS),
        "put": only(MANAGERS, {"members": [{"model": 1}, {"model": 2}]}),
    },
    "campaigns/<int:campaign_id>/models/<str:model>/predict": {"post": only(MEMBERS)},
    "campaigns/<int:campaign_id>/models/<str:model>/download": {"get": only(MANAGERS)},
    "campaigns/<int:campaign_id>/inference-runs": {"post": only(MANAGERS, {"model": 1, "images": "all"})},
    "campaigns/<int:campaign_id>/training-runs": {"get": only(MEMBERS), "post": only(MANAGERS, {"name": "First"})},
    "campaigns/<int:campaign_id>/training-wishes": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/one-label/<int:label_id>": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/models/<int:model_id>/found": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/current-model": {"get": only(MEMBERS), "put": only(MANAGERS, {"model": 1})},
    "campaigns/<int:campaign_id>/current-model/roll-back": {"post": only(MANAGERS)},
    "campaigns/<int:campaign_id>/models/<int:model_id>/checkpoint": {"put": only(MANAGERS, {"role": "last"})},
    "models/<int:model_id>/checkpoints": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/training-runs/estimate": {"post": only(MANAGERS)},
    "campaigns/<int:campaign_id>/training-weights": {"post": only(MANAGERS)},
    "training-runs/<int:run_id>": {"get": only(MEMBERS)},
    "training-runs/<int:run_id>/stop": {"post": only(MANAGERS)},
    "training-runs/<int:run_id>/curves": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/rounds": {"get": only(MEMBERS), "post": only(MANAGERS, {"strategy": "random", "size": 1, "seed": 1})},
    "campaigns/<int:campaign_id>/rounds/<int:number>": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/rounds/<int:number>/ranking": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/learning-curve": {"get": only(MEMBERS)},
    "images/<int:image_id>/why": {"get": only(MEMBERS)},
    "images/<int:image_id>/labeled-areas": {"get": only(MEMBERS), "post": only(ANNOTATORS, {"bounds": [0, 0, 9, 9]}, **VERSION)},
    "campaigns/<int:campaign_id>/simulations": {"get": only(MEMBERS), "post": only(MANAGERS, {"strategies": ["margin"]})},
    "simulations/<int:run_id>": {"get": only(MEMBERS)},
    "simulations/<int:run_id>.csv": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/round-plan": {"get": only(MEMBERS), "put": only(MANAGERS, {"every": 5})},
    "campaigns/<int:campaign_id>/likeness-runs": {"post": only(MANAGERS)},
    "campaigns/<int:campaign_id>/backbones": {"get": only(MEMBERS), "post": only(MANAGERS)},
    "campaigns/<int:campaign_id>/similar": {"get": only(MEMBERS), "post": only(MEMBERS)},
    "campaigns/<int:campaign_id>/similar-pairs": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/duplicates": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/suggestion-runs": {"post": only(ANNOTATORS)},
    "campaigns/<int:campaign_id>/suggestions": {"get": only(ANNOTATORS)},
    "campaigns/<int:campaign_id>/reliability": {"get": only(REVIEWERS)},
    "campaigns/<int:campaign_id>/map": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/map-runs": {"post": only(MANAGERS)},
    "campaigns/<int:campaign_id>/label-doubts": {"get": only(MEMBERS)},
    "campaigns/<int:campaign_id>/label-doubts/<int:doubt_id>": {"patch": only(REVIEWERS, {"state": "kept"})},
    "campaigns/<int:campaign_id>/label-doubt-runs": {"post": only(REVIEWERS)},
    "campaigns/<int:campaign_id>/evaluations": {"get": only(MEMBERS)},
}  # fmt: skip


def addresses(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, Any]]:
    """List every address below /api/v1 with its view."""
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry, route)
        elif isinstance(entry, URLPattern) and route.startswith("api/v1/"):
            yield route.removeprefix("api/v1/"), entry.callback


def methods(view: Any) -> set[str]:
    known = getattr(view, "view_class", None) or getattr(view, "cls", None)
    return {name for name in ("get", "post", "put", "patch", "delete") if hasattr(known, name)}


def test_every_address_is_in_the_table_and_the_table_names_no_other():
    there = {route: methods(view) for route, view in addresses(get_resolver())}
    assert {route: set(rules) for route, rules in RULES.items()} == there


@dataclass
class World:
    """One thing of each kind, and the people."""

    people: dict[Role, User]
    arguments: dict[str, Any]


@pytest.fixture
def world(
    campaign: Campaign,
    make_image: Callable[..., Image],
    owner: User,
    manager: User,
    reviewer: User,
    annotator: User,
    viewer: User,
    stranger: User,
    settings: Any,
    tmp_path: Path,
) -> World:
    """Make one thing of each kind in a campaign that has a member in every role."""
    image, label = make_image(campaign), campaign.labels.first()
    assert label is not None
    run = Run.objects.create(kind="training", campaign=campaign, created_by=manager, state=RunState.FAILED, error="It failed.")
    RunItem.objects.create(run=run, image=image, state="failed", code="timeout", reason="Too slow.")
    model = RegisteredModel.objects.create(name="M", task=campaign.task, protocol="winnow_json", created_by=manager, url=MODEL["url"])
    attached = CampaignModel.objects.create(campaign=campaign, model=model)
    profile = ThresholdProfile.objects.create(campaign_model=attached, name="Sure")
    TrainingRun.objects.create(run=run, name="First", config={})
    Comparison.objects.create(run=run, compared=[], images="all", overlap=0.5)
    Simulation.objects.create(run=run, strategies=["random"], budgets=[10], seeds=1)
    made = Round.objects.create(campaign=campaign, number=1, strategy="random", size=1, state=RoundState.CLOSED)
    RankedImage.objects.create(round=made, image=image, rank=1, score=0.5)
    change = CampaignChange.objects.create(campaign=campaign, author=manager, kind="labeling", title="Add Land to 1 image")
    doubt = LabelDoubt.objects.create(campaign=campaign, image=image, kind="label", given=label, suggested=label, score=0.5)
    view = SavedView.objects.create(campaign=campaign, author=manager, name="Flagged", filter={"flagged": True}, shared=True)
    settings.IMPORT_ROOTS = [str(tmp_path)]
    lent = lent_path(Loan(image.pk)).rpartition("/")[2]
    heat_map = Path(settings.DATA_DIR) / "map.png"
    heat_map.write_bytes(png_bytes(8, 8))
    scores = [{"class": "Land", "index": 0, "confidence": 0.6}, {"class": "Water", "index": 1, "confidence": 0.4}]
    item = {"kind": "classification", "mode": "single", "activation": "softmax", "complete": True, "scores": scores}
    document = {"schema": "prediction/1", "width": image.width, "height": image.height, "items": [item], "warnings": [], "dropped": []}
    prediction = Prediction.objects.create(image=image, model=model, model_version="1", document=document, heat_map="map.png")
    people = {OWNER: owner, MANAGER: manager, REVIEWER: reviewer, ANNOTATOR: annotator, VIEWER: viewer}
    arguments = {
        "campaign_id": campaign.pk, "image_id": image.pk, "label_id": label.pk, "run_id": run.pk, "model_id": model.pk, "number": 1,
        "change_id": change.pk, "view_id": view.pk, "doubt_id": doubt.pk, "token": lent,
        "member_id": campaign.memberships.get(user=viewer).pk, "prediction_id": prediction.pk, "z": 0, "x": 0, "y": 0, "extension": "png",
        "profile_id": profile.pk, "model": model.pk, "server_path": str(tmp_path),
        "token_id": ApiToken.objects.create(user=manager, name="his", digest="0" * 64).pk,
    }  # fmt: skip
    return World(people, arguments)


def submitted(world: World) -> None:
    """Hand in a set, so that there is something to review."""
    author = world.people[ANNOTATOR]
    own = AnnotationSet.objects.create(image_id=world.arguments["image_id"], author=author, state=SetState.SUBMITTED)
    Revision.objects.create(annotation_set=own, image_id=own.image_id, number=1, annotations=[], author=author)


def exported(world: World, data_dir: Path) -> None:
    """Finish an export, so that there is a file to fetch."""
    folder = data_dir / "exports" / str(world.arguments["run_id"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.csv").write_text("image,label\n")
    fields = {"kind": "export", "state": RunState.SUCCEEDED, "params": {"format": "csv"}, "result": {"name": "table.csv"}}
    Run.objects.filter(pk=world.arguments["run_id"]).update(**fields)


def status_for(world: World, user: User | None, route: str, method: str, rule: Rule) -> int:
    """Ask, and take back what it did."""
    client = APIClient(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    path = re.sub(r"<\w+:(\w+)>", lambda found: str(world.arguments[found[1]]), route)
    body = {name: world.arguments.get(name, value) for name, value in rule.body.items()}
    point = transaction.savepoint()
    try:
        data = body if method != "get" else None
        response = client.generic(method.upper(), f"/api/v1/{path}", **as_json(data), headers=rule.headers)
        response.close()
        return int(response.status_code)
    finally:
        transaction.savepoint_rollback(point)


def as_json(data: Any) -> dict[str, Any]:
    import orjson

    return {} if data is None else {"data": orjson.dumps(data), "content_type": "application/json"}


CASES = [(route, method) for route, rules in RULES.items() for method in rules]


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "method"), CASES, ids=[f"{method} {route}" for route, method in CASES])
def test_each_role_gets_through_or_is_told(route: str, method: str, world: World, stranger: User, settings: Any):
    rule = RULES[route][method]
    if route.endswith(("/accept", "/return")):
        submitted(world)
    if route.endswith("/file") and route.startswith("runs"):
        exported(world, settings.DATA_DIR)
    if rule.mine:
        assert status_for(world, stranger, route, method, rule) == 404
        assert status_for(world, None, route, method, rule) in {401, 403}
        return
    answers: dict[str, int] = {role: status_for(world, user, route, method, rule) for role, user in world.people.items()}
    answers |= {"nobody": status_for(world, None, route, method, rule), "stranger": status_for(world, stranger, route, method, rule)}
    assert {who: code for who, code in answers.items() if who != "nobody" and code >= 500} == {}
    shut = {401, 403, 404}
    assert answers["nobody"] not in {401, 403} if rule.public else answers["nobody"] in {401, 403}
    thing = "<int:" in route
    assert answers["stranger"] not in shut if rule.open else answers["stranger"] == (404 if thing else 403)
    for role in world.people:
        refused = answers[role] in ({403} if role not in rule.roles else shut)
        assert refused == (role not in rule.roles), f"{role}: {answers}"
