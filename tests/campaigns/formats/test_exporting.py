"""An export writes what was submitted last, in the background, for members."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.models import AnnotationSet, Campaign, Image, Label, Revision, Run, User
from campaigns.runs import execute_now
from tests.campaigns.formats.test_formats import SHAPES, document

As = Callable[[User | None], APIClient]
pytestmark = pytest.mark.django_db


def submitted(image: Image, author: User, *revisions: list[dict[str, Any]], state: str = "submitted") -> AnnotationSet:
    """Give an image a set that was handed in once for each list of annotations."""
    own = AnnotationSet.objects.create(image=image, author=author, state=state, annotations=[], submitted_at=timezone.now())
    for number, annotations in enumerate(revisions, 1):
        Revision.objects.create(annotation_set=own, image=image, number=number, annotations=annotations, author=author)
    Image.objects.filter(pk=image.pk).update(state="accepted" if state == "accepted" else "submitted")
    return own


def export(client: APIClient, campaign: Campaign, format: str = "coco", **filter: Any) -> Run:
    answer = client.post(f"/api/v1/campaigns/{campaign.pk}/exports", {"format": format, "filter": filter}, format="json")
    assert answer.status_code == 202, answer.data
    return execute_now(Run.objects.get(pk=answer.data["id"]))


def download(client: APIClient, run: Run) -> Any:
    answer = client.get(run.result["file"])
    assert answer.status_code == 200
    return json.loads(b"".join(answer))


@pytest.fixture
def drawn(
    make_campaign: Callable[..., Campaign], make_image: Callable[..., Image], annotator: User, reviewer: User, data_dir: Path
) -> Campaign:
    """A campaign with two labeled images, one that is only drafted and one untouched."""
    campaign = make_campaign(task="segmentation", name="Coast / 2026: Ωa")
    water = Label.objects.get(campaign=campaign, name="Water").pk
    first, second, drafted, _untouched = (make_image(campaign, name=f"{n}.png", width=100, height=90) for n in range(4))
    submitted(
        first,
        annotator,
        [document("old", SHAPES["box"], water)],
        [document("new", SHAPES["polygon"], water), document("b", SHAPES["mask"], water)],
    )
    submitted(second, annotator, [document("early", SHAPES["box"], water)])
    submitted(second, reviewer, [document("late", SHAPES["hole"], water)], state="accepted")
    AnnotationSet.objects.create(image=drafted, author=annotator, annotations=[document("draft", SHAPES["box"], water)])
    return campaign


def test_an_export_holds_the_last_revision_of_what_speaks_for_each_image(drawn: Campaign, viewer: User, as_user: As) -> None:
    run = export(as_user(viewer), drawn)
    assert (run.state, run.result["images"], run.result["annotations"], run.done, run.total) == ("succeeded", 2, 3, 2, 2)
    content = download(as_user(viewer), run)
    assert [image["file_name"] for image in content["images"]] == ["0.png", "1.png"]
    assert [category["name"] for category in content["categories"]] == ["Land", "Water"]
    assert {row["category_id"] for row in content["annotations"]} == {2}
    assert ["winnow" in row for row in content["annotations"]] == [False, False, True]


def test_the_filters_of_the_list_apply(drawn: Campaign, viewer: User, as_user: As) -> None:
    assert [image["file_name"] for image in download(as_user(viewer), export(as_user(viewer), drawn, state="accepted"))["images"]] == [
        "1.png"
    ]
    assert export(as_user(viewer), drawn, state="unlabeled").result["images"] == 0
    body = {"format": "coco", "filter": {"colour": "red"}}
    assert as_user(viewer).post(f"/api/v1/campaigns/{drawn.pk}/exports", body, format="json").data["code"] == "invalid_selection"


def test_the_file_has_a_harmless_name_and_type(drawn: Campaign, viewer: User, as_user: As) -> None:
    run = export(as_user(viewer), drawn, "geojson")
    answer = as_user(viewer).get(f"/api/v1/runs/{run.pk}/file")
    answer.close()
    assert run.result["name"] == "Coast-2026-a-geojson.geojson"
    assert answer["Content-Type"] == "application/geo+json"
    assert answer["Content-Disposition"].startswith("attachment")
    assert "2 of 2 images" in run.result["notes"][0]


def test_labels_of_whole_images_go_into_a_table(
    campaign: Campaign, make_image: Callable[..., Image], annotator: User, as_user: As, data_dir: Path
) -> None:
    label = campaign.labels.get(name="Land")
    submitted(make_image(campaign, name="a.png"), annotator, [document("a", SHAPES["whole"], label.pk)])
    client = as_user(annotator)
    answer = client.get(export(client, campaign, "csv").result["file"])
    assert b"".join(answer) == b"a.png,Land\r\n"
    refused = client.post(f"/api/v1/campaigns/{campaign.pk}/exports", {"format": "coco"}, format="json")
    assert refused.data["code"] == "format_does_not_fit"


def test_a_stranger_gets_neither_export_nor_file(drawn: Campaign, viewer: User, stranger: User, as_user: As) -> None:
    run = export(as_user(viewer), drawn)
    assert as_user(stranger).post(f"/api/v1/campaigns/{drawn.pk}/exports", {"format": "coco"}, format="json").status_code == 404
    assert as_user(stranger).get(f"/api/v1/runs/{run.pk}/file").status_code == 404


def test_a_run_without_a_file_says_so(drawn: Campaign, viewer: User, as_user: As) -> None:
    waiting = as_user(viewer).post(f"/api/v1/campaigns/{drawn.pk}/exports", {"format": "coco"}, format="json")
    assert as_user(viewer).get(f"/api/v1/runs/{waiting.data['id']}/file").data["code"] == "no_file"


def test_a_second_attempt_writes_the_file_again(drawn: Campaign, viewer: User, as_user: As, data_dir: Path) -> None:
    run = export(as_user(viewer), drawn)
    leftover = data_dir / "exports" / str(run.pk) / ".half"
    leftover.touch()
    Run.objects.filter(pk=run.pk).update(state="lost")
    assert execute_now(run).state == "succeeded"
    assert not leftover.exists()
    assert len(download(as_user(viewer), run)["images"]) == 2
