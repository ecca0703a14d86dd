"""What a gallery shows of models' drafts: what its reader may still accept or reject, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.models import AnnotationSet, Campaign, Image, User

As = Callable[[User | None], APIClient]


def drafted(label: int, confidence: float | None = 0.8, shape: str = "whole") -> dict[str, Any]:
    return {
        "id": f"d{label}{shape}", "label": label, "shape": {"type": shape}, "origin": "prediction", "review": "draft",
        "confidence": confidence, "model": {"id": 1, "name": "m", "version": "1"}, "attributes": {},
    }  # fmt: skip


@pytest.fixture
def image(campaign: Campaign, make_image: Callable[..., Image]) -> Image:
    Campaign.objects.filter(pk=campaign.pk).update(task="classification", settings={"multi_label": True, "control_share": 0.0})
    campaign.refresh_from_db()
    return make_image(campaign)


@pytest.fixture
def guessed(as_user: As, annotator: User, campaign: Campaign) -> Callable[..., list[tuple[int, float | None]]]:
    """Ask for the guesses of an image as a person."""

    def ask(image: Image, person: User = annotator) -> list[tuple[int, float | None]]:
        answer = as_user(person).get(f"/api/v1/campaigns/{campaign.pk}/guesses", {"ids": str(image.pk)})
        assert answer.status_code == 200, answer.data
        assert all(row["image"] == image.pk for row in answer.data)
        return [(row["label"], row["confidence"]) for row in answer.data]

    return ask


def labels_of(campaign: Campaign) -> tuple[int, int]:
    one, two = (label.pk for label in campaign.labels.all()[:2])
    return one, two


def test_the_models_drafts_are_guesses_the_surest_first_and_shapes_are_none(campaign: Campaign, image: Image, guessed: Any):
    one, two = labels_of(campaign)
    AnnotationSet.objects.create(image=image, author=None, annotations=[drafted(one, 0.4), drafted(two, 0.9), drafted(one, 0.99, "box")])
    assert guessed(image) == [(two, 0.9), (one, 0.4)]


def test_what_a_person_rejected_or_accepted_is_no_guess_for_that_person_any_more(
    campaign: Campaign, image: Image, guessed: Any, annotator: User, reviewer: User
):
    one, two = labels_of(campaign)
    AnnotationSet.objects.create(image=image, author=None, annotations=[drafted(one), drafted(two)])
    AnnotationSet.objects.create(image=image, author=annotator, edited=True, annotations=[{**drafted(two), "review": "accepted"}])
    assert guessed(image) == []
    assert {label for label, _ in guessed(image, reviewer)} == {one, two}


def test_rejecting_through_the_gallery_takes_the_guess_away(as_user: As, campaign: Campaign, image: Image, guessed: Any, annotator: User):
    one, two = labels_of(campaign)
    AnnotationSet.objects.create(image=image, author=None, annotations=[drafted(one), drafted(two)])
    body = {"images": [image.pk], "remove": [one]}
    assert as_user(annotator).post(f"/api/v1/campaigns/{campaign.pk}/labelings", body, format="json").status_code == 200
    assert guessed(image) == [(two, 0.8)]


def test_an_image_that_a_colleague_submitted_is_not_guessed_at(campaign: Campaign, image: Image, guessed: Any, reviewer: User):
    one, _two = labels_of(campaign)
    AnnotationSet.objects.create(image=image, author=None, annotations=[drafted(one)])
    AnnotationSet.objects.create(image=image, author=reviewer, annotations=[], state="submitted", submitted_at=timezone.now())
    assert guessed(image) == []


def test_a_control_image_shows_no_guess(as_user: As, annotator: User, campaign: Campaign, image: Image):
    one, _two = labels_of(campaign)
    AnnotationSet.objects.create(image=image, author=None, annotations=[drafted(one)])
    Campaign.objects.filter(pk=campaign.pk).update(settings={"multi_label": True, "control_share": 0.5})
    others = Image.objects.bulk_create(
        Image(
            campaign=campaign, name=f"{number}.jpg", path=f"{number}.jpg", sha256=f"{number:064x}", size_bytes=1, format="JPEG",
            width=8, height=8, bands=3, dtype="uint8",
        )
        for number in range(64)
    )  # fmt: skip
    AnnotationSet.objects.bulk_create(AnnotationSet(image=other, author=None, annotations=[drafted(one)]) for other in others)
    ids = ",".join(str(other.pk) for other in others)
    shown = as_user(annotator).get(f"/api/v1/campaigns/{campaign.pk}/guesses", {"ids": ids}).data
    assert 10 < len(shown) < 54


@pytest.mark.parametrize("ids", ["x", "1,-2", "9" * 19, ",".join(map(str, range(501)))])
def test_ids_that_are_none_are_refused(as_user: As, annotator: User, campaign: Campaign, ids: str):
    answer = as_user(annotator).get(f"/api/v1/campaigns/{campaign.pk}/guesses", {"ids": ids})
    assert (answer.status_code, answer.data["code"]) == (422, "invalid_selection")
