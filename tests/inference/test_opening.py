"""A model is asked about the image at hand, at once."""

import pytest

from campaigns.models import AnnotationSet
from inference.models import Prediction
from inference.precedence import Bystander
from inference.schema import Classification, ClassScore
from inference.schema import Prediction as Said
from inference.services import opening
from inference.services.ensembles import create_ensemble
from models_registry.models import CampaignModel
from tests.inference.endpoint import Endpoint, Reply, dead_url, items

pytestmark = pytest.mark.django_db
SURE = {"kind": "classification", "scores": {"land": 0.2, "water": 0.8}}


@pytest.fixture(autouse=True)
def nobody_rests(monkeypatch, settings, tmp_path):
    monkeypatch.setattr(opening, "_rests_until", {})
    settings.DATA_DIR = tmp_path


def on_open(model):
    CampaignModel.objects.filter(model=model).update(on_open=True)
    return model


def asked(as_user, user, image, **body):
    answer = as_user(user).post(f"/api/v1/images/{image.pk}/predict", body, format="json")
    return answer.status_code, answer.json()


def test_the_models_that_are_asked_on_open_draft_once(campaign, make_image, make_model, as_user, annotator):
    image = make_image(campaign)
    with Endpoint(lambda body: items(SURE)) as endpoint:
        on_open(make_model(campaign, endpoint.url))
        make_model(campaign, endpoint.url, name="Not on open")
        status, (first,) = asked(as_user, annotator, image)
        _, (second,) = asked(as_user, annotator, image)
        assert endpoint.requests == 1
    assert (status, first["fresh"], second["fresh"]) == (200, True, False)
    assert first["prediction"]["id"] == second["prediction"]["id"]
    opened = as_user(annotator).get(f"/api/v1/images/{image.pk}/annotation-set").json()
    assert [each["confidence"] for each in opened["annotations"]] == [0.8]
    assert Prediction.objects.count() == AnnotationSet.objects.filter(author=None).count() == 1


def test_an_open_and_untouched_set_takes_the_drafts_up(campaign, make_image, make_model, as_user, annotator):
    image = make_image(campaign)
    before = as_user(annotator).get(f"/api/v1/images/{image.pk}/annotation-set").json()
    with Endpoint(lambda body: items(SURE)) as endpoint:
        asked(as_user, annotator, image, model=make_model(campaign, endpoint.url).pk)
    after = as_user(annotator).get(f"/api/v1/images/{image.pk}/annotation-set").json()
    assert (before["annotations"], len(after["annotations"])) == ([], 1)


def test_a_new_version_is_asked_anew(campaign, make_image, make_model, as_user, annotator):
    image = make_image(campaign)
    with Endpoint(lambda body: items(SURE)) as endpoint:
        model = on_open(make_model(campaign, endpoint.url))
        asked(as_user, annotator, image)
        type(model).objects.update(version="2")
        _, (told,) = asked(as_user, annotator, image)
    assert (told["fresh"], told["prediction"]["model"]["version"], endpoint.requests) == (True, "2", 2)


def test_a_model_that_is_gone_is_told_and_left_alone_for_a_while(campaign, make_image, make_model, as_user, annotator):
    image = make_image(campaign)
    on_open(make_model(campaign, dead_url()))
    status, (told,) = asked(as_user, annotator, image)
    assert (status, told["code"], told["prediction"]) == (200, "unreachable", None)
    _, (told,) = asked(as_user, annotator, image)
    assert told["code"] == "resting"


def test_a_broken_answer_is_told_and_drafts_nothing(campaign, make_image, make_model, as_user, annotator):
    image = make_image(campaign)
    with Endpoint(lambda body: Reply(b"<html>")) as endpoint:
        on_open(make_model(campaign, endpoint.url))
        _, (told,) = asked(as_user, annotator, image)
    assert told["code"] == "rejected"
    assert not AnnotationSet.objects.filter(author=None).exists()


def test_runs_of_the_same_model_hold_back_meanwhile(campaign, make_image, make_model, as_user, annotator, settings):
    image, seen = make_image(campaign), []
    with Endpoint(lambda body: (seen.append(Bystander(settings.DATA_DIR, model.pk)()), items(SURE))[1]) as endpoint:
        model = on_open(make_model(campaign, endpoint.url))
        asked(as_user, annotator, image)
        assert seen == [True]
        assert not Bystander(settings.DATA_DIR, model.pk)()


def test_a_model_of_another_campaign_is_not_found_and_one_for_clicks_says_nothing(
    campaign, make_campaign, make_image, make_model, as_user, annotator, manager
):
    image = make_image(campaign)
    other = make_model(make_campaign("Elsewhere"), "http://127.0.0.1:9/predict")
    assert asked(as_user, annotator, image, model=other.pk)[0] == 404
    clicks = make_model(campaign, "", kind="promptable", protocol="promptable")
    status, problem = asked(as_user, annotator, image, model=clicks.pk)
    assert (status, problem["code"]) == (409, "promptable_model")
    answer = as_user(manager).put(f"/api/v1/campaigns/{campaign.pk}/models/{clicks.pk}", {"on_open": True}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "promptable_model")


def test_a_model_of_ours_is_asked_in_its_own_process_and_told_when_that_is_not_there(
    campaign, make_image, make_model, as_user, annotator, monkeypatch
):
    image = make_image(campaign)
    own = on_open(make_model(campaign, "", kind="internal", protocol="local"))
    status, (told,) = asked(as_user, annotator, image)
    assert (status, told["code"]) == (200, "models_unreachable")
    assert asked(as_user, annotator, image)[1][0]["code"] == "resting"
    monkeypatch.setattr(opening, "_rests_until", {})
    said = Said((Classification((ClassScore(0, "land", 0.2), ClassScore(1, "water", 0.8)), activation="softmax"),), 64, 48, "1")
    monkeypatch.setattr("inference.serving.client.ask", lambda *_, **__: {"predictions": [said.as_document()]})
    told = asked(as_user, annotator, image)[1][0]
    assert (told["fresh"], told["prediction"]["confidence"]) == (True, 0.8)
    assert AnnotationSet.objects.get(image=image, author=None).annotations[0]["model"]["id"] == own.pk


def test_an_ensemble_is_asked_by_its_members(campaign, make_image, make_model, as_user, annotator):
    image = make_image(campaign)
    with Endpoint(lambda body: items(SURE)) as one, Endpoint(lambda body: items({**SURE, "scores": {"land": 0.6, "water": 0.4}})) as two:
        members = [{"model": make_model(campaign, each.url).pk} for each in (one, two)]
        on_open(create_ensemble(user=campaign.created_by, campaign=campaign, name="Both", members=members))
        told = asked(as_user, annotator, image)[1][0]
    assert told["prediction"]["confidence"] == pytest.approx(0.6)
