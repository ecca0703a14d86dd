"""What annotators may draw, and skeletons of labels, through the API."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.models import Campaign, Image, User
from tests.campaigns.test_annotation_sets import save

As = Callable[[User | None], APIClient]
pytestmark = pytest.mark.django_db

EYES: dict[str, Any] = {
    "points": [{"name": "left", "x": 0.75, "y": 0.5}, {"name": "right", "x": 0.25, "y": 0.5}],
    "edges": [["left", "right"]],
    "flip": [["left", "right"]],
}
SHAPES: dict[str, dict[str, Any]] = {
    "box": {"type": "box", "x": 1, "y": 1, "width": 5, "height": 5},
    "ellipse": {"type": "ellipse", "cx": 9, "cy": 9, "rx": 4, "ry": 2, "rotation": 30},
    "polygon": {"type": "polygon", "polygons": [[[[1, 1], [9, 1], [9, 9], [1, 1]]]]},
    "polyline": {"type": "polyline", "points": [[1, 1], [9, 9]]},
    "points": {"type": "points", "points": [{"name": "", "x": 3, "y": 4, "v": 2}]},
    "whole": {"type": "whole"},
}


def one(label: int, shape: dict[str, Any], name: str = "a") -> dict[str, Any]:
    return {"id": name, "label": label, "shape": shape}


def points(*names: str, v: int = 2) -> dict[str, Any]:
    return {"type": "points", "points": [{"name": name, "x": 1 + n, "y": 2, "v": v} for n, name in enumerate(names)]}


@pytest.fixture
def make(make_campaign: Callable[..., Campaign], make_image: Callable[..., Image]) -> Callable[..., Image]:
    def image_of(task: str = "detection", **settings: Any) -> Image:
        return make_image(make_campaign(task=task, settings={"control_share": 0.0, **settings}))

    return image_of


@pytest.mark.parametrize(
    ("task", "chosen", "taken"),
    [
        ("detection", None, {"box", "ellipse", "polygon", "polyline", "points", "whole"}),
        ("detection", ["polygon"], {"polygon", "whole"}),
        ("keypoints", None, {"points", "box", "whole"}),
        ("keypoints", ["points", "ellipse"], {"points", "ellipse", "whole"}),
        ("classification", None, {"whole"}),
    ],
)
def test_a_campaign_takes_its_tasks_shapes_or_those_it_chose(
    task: str, chosen: list[str] | None, taken: set[str], make: Callable[..., Image], annotator: User, as_user: As
) -> None:
    image = make(task, **({"shapes": chosen} if chosen else {}))
    label = image.campaign.labels.first()
    client, version = as_user(annotator), 1
    client.get(f"/api/v1/images/{image.pk}/annotation-set")
    for name, shape in SHAPES.items():
        answer = save(client, image, version, upsert=[one(label.pk, shape, name)])
        if name in taken:
            assert answer.status_code == 200, answer.data
            version += 1
        else:
            assert answer.status_code == 422 and answer.data["errors"][0]["field"] == "annotations[0].shape.type"


@pytest.mark.parametrize("chosen", [[], ["circle"], ["box", "box"], "box", [1]])
def test_shapes_that_nobody_knows_are_no_setting(chosen: Any, make: Callable[..., Image], manager: User, as_user: As) -> None:
    url = f"/api/v1/campaigns/{make().campaign_id}"
    assert as_user(manager).patch(url, {"settings": {"shapes": chosen}}).status_code == 422
    kept = as_user(manager).patch(url, {"settings": {"shapes": ["polyline", "box"]}})
    assert kept.data["settings"]["shapes"] == ["polyline", "box"]
    assert as_user(manager).patch(url, {"settings": {"shapes": None}}).data["settings"]["shapes"] is None


def test_a_classification_chooses_no_shapes(manager: User, as_user: As) -> None:
    body = {"name": "x", "task": "classification", "settings": {"shapes": ["box"]}}
    assert as_user(manager).post("/api/v1/campaigns", body).data["code"] == "shapes_do_not_fit"
    assert not Campaign.objects.exists()


def test_what_was_drawn_before_shapes_were_narrowed_can_still_be_edited(
    make: Callable[..., Image], annotator: User, manager: User, as_user: As
) -> None:
    image = make()
    label = image.campaign.labels.first()
    client = as_user(annotator)
    client.get(f"/api/v1/images/{image.pk}/annotation-set")
    assert save(client, image, 1, upsert=[one(label.pk, SHAPES["box"])]).status_code == 200
    as_user(manager).patch(f"/api/v1/campaigns/{image.campaign_id}", {"settings": {"shapes": ["polygon"]}})
    assert save(client, image, 2, upsert=[one(label.pk, {**SHAPES["box"], "x": 3})]).status_code == 200
    assert save(client, image, 3, upsert=[one(label.pk, SHAPES["box"], "another")]).status_code == 422


def test_a_skeleton_comes_with_the_campaign_and_is_checked(manager: User, as_user: As) -> None:
    client = as_user(manager)
    made = client.post("/api/v1/campaigns", {"name": "x", "task": "keypoints", "labels": [{"name": "face", "skeleton": EYES}]})
    assert made.data["labels"][0]["skeleton"] == EYES
    url = f"/api/v1/campaigns/{made.data['id']}/labels"
    wrong = client.post(url, {"name": "hand", "skeleton": {**EYES, "edges": [["left", "thumb"]]}})
    assert wrong.status_code == 422 and wrong.data["code"] == "invalid_skeleton" and "thumb" in wrong.data["detail"]
    label = made.data["labels"][0]["id"]
    assert client.patch(f"{url}/{label}", {"skeleton": {"points": [{"name": "left", "x": 2, "y": 0}]}}).status_code == 422
    assert client.patch(f"{url}/{label}", {"skeleton": {}}).data["skeleton"] == {}
    again = {"name": "y", "task": "keypoints", "labels": [{"name": "face", "skeleton": {"points": "many"}}]}
    assert client.post("/api/v1/campaigns", again).status_code == 422
    assert Campaign.objects.count() == 1


@pytest.mark.parametrize(
    ("shape", "word"),
    [
        (points("left", "right"), ""),
        (points("right"), ""),
        (points("left", "right", v=0), ""),
        (points("left", "left"), "twice"),
        (points("left", "nose"), "nose"),
        (points("left", v=3), "v of a point"),
        (points(""), "no point"),
    ],
)
def test_points_follow_the_skeleton_of_their_label(
    shape: dict[str, Any], word: str, make: Callable[..., Image], annotator: User, as_user: As
) -> None:
    image = make("keypoints")
    face, free = image.campaign.labels.all()
    face.skeleton = EYES
    face.save()
    client = as_user(annotator)
    client.get(f"/api/v1/images/{image.pk}/annotation-set")
    answer = save(client, image, 1, upsert=[one(face.pk, shape)])
    assert answer.status_code == (422 if word else 200) and word in str(answer.data)
    version = 1 if word else 2
    plain = save(client, image, version, upsert=[one(free.pk, points("nose", "nose"), "b")])
    assert plain.status_code == 200, "a label without a skeleton takes any names"
    assert save(client, image, version + 1, upsert=[one(face.pk, points("chin"), "c")]).status_code == 422, "also when the label is known"


def test_a_point_that_the_skeleton_lost_stays_with_its_object(make: Callable[..., Image], annotator: User, as_user: As) -> None:
    image = make("keypoints")
    face = image.campaign.labels.first()
    face.skeleton = EYES
    face.save()
    client = as_user(annotator)
    client.get(f"/api/v1/images/{image.pk}/annotation-set")
    assert save(client, image, 1, upsert=[one(face.pk, points("left", "right"))]).status_code == 200
    face.skeleton = {"points": EYES["points"][:1]}
    face.save()
    assert save(client, image, 2, upsert=[one(face.pk, points("right", "left"))]).status_code == 200
    assert save(client, image, 3, upsert=[one(face.pk, points("right"), "b")]).status_code == 422
