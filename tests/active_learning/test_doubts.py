"""Rankings that read more than one model's answers: draws of its head, other models, mirror images, objects, what people's time costs."""

from datetime import UTC, datetime

import numpy as np
import pytest

from active_learning.acquisition.strategies import STRATEGIES
from active_learning.models import RankedImage
from active_learning.services.answers import Answers
from active_learning.services.costs import LOOK_S, OBJECT_S, expected_seconds, label_counts, seconds_an_object
from active_learning.services.ranking import Known, Vectors, rank
from active_learning.services.rounds import RoundOptions, default_for, start_round
from campaigns.errors import InvalidInput
from campaigns.models import AnnotationSet, Effort, LabelUse, RunState, SetState
from campaigns.runs import execute_now
from inference.models import Prediction
from tests.active_learning.answers import box, classified, store
from tests.active_learning.chips import KINDS, add_chip, chips, label_image
from tests.active_learning.conftest import POOL
from tests.inference.endpoint import Endpoint, items

pytestmark = pytest.mark.django_db
PLAIN = RoundOptions(audit_share=0)


@pytest.fixture(autouse=True)
def loopback_models(settings):
    settings.MODEL_NETWORKS = ["127.0.0.0/8"]


def ranking(campaign, user, **asked):
    """Open a round and return its ranking; the run's error where it failed."""
    round_ = start_round(user=user, campaign=campaign, **{"size": 4, "options": PLAIN, **asked})
    run = execute_now(round_.run)
    return run.error if run.state == RunState.FAILED else list(RankedImage.objects.filter(round=round_).order_by("rank"))


@pytest.fixture
def ships(make_campaign, data_dir, shared_embeddings):
    """Twelve chips in which ships and buoys are to be found."""
    (data_dir / "embeddings").symlink_to(shared_embeddings)
    campaign = make_campaign("Ships", task="detection", labels=("Ship", "Buoy"))
    return campaign, [add_chip(campaign, chip) for chip in chips()[:12]]


@pytest.mark.parametrize("strategy", ["bald", "dropquery", "badge", "density", "probcover"])
def test_a_fast_head_is_enough_for_every_strategy_of_whole_images(coast, manager, strategy):
    options = RoundOptions(train=True, audit_share=0, training={"method": "fast_head"})
    ranked = ranking(coast, manager, strategy=strategy, options=options)
    assert len(ranked) == POOL
    if strategy == "bald":
        told = [each.parts["uncertainty"] for each in ranked[:4]]
        assert told == sorted(told, reverse=True)
        assert told[0] > 0
    if strategy == "dropquery":
        assert max(each.parts["changed"] for each in ranked) > 0


def test_a_model_without_a_head_of_ours_has_no_features_to_drop(coast, pool, labels, manager, make_external):
    model = make_external(coast, *(labels[kind] for kind in KINDS))
    store(model, {image: classified(0.5, 0.3, 0.2) for image in pool})
    assert "Train a fast head" in ranking(coast, manager, strategy="bald", model=model)
    assert len(ranking(coast, manager, strategy="dropquery", model=model)) == POOL


@pytest.mark.parametrize("strategy", ["vote_entropy", "divergence"])
def test_models_from_anywhere_vote_over_the_campaigns_labels(coast, pool, labels, manager, make_external, strategy):
    # The two name their classes in another order, and both know one that the campaign has no label for.
    one = make_external(coast, labels["ocean"], labels["coast"], None)
    with pytest.raises(InvalidInput, match="fewer than two"):
        start_round(user=manager, campaign=coast, size=4, strategy=strategy)
    other = make_external(coast, labels["coast"], labels["ocean"], None)
    store(one, {image: classified(0.9, 0.1, 0) for image in pool})
    store(other, {image: classified(0.9, 0.1, 0) if n == 3 else classified(0.1, 0.9, 0) for n, image in enumerate(pool)})
    ranked = ranking(coast, manager, strategy=strategy, model=one)
    assert ranked[0].image_id == pool[3].pk
    assert ranked[0].why.startswith("The models disagree")
    assert ranked[1].parts["uncertainty"] == pytest.approx(0, abs=1e-6)


def test_models_that_find_different_objects_disagree(ships, manager, make_external):
    campaign, images = ships
    ship, buoy = campaign.labels.all()
    one, other = make_external(campaign, ship, buoy), make_external(campaign, buoy, ship)
    store(one, {image: [box(0, 0.9)] for image in images})
    store(other, {image: [box(1, 0.9, x=30.0 if n == 5 else 4.0)] for n, image in enumerate(images)})
    ranked = ranking(campaign, manager, strategy="divergence", model=one)
    assert ranked[0].image_id == images[5].pk
    assert (ranked[0].score, ranked[1].score) == (pytest.approx(1), pytest.approx(0))


def test_what_the_mirror_shows_elsewhere_is_asked_first(ships, manager, make_external):
    campaign, images = ships
    side = images[0].width
    odd = images[7].name.encode()

    def respond(body):
        # A model that always sees something at the left of one image, mirrored or not, and in the middle of all others.
        x = 2.0 if odd in body else side / 2 - 8
        return items({"kind": "box", "class": "class 0", "confidence": 0.9, "xywh": [x, 10.0, 16.0, 16.0]})

    with Endpoint(respond) as endpoint:
        model = make_external(campaign, campaign.labels.first(), None, url=endpoint.url, options={"retries": 0})
        ranked = ranking(campaign, manager, strategy="flip", model=model)
        assert isinstance(ranked, list), ranked
        assert endpoint.requests == 2 * len(images)
        assert len(set(endpoint.bodies)) == 2 * len(images)
    assert ranked[0].image_id == images[7].pk
    assert ranked[0].parts["uncertainty"] == pytest.approx(0.9, abs=0.1)
    assert ranked[1].parts["uncertainty"] == pytest.approx(0, abs=1e-6)
    assert Prediction.objects.filter(model=model).count() == len(images)


def test_objects_of_labels_that_the_model_gets_wrong_weigh_more(ships, manager, annotator, make_external):
    campaign, images = ships
    ship, buoy = campaign.labels.all()
    model = make_external(campaign, ship, buoy)
    # On the labeled image the ship is found where it is; the buoy is missed.
    label_image(images[0], annotator)
    true = [{"id": name, "label": label.pk, "shape": {"type": "box", "x": 4.0, "y": 4.0, "width": 20.0, "height": 20.0, "rotation": 0.0},
             "origin": "human", "review": "accepted", "confidence": None, "model": None, "attributes": {}}
            for name, label in (("a", ship), ("b", buoy))]  # fmt: skip
    AnnotationSet.objects.filter(image=images[0]).update(annotations=true)
    store(model, {image: [box(1 if n == 4 else 0, 0.99 if n == 0 else 0.6)] for n, image in enumerate(images)})
    ranked = ranking(campaign, manager, strategy="difficult_boxes", model=model)
    assert ranked[0].image_id == images[4].pk
    assert ranked[0].score > ranked[1].score
    assert ranked[1].score == pytest.approx(ranked[-1].score)


def test_among_unsure_objects_those_that_look_different_are_asked(ships, manager, make_external):
    campaign, images = ships
    model = make_external(campaign, campaign.labels.first(), None)
    store(model, {image: [box(0, 0.5 if n < 8 else 0.99)] for n, image in enumerate(images)})
    ranked = ranking(campaign, manager, strategy="ppal", model=model, size=2)
    doubtful = {image.pk for image in images[:8]}
    assert {each.image_id for each in ranked[:2]} <= doubtful
    assert all("diversity" in each.parts for each in ranked)
    assert ranked[0].parts["diversity"] > 0


def test_images_that_are_quick_to_label_and_of_rare_labels_can_be_preferred(ships, manager, annotator, make_external):
    campaign, images = ships
    ship, buoy = campaign.labels.all()
    model = make_external(campaign, ship, buoy)
    store(model, {image: [box(0, 0.6, x=2.0 + n) for n in range(1 if n % 2 else 12)] for n, image in enumerate(images)})
    many = {image.pk for image in images[::2]}
    plain = ranking(campaign, manager, strategy="entropy", model=model, size=3)
    cheap = ranking(campaign, manager, strategy="entropy", model=model, size=3, options=RoundOptions(audit_share=0, cost_aware=True))
    assert not {each.image_id for each in cheap[:3]} & many
    assert cheap[0].why.endswith("Quick to label.")
    assert len(plain) == len(cheap) == len(images)
    store_again = {image: [box(1 if n == 6 else 0, 0.6)] for n, image in enumerate(images)}
    Prediction.objects.all().delete()
    store(model, store_again)
    own = AnnotationSet.objects.create(image=images[11], author=annotator, state=SetState.SUBMITTED)
    LabelUse.objects.create(annotation_set=own, label=ship, count=1)
    rare = ranking(campaign, manager, strategy="maxherding", model=model, size=3, options=RoundOptions(audit_share=0, balanced=True))
    assert images[6].pk in {each.image_id for each in rare[:3]}
    assert label_counts(campaign, [ship.pk, buoy.pk, None]).tolist() == [1, 0, 1]


def test_an_objects_time_is_what_people_took_once_enough_was_measured(ships, annotator):
    campaign, images = ships
    assert seconds_an_object(campaign) == OBJECT_S
    own = AnnotationSet.objects.create(image=images[0], author=annotator)
    Effort.objects.create(
        annotation_set=own, campaign=campaign, user=annotator, shape="box", origin="human", object_count=980, active_s=1960.0, actions=2,
        submitted_at=datetime.now(UTC),
    )  # fmt: skip
    assert seconds_an_object(campaign) == pytest.approx(2, abs=0.2)
    assert expected_seconds(campaign, np.array([0.0, 10.0]))[1] == pytest.approx(LOOK_S + 21.2, abs=0.1)


def test_numbers_that_are_not_finite_come_last_and_spoil_nobody_else():
    """Half precision overflows: one image's vector is infinite. One answer is no number."""
    vectors = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)
    vectors[1] = np.inf
    probabilities = np.full((6, 2), 0.5)
    probabilities[4] = np.nan
    ids = (11, 12, 13, 14, 15, 16)
    answers = Answers(ids, (1, 2), ("a", "b"), probabilities).finite()
    assert answers.image_ids == (11, 12, 13, 14, 16)
    known = Known(pool=ids, answers=answers, vectors=Vectors(ids, vectors), failures={})
    places = rank(known, strategy=STRATEGIES["uherding"], size=3, seed=0, audit_share=0)
    assert [place.image_id for place in places[-2:]] == [12, 15]
    assert all(np.isfinite(place.score) for place in places)


def test_what_ranks_by_default_follows_the_campaign(ships, client, manager):
    campaign, _images = ships
    assert default_for(campaign) == "maxherding"
    client.force_login(manager)
    rows = client.get(f"/api/v1/strategies?campaign={campaign.pk}").json()
    assert [row["name"] for row in rows if row["default"]] == ["maxherding"]
    assert "badge" not in {row["name"] for row in rows}
    assert {"ppal", "flip"} <= {row["name"] for row in rows}
    assert len(client.get("/api/v1/strategies").json()) == len(STRATEGIES)
    assert client.get("/api/v1/strategies?campaign=no").status_code == 422
