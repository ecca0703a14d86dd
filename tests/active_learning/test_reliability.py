"""How reliable people are: planted error rates are found again, and the consensus beats the majority."""

import numpy as np
import pytest

from active_learning.label_errors.annotators import consensus
from tests.active_learning.chips import label_image


def test_planted_error_rates_are_found_and_the_consensus_beats_the_majority():
    rng = np.random.default_rng(4)
    truth, rights = rng.integers(3, size=400), np.array([0.95, 0.9, 0.5, 0.45, 0.4])
    images, people, said = [], [], []
    for image, kind in enumerate(truth):
        for person, right in enumerate(rights):
            images.append(image)
            people.append(person)
            said.append(kind if rng.random() < right else (kind + rng.integers(1, 3)) % 3)
    found = consensus(np.array(images), np.array(people), np.array(said), classes=3)
    assert found.quality == pytest.approx(rights, abs=0.07)
    assert found.truth.sum(axis=1) == pytest.approx(np.ones(400))
    assert found.confusion.sum(axis=2) == pytest.approx(np.ones((5, 3)))
    votes = np.zeros((400, 3))
    np.add.at(votes, (np.array(images), np.array(said)), 1)
    majority = (votes.argmax(axis=1) == truth).mean()
    assert (found.truth.argmax(axis=1) == truth).mean() > majority + 0.05


@pytest.mark.django_db
def test_only_images_that_several_labeled_judge_people(campaign, make_image, as_user, annotator, manager, reviewer, viewer):
    land, water = campaign.labels.all()
    images = [make_image(campaign, name=f"{n}.png", width=20 + n) for n in range(8)]
    address = f"/api/v1/campaigns/{campaign.pk}/reliability"
    for image in images:
        label_image(image, annotator, land.pk)
    assert as_user(reviewer).get(address).json() == {"shared": 0, "people": []}
    for n, image in enumerate(images[:6]):
        label_image(image, reviewer, land.pk)
        label_image(image, manager, water.pk if n < 4 else land.pk)
    found = as_user(reviewer).get(address).json()
    assert found["shared"] == 6
    by_name = {each["user"]["username"]: each for each in found["people"]}
    assert by_name["annotator"]["images"] == by_name["manager"]["images"] == 6
    assert found["people"][-1]["user"]["username"] == "manager"
    assert by_name["annotator"]["quality"] > by_name["manager"]["quality"]
    assert by_name["manager"]["agreement"] == pytest.approx(2 / 6, abs=1e-3)
    assert as_user(viewer).get(address).status_code == 403
