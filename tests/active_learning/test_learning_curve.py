"""What a campaign is told of its own learning, and why an image is asked."""

import numpy as np
import pytest

from active_learning.models import Agreement, AuditPick, Evaluation, RankedImage, Round
from active_learning.services import agreements
from active_learning.services.agreements import measure_agreement
from active_learning.services.answers import Answers
from active_learning.services.rounds import start_round
from campaigns.runs import execute_now
from tests.active_learning.chips import label_image
from tests.active_learning.conftest import POOL

pytestmark = pytest.mark.django_db


def curve(client, campaign):
    answer = client.get(f"/api/v1/campaigns/{campaign.pk}/learning-curve")
    assert answer.status_code == 200, answer.json()
    return answer.json()


@pytest.fixture
def opened(coast, manager):
    round_ = start_round(user=manager, campaign=coast, strategy="maxherding", size=POOL)
    assert execute_now(round_.run).state == "succeeded"
    return round_


def evaluate(campaign, labeled, accuracy, random=None, spread=0.03):
    def around(value):
        return {"accuracy": value, "accuracy_low": value - spread, "accuracy_high": value + spread}

    return Evaluation.objects.create(
        campaign=campaign, labeled=labeled, held_back=200, metrics=around(accuracy), random_metrics=around(random) if random else {}
    )


def test_nothing_measured_claims_nothing(coast, viewer, as_user):
    told = curve(as_user(viewer), coast)
    assert (told["model"], told["random"], told["audits"], told["audit"]) == ([], [], [], None)
    assert (told["advice"]["verdict"], told["advice"]["gain"]) == ("unknown", None)
    assert "0 of at least 4" in told["advice"]["reasons"][0]


def test_points_stand_in_order_the_last_measurement_counts_and_the_gain_has_an_interval(coast, viewer, as_user):
    for labeled, accuracy in ((160, 0.86), (20, 0.55), (40, 0.70), (80, 0.60), (80, 0.80)):
        evaluate(coast, labeled, accuracy, random=accuracy - 0.1)
    Agreement.objects.create(campaign=coast, labeled=160, compared=100, kappa=0.9)
    told = curve(as_user(viewer), coast)
    assert [(point["labeled"], point["value"]) for point in told["model"]] == [(20, 0.55), (40, 0.70), (80, 0.80), (160, 0.86)]
    assert [point["value"] for point in told["random"]] == pytest.approx([0.45, 0.60, 0.70, 0.76])
    gain = told["advice"]["gain"]
    assert gain["low"] <= gain["expected"] <= gain["high"]
    assert gain["labels"] == POOL  # no more than is left
    assert told["advice"]["agreement"] == 0.9


def test_what_was_measured_by_another_figure_once_is_no_point_of_the_curve(coast, viewer, as_user):
    evaluate(coast, 20, 0.55)
    Evaluation.objects.create(campaign=coast, labeled=40, held_back=200, metrics={"f1": 0.9}, random_metrics={"f1": 0.8})
    told = curve(as_user(viewer), coast)
    assert (told["metric"], [point["labeled"] for point in told["model"]], told["random"]) == ("accuracy", [20], [])


@pytest.fixture
def said(opened):
    """Answers about forty images: one label for the first so many, another for the rest."""

    def make(first):
        chosen = np.eye(2)[(np.arange(40) >= first).astype(int)]
        return Answers(tuple(range(1, 41)), tuple(opened.campaign.labels.values_list("pk", flat=True)[:2]), ("one", "other"), chosen)

    return make


def test_a_model_that_ranks_again_without_more_labels_says_nothing_of_how_still_its_answers_stand(opened, said):
    later = Round(pk=opened.pk + 1, campaign=opened.campaign)
    for round_, labeled in ((opened, 20), (later, 20), (opened, 10)):
        assert measure_agreement(round_, said(20), labeled=labeled) is None
    assert measure_agreement(opened, said(10), labeled=30).kappa == pytest.approx(0.5)


def test_a_ranking_that_is_made_again_after_a_crash_is_not_compared_with_itself(opened, said, monkeypatch):
    assert measure_agreement(opened, said(20), labeled=10) is None
    with monkeypatch.context() as patch:
        patch.setattr(agreements, "_write", lambda *args, **arrays: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            measure_agreement(opened, said(10), labeled=20)
    again = [measure_agreement(opened, said(10), labeled=20) for _ in range(2)]
    assert Agreement.objects.get() == again[0] == again[1]
    assert again[1].kappa == pytest.approx(0.5)
    assert measure_agreement(opened, said(10), labeled=30).kappa == 1, "answers that stayed the same with more labels"


def test_random_picks_tell_the_accuracy_by_what_was_predicted_before_the_label(coast, opened, viewer, annotator, as_user, pool):
    AuditPick.objects.all().delete()
    labels = [label.pk for label in coast.labels.all()]
    for place, image in enumerate(pool[:12]):
        said = labels[0] if place < 9 else labels[1]
        AuditPick.objects.create(
            campaign=coast, image=image, round=opened, predicted=[said], labeled=20 + place, asked_at=opened.created_at
        )
        if place < 11:
            label_image(image, annotator, labels[0])
    AuditPick.objects.filter(image=pool[0]).update(predicted=None)  # no model had answered: it tells nothing
    told = curve(as_user(viewer), coast)
    assert (told["audit"]["images"], told["audit"]["value"]) == (10, 0.8)
    assert told["audit"]["low"] < 0.8 < told["audit"]["high"]
    assert "8" in told["audit_sentence"]
    assert "Of the last 10 images drawn at random" in told["audit_sentence"]


def test_random_picks_that_were_labeled_before_any_model_had_answered_are_not_denied(coast, opened, viewer, annotator, as_user, pool):
    AuditPick.objects.all().delete()
    assert "No image that was drawn at random has been labeled yet" in curve(as_user(viewer), coast)["audit_sentence"]
    AuditPick.objects.create(campaign=coast, image=pool[0], round=opened, predicted=None, labeled=0, asked_at=opened.created_at)
    label_image(pool[0], annotator, coast.labels.first().pk)
    told = curve(as_user(viewer), coast)
    assert told["audit"] is None
    assert told["audit_sentence"].startswith("Of the images drawn at random 1 is labeled, but no model had answered")


def test_of_objects_the_held_back_images_tell_and_not_random_picks(make_campaign, as_user):
    campaign = make_campaign(task="detection")
    told = curve(as_user(campaign.memberships.first().user), campaign)
    assert "held-back images tell" in told["audit_sentence"]


def test_why_tells_the_place_the_parts_and_the_labeled_images_that_look_most_like_it(coast, opened, viewer, as_user, pool):
    told = as_user(viewer).get(f"/api/v1/images/{pool[0].pk}/why").json()
    ranked = RankedImage.objects.get(round=opened, image=pool[0])
    assert (told["ranked"]["rank"], told["ranked"]["why"], told["ranked"]["strategy"]) == (ranked.rank, ranked.why, "MaxHerding")
    assert "coverage" in told["ranked"]["parts"]
    near = told["neighbours"]
    assert len(near) == 5
    assert [each["similarity"] for each in near] == sorted((each["similarity"] for each in near), reverse=True)
    labeled = set(coast.images.filter(state="submitted").values_list("pk", flat=True))
    assert {each["image"]["id"] for each in near} <= labeled
    assert all(len(each["labels"]) == 1 for each in near)


def test_why_never_tells_the_truth_that_is_held_back(coast, opened, viewer, annotator, as_user, pool):
    label = coast.labels.exclude(pk=pool[1].reference.annotations[0]["label"]).first()
    label_image(pool[1], annotator, label.pk)  # wrongly
    for image in coast.images.filter(state="unlabeled"):
        near = as_user(viewer).get(f"/api/v1/images/{image.pk}/why").json()["neighbours"]
        found = [each["labels"] for each in near if each["image"]["id"] == pool[1].pk]
        assert found in ([], [[label.name]])


def test_an_image_that_no_round_asks_for_and_nobody_looked_at_says_so(campaign, make_image, viewer, as_user, data_dir):
    told = as_user(viewer).get(f"/api/v1/images/{make_image(campaign).pk}/why").json()
    assert told == {"ranked": None, "withheld": False, "areas_teach": False, "neighbours": [], "looked_at": False}
