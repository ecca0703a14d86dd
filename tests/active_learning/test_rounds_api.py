"""Rounds over HTTP: opened, read, ranked, measured."""

import warnings

import pytest
from drf_spectacular.generators import SchemaGenerator

from active_learning.acquisition.strategies import STRATEGIES
from campaigns.models import Run
from campaigns.queue import lease_next
from campaigns.runs import execute_now
from tests.active_learning.chips import label_image
from tests.active_learning.conftest import HELD_BACK, LABELED, POOL

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(coast):
    return f"/api/v1/campaigns/{coast.pk}/rounds"


def opened(client, address, **asked):
    answer = client.post(address, {"strategy": "kcenter", "size": 8, **asked})
    assert answer.status_code == 202, answer.content
    execute_now(Run.objects.get(pk=answer.json()["run"]))
    return client.get(f"{address}/{answer.json()['number']}").json()


def test_a_round_is_asked_for_made_and_read(as_user, manager, viewer, address):
    client = as_user(manager)
    first = client.post(address, {"strategy": "typiclust", "size": 5}).json()
    assert (first["number"], first["state"], first["strategy"], first["size"]) == (1, "ranking", "typiclust", 5)
    execute_now(Run.objects.get(pk=first["run"]))
    seen = as_user(viewer).get(f"{address}/1").json()
    assert (seen["state"], seen["pool_size"], seen["progress"]) == ("open", POOL, {"asked": 5, "labeled": 0})
    assert seen["created_by"]["username"] == "manager"
    assert [each["number"] for each in as_user(viewer).get(address).json()["results"]] == [1]


def test_progress_counts_the_labeled_among_the_asked(as_user, manager, annotator, coast, labels, address):
    opened(as_user(manager), address, size=4)
    for _ in range(3):
        label_image(lease_next(user=annotator, campaign=coast).image, annotator, labels["coast"].pk)
    assert as_user(manager).get(f"{address}/1").json()["progress"] == {"asked": 4, "labeled": 3}
    assert as_user(manager).get(address).json()["results"][0]["progress"] == {"asked": 4, "labeled": 3}


def test_the_ranking_comes_in_pages_in_its_order_with_a_reason_each(as_user, manager, address):
    client = as_user(manager)
    opened(client, address)
    page = client.get(f"{address}/1/ranking?page_size=8").json()
    rows = page["results"]
    while page["next"]:
        page = client.get(page["next"]).json()
        rows += page["results"]
    assert [row["rank"] for row in rows] == list(range(1, POOL + 1))
    first = rows[0]
    assert set(first) == {"image", "rank", "score", "parts", "why", "areas", "state"}
    assert first["image"]["name"].startswith("blue-marble")
    assert (first["state"], "distance" in first["parts"]) == ("unlabeled", True)
    assert all(row["why"] for row in rows)


def test_the_strategies_are_listed_with_what_they_need(as_user, annotator):
    listed = {row["name"]: row for row in as_user(annotator).get("/api/v1/strategies").json()}
    assert list(listed) == list(STRATEGIES)
    assert listed["margin_diverse"]["needs"] == ["embeddings", "model", "probabilities"]
    assert [name for name, row in listed.items() if row["default"]] == ["uherding"]


def test_each_round_with_a_model_adds_a_point_to_the_curve(as_user, manager, viewer, coast, address):
    opened(as_user(manager), address, strategy="margin", train=True, training={"epochs": 20})
    (point,) = as_user(viewer).get(f"/api/v1/campaigns/{coast.pk}/evaluations").json()["results"]
    assert (point["round"], point["labeled"], point["held_back"]) == (1, LABELED, HELD_BACK)
    assert point["metrics"]["accuracy_low"] <= point["metrics"]["accuracy"] <= point["metrics"]["accuracy_high"]
    assert 0 < point["random_metrics"]["accuracy"] <= 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"strategy": "guess"}, 422, None),
        ({"size": 0}, 422, None),
        ({"audit_share": 0.9}, 422, None),
        ({"strategy": "margin"}, 422, "no_model"),
        ({"model": 999}, 404, "not_found"),
        ({"training": {"epochs": 3}}, 422, "invalid_round"),
        ({"train": True, "training": {"epochs": "x"}}, 422, "invalid_training"),
        ({"train": True, "training": {"zeal": 1}}, 422, "invalid_training"),
        ({"train": True, "training": {"labels": [10**9]}}, 422, "invalid_training"),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_reason(as_user, manager, address, body, status, code):
    answer = as_user(manager).post(address, body)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert code is None or answer.json()["code"] == code
    assert not Run.objects.exists()


def test_a_repeated_request_with_its_key_makes_one_round(as_user, manager, address):
    client = as_user(manager)
    answers = [client.post(address, {"strategy": "random", "size": 3}, headers={"Idempotency-Key": "again"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json()["number"] == answers[1].json()["number"] == 1
    assert Run.objects.count() == 1


@pytest.mark.parametrize("name", ["manager", "reviewer", "annotator", "viewer", "stranger", None])
def test_who_may_open_and_who_may_read(as_user, coast, manager, address, request, name):
    opened(as_user(manager), address)
    client = as_user(request.getfixturevalue(name) if name else None)
    reads = [
        client.get(path).status_code for path in (address, f"{address}/1", f"{address}/1/ranking", address.replace("rounds", "evaluations"))
    ]
    posts = client.post(address, {"strategy": "random", "size": 3}).status_code
    expected = {"manager": (200, 202), "stranger": (404, 404), None: (401, 401)}.get(name, (200, 403))
    assert (set(reads), posts) == ({expected[0]}, expected[1])


def test_a_round_that_is_not_there_is_not_found(as_user, manager, address):
    assert as_user(manager).get(f"{address}/7").status_code == 404
    assert as_user(manager).get(f"{address}/7/ranking").status_code == 404


def test_the_schema_describes_rounds_without_a_warning(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schema = SchemaGenerator().get_schema(request=None, public=True)
    said = capsys.readouterr().err
    assert not [line for line in said.splitlines() if "ounds" in line or "valuation" in line or "trateg" in line], said
    paths = [path for path in schema["paths"] if "rounds" in path or "evaluations" in path or "strategies" in path]
    assert len(paths) == 5
    progress = schema["components"]["schemas"]["Round"]["properties"]["progress"]
    assert "RoundProgress" in str(progress)
