"""The model that a campaign goes by, and the checkpoint that a model answers with."""

import hashlib

import pytest
from rest_framework.test import APIClient

from campaigns.errors import Conflict, NotAllowed, NotFound
from models_registry.checkpoints import CheckpointFile, FileState, checkpoint_folder, file_state, register_internal_model
from models_registry.models import AuditEntry, CampaignModel, RegisteredModel
from models_registry.services import choose_checkpoint, current_model, detach_model, promote_model, roll_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(campaign):
    """Three models, attached one after the other."""
    made = [RegisteredModel.objects.create(name=name, task=campaign.task, protocol="winnow_json") for name in ("A", "B", "C")]
    for model in made:
        CampaignModel.objects.create(campaign=campaign, model=model)
    return made


def trained(campaign, number=5):
    """A model of ours with a best and a last checkpoint on the disk."""
    label, files = campaign.labels.first(), {}
    for role in ("best", "last"):
        content = f"{role} of {number}".encode()
        (checkpoint_folder() / f"{role}-{number}").write_bytes(content)
        files[role] = CheckpointFile(f"{role}-{number}", hashlib.sha256(content).hexdigest())
    return register_internal_model(
        campaign=campaign, name="T", task=campaign.task, classes=[(label.pk, label.name)], training_run_id=number, files=files, version="4"
    )


def test_where_none_was_promoted_the_one_attached_last_is_current_and_a_promoted_one_stays_so(campaign, manager, three):
    assert current_model(campaign) == three[2]
    promote_model(user=manager, campaign=campaign, model_id=three[0].pk)
    late = RegisteredModel.objects.create(name="D", task=campaign.task, protocol="winnow_json")
    CampaignModel.objects.create(campaign=campaign, model=late)
    assert current_model(campaign) == three[0]


def test_a_model_without_any_mapped_class_does_not_take_the_place_of_one_that_answers(campaign, three):
    middle = CampaignModel.objects.get(campaign=campaign, model=three[1])
    middle.mappings.create(class_index=0, label=campaign.labels.first())
    assert current_model(campaign) == three[1]


def test_roll_back_goes_one_step_after_the_other_and_then_says_that_there_is_none(campaign, manager, three):
    for model in three:
        promote_model(user=manager, campaign=campaign, model_id=model.pk)
    promote_model(user=manager, campaign=campaign, model_id=three[2].pk)
    assert roll_back(user=manager, campaign=campaign) == three[1]
    assert roll_back(user=manager, campaign=campaign) == three[0]
    assert current_model(campaign) == three[0]
    with pytest.raises(Conflict, match="nothing to go back to"):
        roll_back(user=manager, campaign=campaign)
    assert AuditEntry.objects.filter(action="model.rolled_back_to").count() == 2


def test_a_detached_model_is_current_no_more_and_is_passed_over_on_the_way_back(campaign, manager, three):
    for model in three:
        promote_model(user=manager, campaign=campaign, model_id=model.pk)
    detach_model(user=manager, attached=CampaignModel.objects.get(campaign=campaign, model=three[1]))
    assert roll_back(user=manager, campaign=campaign) == three[0]
    detach_model(user=manager, attached=CampaignModel.objects.get(campaign=campaign, model=three[0]))
    assert current_model(campaign) == three[2], "nothing promoted is left, so the one attached last counts"


def test_models_of_others_and_those_that_answer_clicks_cannot_be_promoted(campaign, manager, annotator, three):
    clicks = RegisteredModel.objects.create(name="Clicks", task="segmentation", protocol="sam", kind="promptable")
    with pytest.raises(NotFound):
        promote_model(user=manager, campaign=campaign, model_id=clicks.pk)
    CampaignModel.objects.create(campaign=campaign, model=clicks)
    with pytest.raises(Conflict, match="answers clicks"):
        promote_model(user=manager, campaign=campaign, model_id=clicks.pk)
    with pytest.raises(NotAllowed):
        promote_model(user=annotator, campaign=campaign, model_id=three[0].pk)
    assert current_model(campaign) == three[2]


def test_the_address_tells_the_current_model_and_its_history(campaign, manager, three):
    client = APIClient()
    client.force_authenticate(manager)
    address = f"/api/v1/campaigns/{campaign.pk}/current-model"
    assert client.get(address).json()["promoted"] is False
    client.put(address, {"model": three[0].pk}, format="json")
    told = client.put(address, {"model": three[1].pk}, format="json").json()
    assert (told["model"]["name"], told["promoted"], told["may_roll_back"]) == ("B", True, True)
    told = client.post(f"{address}/roll-back").json()
    assert (told["model"]["name"], told["may_roll_back"]) == ("A", False)
    assert [(row["model"]["name"], row["rolled_back_at"] is None) for row in told["history"]] == [("B", False), ("A", True)]
    rows = client.get(f"/api/v1/campaigns/{campaign.pk}/models").json()
    assert {row["model"]["name"]: row["current"] for row in rows} == {"A": True, "B": False, "C": False}


def test_another_checkpoint_answers_under_a_version_of_its_own_and_the_way_back_is_free(campaign, manager, annotator, three):
    model = trained(campaign)
    attached = CampaignModel.objects.get(campaign=campaign, model=model)
    assert choose_checkpoint(user=manager, attached=attached, role="last").version == "4-last"
    attached.refresh_from_db()
    attached.model.refresh_from_db()
    assert choose_checkpoint(user=manager, attached=attached, role="last").version == "4-last"
    assert choose_checkpoint(user=manager, attached=attached, role="best").version == "4"
    with pytest.raises(NotAllowed):
        choose_checkpoint(user=annotator, attached=attached, role="last")
    with pytest.raises(Conflict, match="no last checkpoint"):
        choose_checkpoint(user=manager, attached=CampaignModel.objects.get(campaign=campaign, model=three[0]), role="last")


def test_the_story_of_promotions_tells_who_when_from_and_to_with_the_ways_back(campaign, manager, owner, three):
    for model in three:
        promote_model(user=manager, campaign=campaign, model_id=model.pk)
    roll_back(user=owner, campaign=campaign)
    detach_model(user=manager, attached=CampaignModel.objects.get(campaign=campaign, model=three[1]))
    promote_model(user=manager, campaign=campaign, model_id=three[2].pk)
    client = APIClient()
    client.force_authenticate(manager)
    told = client.get(f"/api/v1/campaigns/{campaign.pk}/current-model").json()
    story = [
        (row["by"]["username"], row["rolled_back"], *(each and each["name"] for each in (row["before"], row["after"])))
        for row in told["changes"]
    ]
    assert story == [
        (manager.username, False, "B", "C"),
        (owner.username, True, "C", "B"),
        (manager.username, False, "B", "C"),
        (manager.username, False, "A", "B"),
        (manager.username, False, None, "A"),
    ]
    assert told["before"]["name"] == "A", "the detached one is passed over"
    assert client.post(f"/api/v1/campaigns/{campaign.pk}/current-model/roll-back").json()["changes"][0]["after"]["name"] == "A"


@pytest.mark.parametrize(("harm", "code"), [("missing", "checkpoint_missing"), ("damaged", "checkpoint_damaged")])
def test_a_checkpoint_whose_file_is_lost_is_neither_chosen_nor_promoted_nor_gone_back_to(campaign, manager, data_dir, harm, code):
    model, other = trained(campaign), trained(campaign, number=6)
    attached = CampaignModel.objects.get(campaign=campaign, model=model)
    promote_model(user=manager, campaign=campaign, model_id=model.pk)
    promote_model(user=manager, campaign=campaign, model_id=other.pk)
    for checkpoint in model.checkpoints.all():
        assert file_state(checkpoint) == FileState.READY
        path = checkpoint_folder() / checkpoint.path
        path.unlink()
        if harm == "damaged":
            path.write_bytes(b"something else")
        assert file_state(checkpoint) == harm
    for act in (
        lambda: choose_checkpoint(user=manager, attached=attached, role="last"),
        lambda: promote_model(user=manager, campaign=campaign, model_id=model.pk),
        lambda: roll_back(user=manager, campaign=campaign),
    ):
        with pytest.raises(Conflict, match="choose another checkpoint, or train again") as caught:
            act()
        assert caught.value.code == code
    assert current_model(campaign) == other, "nothing was changed halfway"


def test_a_current_model_whose_file_is_lost_says_so_before_anything_asks_it(campaign, manager, three):
    client = APIClient()
    client.force_authenticate(manager)
    address = f"/api/v1/campaigns/{campaign.pk}/current-model"
    assert client.get(address).json()["file"] is None, "a model from elsewhere has no file here"
    model = trained(campaign)
    promote_model(user=manager, campaign=campaign, model_id=model.pk)
    assert client.get(address).json()["file"] == "ready"
    (checkpoint_folder() / "best-5").write_bytes(b"half")
    assert client.get(address).json()["file"] == "damaged"
    (checkpoint_folder() / "best-5").unlink()
    assert client.get(address).json()["file"] == "missing"
    choose_checkpoint(user=manager, attached=CampaignModel.objects.get(model=model), role="last")
    assert client.get(address).json()["file"] == "ready", "the last checkpoint answers in its place"
