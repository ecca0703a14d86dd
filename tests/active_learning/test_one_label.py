"""One label against the rest, and one label from its own images alone: counts, training, drafts, and where it was found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from active_learning.services.training import start_training
from active_learning.training.config import TrainingConfig
from active_learning.training.one_class import fit_one_class
from campaigns.errors import Conflict, InvalidInput
from campaigns.models import AnnotationSet, Image, Reference, RunState
from campaigns.runs import execute_now, log_path
from inference.services import start_inference
from models_registry.models import CampaignModel
from tests.active_learning.chips import label_image
from tests.active_learning.conftest import LABELED, POOL

pytestmark = pytest.mark.django_db
FAST = {"method": "fast_head", "epochs": 30, "seed": 5, "promote": False}


def trained(campaign, user, **config):
    training = start_training(user=user, campaign=campaign, config={**FAST, **config})
    run = execute_now(training.run)
    assert run.state == RunState.SUCCEEDED, run.error
    training.refresh_from_db()
    return training


def answered(campaign, user, model):
    run = start_inference(user=user, campaign=campaign, model=model, images="unlabeled", prefill=True)
    assert execute_now(run).state == RunState.SUCCEEDED


def has_label(image, label):
    return Reference.objects.get(image=image).annotations[0]["label"] == label.pk


def auc(campaign, label, found):
    """How often an image with the label comes before one without it."""
    hits = [has_label(each["image"], label) for each in found]
    ahead = sum(sum(not hit for hit in hits[place:]) for place, hit in enumerate(hits) if hit)
    return ahead / (sum(hits) * (len(hits) - sum(hits)))


class TestAgainstTheRest:
    def test_a_single_label_campaign_learns_one_label_from_those_that_have_it_and_those_that_lack_it(self, coast, labels, manager, as_user):
        label, client = labels["coast"], as_user(manager)
        count = sum(has_label(image, label) for image in coast.images.filter(state="submitted"))
        told = client.get(f"/api/v1/campaigns/{coast.pk}/one-label/{label.pk}").json()
        assert told == {"positives": count, "negatives": LABELED - count, "waiting": POOL, "least": 3, "only_positives": False}
        model = trained(coast, manager, one_label=label.pk).model
        assert ([each["name"] for each in model.classes], model.multi_label) == (["coast"], True)
        assert {row.label_id for row in CampaignModel.objects.get(model=model).mappings.all()} == {label.pk}
        answered(coast, manager, model)
        found = client.get(f"/api/v1/campaigns/{coast.pk}/models/{model.pk}/found").json()
        assert (found["answered"], len(found["images"])) == (POOL, POOL)
        confidences = [each["confidence"] for each in found["images"]]
        assert confidences == sorted(confidences, reverse=True)
        assert auc(coast, label, found["images"]) > 0.8
        sure = client.get(f"/api/v1/campaigns/{coast.pk}/models/{model.pk}/found?least=0.5").json()["images"]
        assert sure == [each for each in found["images"] if each["confidence"] >= 0.5]
        drafted = AnnotationSet.objects.filter(image__campaign=coast, author=None)
        assert {each.image_id for each in drafted if each.annotations} == {each["image"] for each in sure}
        assert {said["label"] for each in drafted for said in each.annotations} == {label.pk}

    def test_a_threshold_of_the_campaign_says_what_is_drafted(self, coast, labels, manager):
        model = trained(coast, manager, one_label=labels["coast"].pk).model
        CampaignModel.objects.filter(model=model).update(thresholds={str(labels["coast"].pk): 0.0})
        answered(coast, manager, model)
        drafted = AnnotationSet.objects.filter(image__campaign=coast, author=None)
        assert sum(bool(each.annotations) for each in drafted) == POOL

    def test_an_image_that_was_handed_in_with_nothing_in_it_lacks_the_label(self, coast, labels, manager, annotator, as_user, pool):
        label_image(pool[0], annotator)
        told = as_user(manager).get(f"/api/v1/campaigns/{coast.pk}/one-label/{labels['coast'].pk}").json()
        assert told["positives"] + told["negatives"] == LABELED + 1
        training = trained(coast, manager, one_label=labels["coast"].pk)
        assert sum(training.run.result["metrics"]["images"].values()) == LABELED + 1

    def test_only_campaigns_of_whole_images_have_such_models_and_only_labels_of_their_own(self, coast, labels, manager, as_user):
        with pytest.raises(InvalidInput, match="no label of this campaign"):
            start_training(user=manager, campaign=coast, config={**FAST, "one_label": 10_000})
        assert as_user(manager).get(f"/api/v1/campaigns/{coast.pk}/one-label/10000").status_code == 404
        coast.task = "detection"
        coast.save(update_fields=["task"])
        with pytest.raises(Conflict, match="learned of whole images"):
            start_training(user=manager, campaign=coast, config={**FAST, "one_label": labels["coast"].pk})

    def test_a_model_of_several_labels_has_no_such_list(self, coast, manager, as_user, make_external):
        model = make_external(coast, *coast.labels.all())
        answer = as_user(manager).get(f"/api/v1/campaigns/{coast.pk}/models/{model.pk}/found")
        assert (answer.status_code, answer.json()["code"]) == (409, "several_labels")


class TestFromItsOwnImagesAlone:
    @pytest.fixture
    def alone(self, coast, labels):
        """A campaign in which nobody has labeled anything but the coast."""
        others = [image.pk for image in coast.images.filter(state="submitted") if not has_label(image, labels["coast"])]
        Image.objects.filter(pk__in=others).delete()
        return coast

    def test_it_finds_the_label_among_images_that_nobody_labeled(self, alone, labels, manager, as_user):
        label, client = labels["coast"], as_user(manager)
        assert client.get(f"/api/v1/campaigns/{alone.pk}/one-label/{label.pk}").json()["only_positives"] is True
        with pytest.raises(InvalidInput, match="some submitted images have and some lack"):
            start_training(user=manager, campaign=alone, config={**FAST, "one_label": label.pk})
        training = trained(alone, manager, one_label=label.pk, only_positives=True)
        told = training.run.result["metrics"]["leave_one_out"]
        assert told["background"] == POOL
        assert told["found"] >= 0.8
        assert told["background_found"] < 0.9
        assert "fitted at once, without epochs" in log_path(training.run_id).read_text()
        answered(alone, manager, training.model)
        found = client.get(f"/api/v1/campaigns/{alone.pk}/models/{training.model_id}/found").json()["images"]
        assert auc(alone, label, found) > 0.7

    def test_two_images_are_too_few_and_it_says_how_many_it_takes(self, alone, labels, manager):
        kept = alone.images.filter(state="submitted").values_list("pk", flat=True)[:2]
        alone.images.filter(state="submitted").exclude(pk__in=list(kept)).delete()
        training = start_training(user=manager, campaign=alone, config={**FAST, "one_label": labels["coast"].pk, "only_positives": True})
        run = execute_now(training.run)
        assert run.state == RunState.FAILED
        assert "takes 3 of them" in run.error
        assert "there are 2" in run.error

    @pytest.mark.parametrize("config", [{"only_positives": True}, {"only_positives": True, "one_label": 3, "method": "fine_tune"}])
    def test_it_goes_with_one_label_and_the_fast_head(self, config):
        with pytest.raises(InvalidInput) as caught:
            TrainingConfig.from_document(config)
        assert caught.value.errors[0]["field"] == "only_positives"


@given(seed=st.integers(0, 10_000), count=st.integers(3, 30), apart=st.floats(0, 6))
@settings(max_examples=40, deadline=None)
def test_nine_of_ten_left_out_positives_are_found_whatever_they_look_like(seed, count, apart):
    rng = np.random.default_rng(seed)
    positives, background = rng.normal(size=(count, 8)).astype(np.float32), rng.normal(size=(60, 8)).astype(np.float32)
    positives[:, 0] += apart
    fitted = fit_one_class(positives, background)
    assert (fitted.left_out >= 0.5 - 1e-9).mean() >= 0.9 - 1 / count - 1e-9
    assert np.median(fitted.left_out) >= 0.5
    assert np.isfinite(fitted.head.probabilities(background)).all()


def test_images_far_from_the_positives_are_not_found():
    rng = np.random.default_rng(0)
    positives, background = rng.normal(size=(40, 16)).astype(np.float32), rng.normal(size=(200, 16)).astype(np.float32)
    positives[:, :3] += 4
    fitted = fit_one_class(positives, background)
    fresh = rng.normal(size=(200, 16)).astype(np.float32)
    assert (fitted.head.probabilities(fresh) >= 0.5).mean() < 0.02
    fresh[:, :3] += 4
    assert (fitted.head.probabilities(fresh) >= 0.5).mean() > 0.85


def test_positives_that_are_all_the_same_image_divide_by_nothing():
    positives = np.ones((4, 5), np.float32)
    fitted = fit_one_class(positives, np.zeros((9, 5), np.float32))
    assert (fitted.head.probabilities(positives) >= 0.49).all()
    assert (fitted.head.probabilities(np.zeros((1, 5), np.float32)) < 0.1).all()
