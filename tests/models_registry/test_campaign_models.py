"""Models at work in campaigns: attach, map, detach; and what a training registers."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.models import Campaign, User
from models_registry.checkpoints import CheckpointFile, checkpoint_path, register_internal_model
from models_registry.models import CampaignModel, Checkpoint, RegisteredModel

Speak = Callable[[User | None], APIClient]
Make = Callable[..., RegisteredModel]


def address(campaign: Campaign, model: RegisteredModel | None = None) -> str:
    return f"/api/v1/campaigns/{campaign.pk}/models" + (f"/{model.pk}" if model else "")


@pytest.fixture
def labels(campaign: Campaign) -> dict[str, int]:
    return {label.name: label.pk for label in campaign.labels.all()}


def test_same_names_map_by_themselves(campaign: Campaign, manager: User, as_user: Speak, make_model: Make, labels: dict[str, int]) -> None:
    model = make_model(manager, classes=[{"index": 0, "name": "water"}, {"index": 1, "name": "LAND"}, {"index": 2, "name": "ice"}])
    answer = as_user(manager).post(address(campaign), {"model": model.pk})
    assert answer.status_code == 201
    assert answer.json()["mapping"] == [
        {"class": {"index": 0, "name": "water"}, "label": labels["Water"]},
        {"class": {"index": 1, "name": "LAND"}, "label": labels["Land"]},
        {"class": {"index": 2, "name": "ice"}, "label": None},
    ]


def test_attaching_twice_changes_nothing(campaign: Campaign, manager: User, as_user: Speak, make_model: Make) -> None:
    model = make_model(manager)
    client = as_user(manager)
    client.post(address(campaign), {"model": model.pk})
    client.put(address(campaign, model), {"mapping": []})
    assert client.post(address(campaign), {"model": model.pk}).status_code == 201
    assert [row["label"] for row in client.get(address(campaign, model)).json()["mapping"]] == [None, None]
    assert CampaignModel.objects.count() == 1


def test_who_detached_somebody_elses_model_may_put_it_to_use_again_while_they_manage_the_campaign(
    campaign: Campaign, manager: User, owner: User, annotator: User, as_user: Speak, make_model: Make
) -> None:
    model = make_model(owner)
    as_user(owner).post(address(campaign), {"model": model.pk})
    client = as_user(manager)
    assert client.delete(address(campaign, model)).status_code == 204
    assert client.get(f"/api/v1/models/{model.pk}").status_code == 200
    assert as_user(annotator).get(f"/api/v1/models/{model.pk}").status_code == 404
    assert client.patch(f"/api/v1/models/{model.pk}", {"name": "Mine now"}).status_code == 403
    campaign.memberships.filter(user=manager).update(role="annotator")
    assert client.get(f"/api/v1/models/{model.pk}").status_code == 404
    campaign.memberships.filter(user=manager).update(role="manager")
    assert client.post(address(campaign), {"model": model.pk}).status_code == 201
    assert CampaignModel.objects.filter(campaign=campaign, model=model).exists()


def test_classes_that_come_later_or_get_another_name_find_their_labels_and_what_a_person_chose_stays(
    campaign: Campaign, manager: User, as_user: Speak, make_model: Make, labels: dict[str, int]
) -> None:
    model = make_model(manager, classes=[{"index": 0, "name": "0"}, {"index": 1, "name": "water"}])
    client = as_user(manager)
    client.post(address(campaign), {"model": model.pk})
    client.put(address(campaign, model), {"mapping": []})
    classes = [{"index": 0, "name": "land"}, {"index": 1, "name": "water"}, {"index": 2, "name": "Water"}]
    assert client.patch(f"/api/v1/models/{model.pk}", {"classes": classes}).status_code == 200
    found = [row["label"] for row in client.get(address(campaign, model)).json()["mapping"]]
    assert found == [labels["Land"], None, labels["Water"]]


def test_many_classes_stand_for_one_label_and_class_0_works(
    campaign: Campaign, manager: User, as_user: Speak, make_model: Make, labels: dict[str, int]
) -> None:
    model = make_model(manager, classes=[])
    client = as_user(manager)
    client.post(address(campaign), {"model": model.pk})
    water = labels["Water"]
    mapping = [{"class": 0, "label": water}, {"class": {"index": 5, "name": "sea"}, "label": water}, {"class": 1, "label": None}]
    wanted = {"mapping": mapping, "thresholds": {str(water): 0.4}}
    answer = client.put(address(campaign, model), wanted).json()
    assert [(row["class"]["index"], row["label"]) for row in answer["mapping"]] == [(0, water), (5, water)]
    assert answer["thresholds"] == {str(water): 0.4}
    kept = client.put(address(campaign, model), {"thresholds": {}}).json()
    assert len(kept["mapping"]) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"mapping": [{"class": 0, "label": 999_999}]}, "mapping.0.label"),
        ({"mapping": [{"class": -1, "label": None}]}, "mapping.0.class"),
        ({"mapping": [{"class": "water", "label": None}]}, "mapping.0.class"),
        ({"mapping": [{"class": 1.5, "label": None}]}, "mapping.0.class"),
        ({"mapping": [{"class": 0, "label": None}, {"class": 0, "label": None}]}, "mapping.1.class"),
        ({"thresholds": {"999999": 0.5}}, "thresholds.999999"),
        ({"thresholds": {"abc": 0.5}}, "thresholds.abc"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_named(
    campaign: Campaign, manager: User, as_user: Speak, make_model: Make, body: dict[str, Any], field: str
) -> None:
    model = make_model(manager)
    as_user(manager).post(address(campaign), {"model": model.pk})
    answer = as_user(manager).put(address(campaign, model), body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_roles_decide_who_maps(
    campaign: Campaign, manager: User, reviewer: User, viewer: User, stranger: User, as_user: Speak, make_model: Make
) -> None:
    model = make_model(manager)
    assert as_user(reviewer).post(address(campaign), {"model": model.pk}).status_code in {403, 404}
    as_user(manager).post(address(campaign), {"model": model.pk})
    for user, seen, changed in ((manager, 200, 200), (reviewer, 200, 403), (viewer, 200, 403), (stranger, 404, 404)):
        client = as_user(user)
        assert client.get(address(campaign)).status_code == seen
        assert client.get(address(campaign, model)).status_code == seen
        assert client.put(address(campaign, model), {"mapping": []}).status_code == changed
    assert as_user(viewer).delete(address(campaign, model)).status_code == 403
    assert as_user(manager).delete(address(campaign, model)).status_code == 204
    assert as_user(manager).get(address(campaign, model)).status_code == 404


def test_a_model_of_another_task_is_refused(
    make_campaign: Callable[..., Campaign], manager: User, as_user: Speak, make_model: Make
) -> None:
    boxes = make_campaign(task="detection")
    assert as_user(manager).post(address(boxes), {"model": make_model(manager).pk}).json()["code"] == "task_mismatch"
    areas = make_model(manager, task="segmentation")
    assert as_user(manager).post(address(boxes), {"model": areas.pk}).status_code == 201


def test_a_list_of_models_takes_the_same_queries_however_long(
    campaign: Campaign, manager: User, as_user: Speak, make_model: Make, django_assert_max_num_queries: Any
) -> None:
    client = as_user(manager)
    for _ in range(5):
        client.post(address(campaign), {"model": make_model(manager).pk})
    with django_assert_max_num_queries(10):
        assert len(client.get(address(campaign)).json()) == 5
    with django_assert_max_num_queries(8):
        assert len(client.get("/api/v1/models").json()["results"]) == 5


def test_a_training_registers_its_model_once_mapped_to_its_labels(campaign: Campaign, manager: User, data_dir: Any) -> None:
    slots = [(label.pk, label.name) for label in campaign.labels.order_by("-position")]
    facts: dict[str, Any] = {
        "campaign": campaign,
        "name": "Head",
        "task": "classification",
        "classes": slots,
        "training_run_id": 5,
        "user": manager,
    }
    best = CheckpointFile("5/best.winnow", "a" * 64, {"seed": 1}, {"accuracy": 0.9})
    model = register_internal_model(**facts, files={"best": best, "last": CheckpointFile("5/last.winnow", "b" * 64)})
    again = register_internal_model(**facts, files={"best": CheckpointFile("5/best.winnow", "c" * 64)})
    assert model.pk == again.pk
    assert RegisteredModel.objects.count() == 1
    attached = CampaignModel.objects.get(model=model)
    assert [(row.class_index, row.label_id) for row in attached.mappings.all()] == [(n, label) for n, (label, _) in enumerate(slots)]
    checkpoint = Checkpoint.objects.get(model=model, role="best")
    assert checkpoint.sha256 == "c" * 64
    assert checkpoint_path(checkpoint) == data_dir / "checkpoints" / "5" / "best.winnow"


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret"])
def test_a_checkpoint_lies_in_its_folder(path: str) -> None:
    with pytest.raises(ValueError, match="relative"):
        CheckpointFile(path, "a" * 64)
