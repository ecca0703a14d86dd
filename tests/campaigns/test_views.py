"""Saved views, selections by view, label counts, and a queue that hands out a selection."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.errors import InvalidInput
from campaigns.filters import selected_ids
from campaigns.models import AnnotationSet, Campaign, Image, Revision, Run, SavedView, User
from campaigns.runs import execute_now
from campaigns.services.exporting import exported_file
from tests.campaigns.test_filters import START, give, whole

As = Callable[[User | None], APIClient]


def test_a_view_is_its_authors_own_until_a_manager_shares_it(campaign: Campaign, annotator: User, viewer: User, manager: User, as_user: As):
    url = f"/api/v1/campaigns/{campaign.pk}/views"
    own = as_user(annotator).post(url, {"name": "Mine", "filter": {"state": "unlabeled"}, "ordering": "-priority"})
    assert own.status_code == 201 and own.data["author"]["username"] == "annotator" and own.data["shared"] is False
    assert as_user(annotator).post(url, {"name": "Mine"}).data["code"] == "view_clash"
    assert as_user(annotator).post(url, {"name": "Ours", "shared": True}).status_code == 403
    assert as_user(manager).get(url).data == [] and as_user(manager).delete(f"{url}/{own.data['id']}").status_code == 404
    shared = as_user(manager).post(url, {"name": "Ours", "filter": {"where": {"not": {"flagged": True}}}, "shared": True}).data
    assert [view["name"] for view in as_user(viewer).get(url).data] == ["Ours"]
    assert as_user(viewer).patch(f"{url}/{shared['id']}", {"name": "X"}).status_code == 403
    assert as_user(annotator).patch(f"{url}/{own.data['id']}", {"shared": True}).status_code == 403
    assert as_user(annotator).patch(f"{url}/{own.data['id']}", {"filter": {"colour": 1}}).status_code == 422
    assert as_user(annotator).delete(f"{url}/{own.data['id']}").status_code == 204


def test_a_view_selects_what_its_filter_keeps_now(campaign: Campaign, make_image: Callable[..., Image], annotator: User, manager: User):
    first = make_image(campaign, flagged=True)
    view = SavedView.objects.create(campaign=campaign, author=annotator, name="Flagged", filter={"flagged": True})
    assert selected_ids(campaign, {"view": view.pk}, reader=annotator) == [first.pk]
    second = make_image(campaign, flagged=True, priority=1.0)
    assert selected_ids(campaign, {"view": view.pk}, reader=annotator) == [second.pk, first.pk]
    for wrong in ({"view": view.pk + 1}, {"view": "1"}, {"view": True}):
        with pytest.raises(InvalidInput):
            selected_ids(campaign, wrong, reader=annotator)
    with pytest.raises(InvalidInput):
        selected_ids(campaign, {"view": view.pk}, reader=manager)


def test_labels_are_counted_with_warnings_and_on_a_filter(
    make_campaign: Callable[..., Campaign], make_image: Callable[..., Image], annotator: User, reviewer: User, as_user: As
):
    campaign = make_campaign(labels=("Land", "Water", "Ice"), settings={"multi_label": True})
    land, water, ice = (label.pk for label in campaign.labels.all())
    images = [make_image(campaign, priority=n) for n in range(18)]
    for image in images[:16]:
        give(image, annotator, whole(land))
    give(images[16], annotator, whole(land), whole(water))
    give(images[17], annotator, whole(land), whole(water, default=True))
    give(images[17], reviewer, whole(land, default=True), whole(water), submitted_at=START)
    url = f"/api/v1/campaigns/{campaign.pk}/label-counts"
    counts = as_user(annotator).get(url).data
    assert [(row["label"], row["images"], row["default_images"], row["few"], row["imbalance"]) for row in counts["labels"]] == [
        (land, 18, 17, False, 1.0), (water, 2, 0, True, 9.0), (ice, 0, 0, True, 18.0),
    ]  # fmt: skip
    assert (counts["images"], counts["unset_default"], counts["ambiguous_default"]) == (18, 1, 1)
    few = as_user(annotator).get(url, {"score_gte": 15}).data
    assert [row["images"] for row in few["labels"]] == [3, 2, 0] and few["images"] == 3


def test_the_queue_hands_out_a_selection_alone(campaign: Campaign, make_image: Callable[..., Image], annotator: User, as_user: As):
    a, b, c, d = (make_image(campaign, priority=n, flagged=n in (1, 2)) for n in range(4))
    view = SavedView.objects.create(campaign=campaign, author=annotator, name="Flagged", filter={"flagged": True})

    def following(images: Any) -> int | None:
        answer = as_user(annotator).post(f"/api/v1/campaigns/{campaign.pk}/next", {"images": images})
        assert answer.status_code == 200, answer.data
        return answer.data["image"]["id"] if answer.data["image"] else None

    assert following({"view": view.pk}) == c.pk
    assert following([a.pk, d.pk, c.pk]) == a.pk  # a list is handed out in its order
    assert following([a.pk, c.pk]) is None  # both are held
    assert following({"filter": {"flagged": True}}) == b.pk
    assert following("all") == d.pk
    assert as_user(annotator).post(f"/api/v1/campaigns/{campaign.pk}/next", {"images": {"view": 0}}).status_code == 422


def test_an_export_takes_a_selection_and_puts_the_default_label_first(
    campaign: Campaign, make_image: Callable[..., Image], annotator: User, as_user: As, data_dir: Any
):
    land, water = (label.pk for label in campaign.labels.all())
    images = [make_image(campaign, name) for name in ("a.png", "b.png", "c.png")]
    for image in images:
        give(image, annotator, whole(land), whole(water, default=True))
    for own in AnnotationSet.objects.all():
        Revision.objects.create(annotation_set=own, image=own.image, number=1, annotations=own.annotations)
    url = f"/api/v1/campaigns/{campaign.pk}/exports"
    started = as_user(annotator).post(url, {"format": "csv", "images": [images[2].pk, images[0].pk]})
    assert started.status_code == 202, started.data
    run = execute_now(Run.objects.get(pk=started.data["id"]))
    assert run.state == "succeeded", run.error
    assert exported_file(run).read_text().splitlines() == ["a.png,Water,Land", "c.png,Water,Land"]
    assert as_user(annotator).post(url, {"format": "csv", "images": [0]}).status_code == 422
