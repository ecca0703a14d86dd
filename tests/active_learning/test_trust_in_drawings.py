"""Several labels an image, boxes and painted areas that several people gave: whom to trust, what is learned, and how far it counts."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from active_learning.label_errors.agreement import Agreements, chosen_drawings, trust_in_people
from active_learning.models import TrainingRun
from active_learning.services import drawn_agreement, refitting, refitting_finders
from active_learning.services.annotators import measure_trust
from active_learning.services.snapshots import labeled_images, latest_labeled, take_snapshot
from active_learning.services.training import read_targets
from active_learning.services.trusting import LEAST_WEIGHT, trusted
from active_learning.training.config import TrainingConfig
from active_learning.training.fast_head import Examples, fit_head
from active_learning.training.targets import shown
from campaigns.models import Image, ImageState, Run, Task
from tests.active_learning.chips import label_areas, label_image, submit

HALF = np.s_[:, :32]


def pairs(*rows):
    columns = [np.array([row[at] for row in rows]) for at in range(4)]
    return Agreements(*(column.astype(np.int64) for column in columns[:3]), columns[3].astype(float))


def box(x, y):
    return {"type": "box", "x": x, "y": y, "width": 20, "height": 20, "rotation": 0.0}


def learned(campaign, manager):
    """What a training of the campaign would learn, as the training itself asks."""
    labeled = labeled_images(take_snapshot(user=manager, campaign=campaign))
    training = TrainingRun.objects.create(run=Run.objects.create(kind="training", campaign=campaign), name="", config={})
    config = TrainingConfig(multi_label=bool(campaign.settings.get("multi_label")))
    known = trusted(training, campaign, labeled)
    targets = known.weigh(read_targets(campaign, config, known.pictures), labeled)
    return known, targets, {labeled[row].image.pk: place for place, row in enumerate(targets.rows.tolist())}


def test_who_agrees_with_nobody_is_trusted_less_and_the_drawing_of_those_who_agree_is_chosen():
    rows = [(image, one, other, 0.9 if (one, other) == (0, 1) else 0.2) for image in range(6) for one, other in ((0, 1), (0, 2), (1, 2))]
    trust = trust_in_people(pairs(*rows), 4)
    assert trust[0] == pytest.approx(trust[1]) and trust[0] > trust[3] > trust[2]
    assert trust[3] == pytest.approx(np.mean([row[3] for row in rows]))
    chosen = chosen_drawings(pairs(*rows), trust)
    assert {each.person for each in chosen.values()} == {0}
    assert all(trust[2] < each.sureness <= 0.9 for each in chosen.values())


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(3, 5), st.floats(0, 1)), min_size=1, max_size=30))
@settings(deadline=None)
def test_trust_lies_between_the_least_and_the_greatest_agreement_and_the_order_of_pairs_is_nothing(rows):
    trust = trust_in_people(pairs(*rows), 6)
    assert min(row[3] for row in rows) - 1e-9 <= trust.min() and trust.max() <= max(row[3] for row in rows) + 1e-9
    turned = [(image, other, one, agree) for image, one, other, agree in reversed(rows)]
    assert trust_in_people(pairs(*turned), 6) == pytest.approx(trust, abs=1e-6)


def test_an_epoch_shows_an_image_as_often_as_it_is_trusted():
    rows, trust = np.arange(100, 104), np.zeros(104, np.float32)
    trust[rows] = (1, 0.5, 0.1, 1)
    rng = np.random.default_rng(0)
    seen = np.zeros(104)
    for _ in range(2000):
        seen[shown(rng.permutation(rows), trust, rng)] += 1
    assert seen[rows] / 2000 == pytest.approx(trust[rows], abs=0.03)
    assert shown(rows, None, rng) is rows
    assert len(shown(rows[2:3], np.full(104, 1e-9, np.float32), rng)) == 1  # never nothing at all


def test_of_several_labels_each_counts_as_it_is_trusted():
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(200, 6)) + 1).astype(np.float32)
    values = np.stack([np.arange(200) % 2] * 2, axis=1).astype(np.float32)  # the same cloud: half have each label, half lack it
    weights = np.ones((200, 2), np.float32)
    weights[values[:, 0] == 0, 0] = 0.1
    said = fit_head(Examples(vectors, values, weights), classes=2, decay=1e-2, steps=30).probabilities(vectors).mean(axis=0)
    assert said[0] == pytest.approx(1 / 1.1, abs=0.02)
    assert said[1] == pytest.approx(0.5, abs=0.02)


def test_fine_tuning_heeds_the_weight_of_each_label():
    from active_learning.training.fine_tune import FineTuneLearner, PictureSet

    rng = np.random.default_rng(0)
    pixels, values = rng.integers(0, 256, (2, 64, 64, 3), np.uint8), np.array([[0, 1], [1, 0]], np.float32)
    start = fit_head(Examples(rng.normal(size=(8, 1280)).astype(np.float32), values[np.arange(8) % 2]), classes=2, decay=1e-2, steps=3)
    both = PictureSet(pixels, values, np.arange(2))
    learner = FineTuneLearner(both, both, start, config=TrainingConfig.from_document({"method": "fine_tune"}), backbone={})

    def loss(weights):
        with torch.no_grad():
            return float(learner._loss(pixels, values, torch.Generator().manual_seed(1), weights))

    one, other = (np.array(each, np.float32) for each in ([[2, 0], [0, 0]], [[0, 2], [2, 2]]))
    assert loss(one) + loss(other) == pytest.approx(2 * loss(None), rel=1e-3)
    assert loss(one) < loss(other)


@pytest.mark.django_db
def test_with_several_labels_an_image_the_consensus_is_learned_label_by_label(
    make_campaign, make_image, annotator, reviewer, manager, as_user, monkeypatch
):
    campaign = make_campaign(settings={"multi_label": True}, labels=("Land", "Water", "Ice"))
    land, water, ice = campaign.labels.order_by("position")
    images = [make_image(campaign, name=f"{n}.png", width=20 + n) for n in range(12)]
    truth = [(land.pk, water.pk) if n % 2 else (water.pk,) for n in range(12)]
    for image, said in zip(images, truth, strict=True):
        label_image(image, annotator, *said)
        label_image(image, reviewer, *said)
    for n, image in enumerate(images[:8]):
        label_image(image, manager, *(set(truth[n]) ^ {ice.pk if n % 3 else land.pk}))  # the last to hand in, and wrong
    lonely = [make_image(campaign, name=f"lonely-{n}.png", width=60 + n) for n in range(3)]
    label_image(lonely[0], manager, water.pk)
    label_image(lonely[1], annotator, water.pk)
    label_image(lonely[2], manager, ice.pk)
    Image.objects.filter(pk=lonely[2].pk).update(state=ImageState.ACCEPTED)
    known, targets, place = learned(campaign, manager)
    slot = [each.label for each in targets.classes]
    assert (known.people, known.changed) == (3, 8)
    for image, said in zip(images, truth, strict=True):
        assert {label for label, bit in zip(slot, targets.values[place[image.pk]], strict=True) if bit} == set(said)
    assert targets.weights.shape == targets.values.shape
    assert targets.weights[place[lonely[0].pk]].mean() < targets.weights[place[lonely[1].pk]].mean()
    assert targets.weights[place[lonely[2].pk]].tolist() == [1] * len(slot)
    ids = np.array(sorted(place), np.int64)
    fitted, rng = [], np.random.default_rng(0)
    fit = refitting._fitted
    monkeypatch.setattr(refitting, "_fitted", lambda examples, **how: fitted.append(examples) or fit(examples, **how))
    head = refitting.refit(campaign, ids, rng.normal(size=(len(ids), 6)).astype(np.float32))
    assert head.label_ids == tuple(slot) and head.counts.tolist() == targets.values.sum(axis=0).tolist()
    assert fitted[0].weights == pytest.approx(targets.weights[[place[image] for image in ids.tolist()]])
    listed = as_user(reviewer).get(f"/api/v1/campaigns/{campaign.pk}/reliability").json()
    assert listed["shared"] == 12 and listed["people"][-1]["user"]["username"] == "manager"
    assert [each["images"] for each in listed["people"]] == [12, 12, 8] and listed["people"][-1]["agreement"] == 0


@pytest.mark.django_db
def test_of_boxes_the_drawing_that_others_agree_with_is_learned_and_a_careless_person_counts_less(
    make_campaign, make_image, annotator, reviewer, manager, as_user, tmp_path, data_dir
):
    campaign = make_campaign(task=Task.DETECTION)
    label = campaign.labels.first().pk
    images = [make_image(campaign, name=f"{n}.png", width=90 + n, height=80) for n in range(5)]
    for n, image in enumerate(images):
        submit(image, annotator, [{"label": label, "shape": box(10, 10)}, {"label": label, "shape": box(50, 40)}])
        submit(image, reviewer, [{"label": label, "shape": box(11, 10)}, {"label": label, "shape": box(50, 41)}])
        if n < 4:
            submit(image, manager, [{"label": label, "shape": box(30, 60)}])  # the last to hand in, and wrong
    lonely = [make_image(campaign, name=f"lonely-{n}.png", width=120 + n) for n in range(3)]
    for image, author in zip(lonely, (manager, annotator, manager), strict=True):
        submit(image, author, [{"label": label, "shape": box(5, 5)}])
    Image.objects.filter(pk__in=[lonely[2].pk, images[3].pk]).update(state=ImageState.ACCEPTED)
    known, targets, place = learned(campaign, manager)
    assert (known.people, known.changed) == (3, 3)  # of two who agree, the one who was there first
    things = {pk: [thing.shape["x"] for thing in targets.things[at]] for pk, at in place.items()}
    assert all(things[image.pk] == [11, 50] for image in images[:3])
    assert things[images[3].pk] == [30]  # what a reviewer accepted stays
    trust = {pk: float(targets.trust[at]) for pk, at in place.items()}
    assert trust[lonely[2].pk] == trust[images[3].pk] == 1
    assert LEAST_WEIGHT <= trust[lonely[0].pk] < trust[images[0].pk] <= trust[images[4].pk] <= 1
    assert trust[lonely[0].pk] < trust[lonely[1].pk]
    refit = refitting_finders.job_of(campaign, TrainingConfig(), tmp_path, labeled=latest_labeled(campaign)).targets
    assert [[thing.shape["x"] for thing in each] for each in refit.things] == [[t.shape["x"] for t in each] for each in targets.things]
    assert refit.trust.tolist() == targets.trust.tolist(), "a head that learns on heeds what a training heeds"
    listed = as_user(reviewer).get(f"/api/v1/campaigns/{campaign.pk}/reliability").json()
    assert (listed["shared"], listed["people"][-1]["user"]["username"]) == (5, "manager")
    assert listed["people"][-1]["agreement"] == 0 and listed["people"][0]["agreement"] > 0.5


@pytest.mark.django_db
def test_of_painted_areas_the_overlap_says_whom_to_trust_and_one_person_alone_changes_nothing(
    make_campaign, make_image, annotator, reviewer, manager
):
    campaign = make_campaign(task=Task.SEGMENTATION, settings={"segmentation": "semantic"})
    land, water = campaign.labels.order_by("position")
    images = [make_image(campaign, name=f"{n}.png", width=64, height=48) for n in range(4)]
    left = np.zeros((48, 64), bool)
    left[HALF] = True
    for image in images:
        label_areas(image, annotator, {land.pk: left, water.pk: ~left})
    assert measure_trust(campaign, [image.pk for image in images]) == {}
    for image in images[:3]:
        label_areas(image, reviewer, {land.pk: left, water.pk: ~left})
        label_areas(image, manager, {land.pk: ~left, water.pk: left})
    known, targets, place = learned(campaign, manager)
    assert (known.people, known.changed) == (3, 3)
    for image in images:
        drawn = targets.drawings[place[image.pk]].label_map((0, 0, 64, 48))
        assert (drawn[HALF] == 0).all()
    assert targets.trust.shape == (4,) and "learned as the one drew them" in known.told(targets)


@pytest.mark.django_db
def test_only_images_that_somebody_drew_on_since_are_compared_anew(make_campaign, make_image, annotator, reviewer, data_dir, monkeypatch):
    campaign = make_campaign(task=Task.DETECTION)
    label = campaign.labels.first().pk
    images = [make_image(campaign, name=f"{n}.png", width=90 + n, height=80) for n in range(4)]
    for image in images:
        for person in (annotator, reviewer):
            submit(image, person, [{"label": label, "shape": box(10, 10)}])
    compared, compare = [], drawn_agreement.agreement
    monkeypatch.setattr(drawn_agreement, "agreement", lambda *said, **how: compared.append(said) or compare(*said, **how))
    ids = [image.pk for image in images]
    first = measure_trust(campaign, ids)
    assert (len(compared), len(first["people"])) == (4, 2)
    assert measure_trust(campaign, ids) == first
    assert len(compared) == 4, "nobody drew anything since"
    submit(images[2], reviewer, [{"label": label, "shape": box(60, 40)}])
    assert measure_trust(campaign, ids) != first
    assert len(compared) == 5
