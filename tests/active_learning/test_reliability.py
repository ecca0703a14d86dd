"""How reliable people are: planted error rates are found again, and the consensus beats the majority."""

import numpy as np
import pytest

from active_learning.label_errors.annotators import consensus, trust
from active_learning.models import TrainingRun
from active_learning.services import refitting
from active_learning.services.training import start_training
from active_learning.training.fast_head import Examples, fit_head
from campaigns.models import Image, ImageState
from campaigns.runs import execute_now, log_path
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


def test_what_a_noisy_person_said_alone_is_trusted_less_and_an_unknown_one_as_the_average():
    rng = np.random.default_rng(2)
    truth = rng.integers(2, size=300)
    noisy = np.where(rng.random(300) < 0.6, truth, 1 - truth)
    images = np.repeat(np.arange(300), 3)
    people, said = np.tile([0, 1, 2], 300), np.stack([truth, truth, noisy], axis=1).reshape(-1)
    found = consensus(images, people, said, classes=2)
    alone = trust(found, np.arange(3), np.array([0, 2, -1]), np.array([1, 1, 1]))
    assert alone.labels.tolist() == [1, 1, 1]
    careful, careless, unknown = alone.sureness
    assert careful > unknown > careless
    assert careful > 0.95 and careless == pytest.approx(0.6, abs=0.1)
    together = trust(found, np.zeros(3, np.int64), np.array([0, 1, 2]), np.array([1, 1, 0]))
    assert together.labels.tolist() == [1] and together.sureness[0] > careful


def test_a_head_follows_the_weights_of_its_examples():
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(200, 6)) + 1).astype(np.float32)
    values = np.arange(200) % 2  # the same cloud, called two names
    sure = np.where(values == 1, 1.0, 0.1).astype(np.float32)
    shares = [
        fit_head(Examples(vectors, values, weights), classes=2, decay=1e-2, steps=30).probabilities(vectors)[:, 1].mean()
        for weights in (None, sure)
    ]
    assert shares[0] == pytest.approx(0.5, abs=0.02)
    assert shares[1] == pytest.approx(1 / 1.1, abs=0.02)
    assert np.allclose(
        fit_head(Examples(vectors, values, np.full(200, 7, np.float32)), classes=2, decay=1e-2, steps=9).weight,
        fit_head(Examples(vectors, values), classes=2, decay=1e-2, steps=9).weight,
        atol=1e-5,
    )


@pytest.mark.django_db
def test_a_training_learns_the_consensus_and_says_so_and_one_person_alone_changes_nothing(
    coast, labels, annotator, reviewer, manager, monkeypatch
):
    from active_learning.training import classification

    config = {"method": "fast_head", "minutes": 0.2, "epochs": 3}
    jobs = []
    train = classification.train_classifier
    monkeypatch.setattr(classification, "train_classifier", lambda job, watcher: jobs.append(job) or train(job, watcher))
    alone = start_training(user=manager, campaign=coast, config=config)
    assert execute_now(alone.run).state == "succeeded", alone.run.error
    assert jobs[0].targets.weights is None
    assert TrainingRun.objects.get(pk=alone.pk).trust == {}

    truth = {pk: said[0]["label"] for pk, said in coast.images.values_list("pk", "reference__annotations")}
    done = list(coast.images.filter(state="submitted").exclude(split="test").order_by("pk"))
    kinds = sorted({label.pk for label in labels.values()})
    wrong = {image.pk: kinds[(kinds.index(truth[image.pk]) + 1 + n % 2) % len(kinds)] for n, image in enumerate(done)}
    for image in done[:12]:
        label_image(image, reviewer, truth[image.pk])
        label_image(image, manager, wrong[image.pk])  # the last to hand in, and wrong
    lonely = coast.images.filter(state="unlabeled").exclude(split="test").order_by("pk").first()
    label_image(lonely, manager, truth[lonely.pk])
    Image.objects.filter(pk=done[13].pk).update(state=ImageState.ACCEPTED)

    together = start_training(user=manager, campaign=coast, config=config)
    run = execute_now(together.run)
    assert run.state == "succeeded", run.error
    targets = jobs[1].targets
    learned = {pk: targets.classes[value].label for pk, value in zip(jobs[1].image_ids, targets.values, strict=True)}
    assert all(learned[image.pk] == truth[image.pk] for image in done[:12])
    weights = dict(zip(jobs[1].image_ids, targets.weights.tolist(), strict=True))
    assert weights[done[13].pk] == 1.0
    assert weights[lonely.pk] < min(weights[image.pk] for image in done)
    fitted, fit = [], refitting._fitted
    monkeypatch.setattr(refitting, "_fitted", lambda examples, **how: fitted.append(examples) or fit(examples, **how))
    ids = np.array(sorted(weights), np.int64)
    head = refitting.refit(coast, ids, np.random.default_rng(0).normal(size=(len(ids), 6)).astype(np.float32))
    refit = [head.label_ids[value] for value in fitted[0].values]
    assert refit == [learned[image] for image in ids.tolist()], "a head that is refitted after a few labels learns the consensus, too"
    assert fitted[0].weights == pytest.approx([weights[image] for image in ids.tolist()])
    kept = TrainingRun.objects.get(pk=together.pk).trust
    quality = dict(map(tuple, kept["people"]))
    assert quality[manager.pk] < quality[annotator.pk]
    assert "3 people are judged by images that several labeled" in log_path(run.pk).read_text()


def test_fine_tuning_heeds_the_weights_too():
    import torch

    from active_learning.training.config import TrainingConfig
    from active_learning.training.fine_tune import FineTuneLearner, PictureSet

    rng = np.random.default_rng(0)
    pixels, values = rng.integers(0, 256, (2, 64, 64, 3), np.uint8), np.array([0, 1])
    start = fit_head(Examples(rng.normal(size=(8, 1280)).astype(np.float32), np.arange(8) % 2), classes=2, decay=1e-2, steps=3)
    both = PictureSet(pixels, values, np.arange(2), np.array([2, 0], np.float32))
    learner = FineTuneLearner(both, both, start, config=TrainingConfig.from_document({"method": "fine_tune"}), backbone={})

    def loss(chosen, weights):
        with torch.no_grad():
            return float(learner._loss(pixels[chosen], values[chosen], torch.Generator().manual_seed(1), weights))

    assert loss([0, 1], both.weights) == pytest.approx(loss([0], None), rel=1e-3)
    assert loss([0, 1], None) != pytest.approx(loss([0], None), rel=1e-3)
