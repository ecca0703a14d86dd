"""The queue: the best free image, one person each."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.models import Campaign, Image, Reference, User
from campaigns.queue import lease_next

As = Callable[[User | None], APIClient]
pytestmark = pytest.mark.django_db


@pytest.fixture
def images(campaign: Campaign, make_image: Callable[..., Image]) -> list[Image]:
    """Five images; the later, the higher the priority."""
    return [make_image(campaign, priority=float(n)) for n in range(5)]


def names(campaign: Campaign, user: User, count: int) -> list[int]:
    held: list[int] = []
    for _ in range(count):
        lease = lease_next(user=user, campaign=campaign, exclude=held)
        if lease is not None:
            held.append(lease.image.pk)
    return held


def test_images_come_in_the_order_of_priority(campaign: Campaign, images: list[Image], annotator: User) -> None:
    assert names(campaign, annotator, 6) == [i.pk for i in reversed(images)]


def test_two_people_never_hold_one_image(campaign: Campaign, images: list[Image], annotator: User, reviewer: User) -> None:
    first, second = names(campaign, annotator, 2), names(campaign, reviewer, 3)
    assert first + second == [i.pk for i in reversed(images)]


def test_two_tabs_of_one_person_get_two_images(campaign: Campaign, images: list[Image], annotator: User) -> None:
    assert names(campaign, annotator, 1) + names(campaign, annotator, 1) == [images[4].pk, images[3].pk]


def test_a_reloaded_page_takes_up_what_its_person_held(campaign: Campaign, images: list[Image], annotator: User, reviewer: User) -> None:
    held = names(campaign, annotator, 2)
    assert [lease.image.pk for _ in range(2) if (lease := lease_next(user=annotator, campaign=campaign, resume=True))] == [held[0]] * 2
    other = lease_next(user=reviewer, campaign=campaign, resume=True)
    assert other is not None and other.image.pk not in held


def test_a_lease_runs_out(campaign: Campaign, images: list[Image], annotator: User, reviewer: User) -> None:
    (held,) = names(campaign, annotator, 1)
    Image.objects.filter(pk=held).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert names(campaign, reviewer, 1) == [held]


def test_skipping_hides_an_image_from_one_person_only(
    campaign: Campaign, images: list[Image], annotator: User, reviewer: User, as_user: As
) -> None:
    (held,) = names(campaign, annotator, 1)
    assert as_user(annotator).post(f"/api/v1/images/{held}/skip", {"reason": "blurred"}).status_code == 204
    assert held not in names(campaign, annotator, 4)
    assert names(campaign, reviewer, 1) == [held]


def test_held_back_images_with_known_truth_are_not_asked(campaign: Campaign, images: list[Image], annotator: User) -> None:
    Image.objects.filter(pk__in=[images[4].pk, images[3].pk]).update(split="test")
    Reference.objects.create(image=images[4], annotations=[])
    assert names(campaign, annotator, 5) == [i.pk for i in reversed(images[:4])]


def test_nothing_left_is_said_in_words(campaign: Campaign, annotator: User, make_image: Callable[..., Image], as_user: As) -> None:
    url = f"/api/v1/campaigns/{campaign.pk}/next"
    assert "no images yet" in as_user(annotator).post(url).data["reason"]
    make_image(campaign, state="submitted")
    answer = as_user(annotator).post(url)
    assert answer.status_code == 200 and answer.data["image"] is None and "Nothing is left" in answer.data["reason"]


def test_a_viewer_gets_no_lease(campaign: Campaign, images: list[Image], viewer: User, as_user: As) -> None:
    assert as_user(viewer).post(f"/api/v1/campaigns/{campaign.pk}/next").status_code == 403


def test_images_added_later_join_the_queue(
    campaign: Campaign, images: list[Image], annotator: User, make_image: Callable[..., Image]
) -> None:
    late = make_image(campaign, priority=99.0)
    assert names(campaign, annotator, 1) == [late.pk]
