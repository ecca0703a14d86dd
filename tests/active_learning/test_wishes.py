"""What a training may be asked: what it heeds, and nothing that it would ignore."""

import pytest

from active_learning.training.config import METHODS, TrainingConfig
from active_learning.training.families import FAMILIES
from active_learning.training.wishes import wishes_of
from campaigns.models import Image

ALL = frozenset({"multi_label", "bands", "start_from"})


def names(family, method, facts=ALL):
    return {wish.name for wish in wishes_of(FAMILIES[family], method, facts)}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_training_that_is_asked_for_every_default_is_the_one_that_nothing_was_asked_of(family, method):
    wishes = wishes_of(FAMILIES[family], method, ALL)
    told = {wish.name: wish.default for wish in wishes if wish.name != "multi_label"}
    asked, silent = (FAMILIES[family].config_from({"method": method, **said}) for said in (told, {}))
    assert (asked.most_epochs, asked.most_patience) == (silent.most_epochs, silent.most_patience)
    left = {"epochs", "patience"}
    assert {**asked.as_document(), **dict.fromkeys(left)} == {**silent.as_document(), **dict.fromkeys(left)}
    for wish in wishes:
        for choice in wish.choices or ():
            TrainingConfig.from_document({"method": method, wish.name: choice})


def test_fast_heads_see_each_picture_once_and_those_of_classes_and_pixels_take_no_steps():
    for family in FAMILIES:
        assert "flips" in names(family, "fine_tune")
        assert "flips" not in names(family, "fast_head")
        assert {"learning_rate", "batch"} <= names(family, "fine_tune")
    assert {family for family in FAMILIES if "batch" in names(family, "fast_head")} == {"detection", "instance", "keypoints"}
    assert {family for family in FAMILIES if "unlabeled" in names(family, "fine_tune")} == {"semantic"}


@pytest.mark.django_db
def test_bands_are_asked_for_where_an_image_has_others_than_colours_and_a_start_where_a_model_is(
    make_campaign, make_image, make_external, manager, viewer, as_user
):
    campaign = make_campaign("Both", labels=("water", "land"), settings={"multi_label": True})
    url = f"/api/v1/campaigns/{campaign.pk}/training-wishes"

    def offered():
        answer = as_user(viewer).get(url)
        assert answer.status_code == 200
        return {each["method"]: {wish["name"]: wish for wish in each["wishes"]} for each in answer.data}

    image = make_image(campaign)
    before = offered()
    assert set(before) == set(METHODS)
    assert before["fast_head"]["multi_label"]["default"] is True
    assert before["fine_tune"]["size"]["choices"] == ["small", "medium", "large"]
    assert not {"bands", "start_from"} & set(before["fast_head"])
    Image.objects.filter(pk=image.pk).update(bands=12, dtype="uint16")
    model = make_external(campaign, *campaign.labels.all())
    assert "start_from" not in offered()["fast_head"], "a model from outside is nothing to go on from"
    model.kind = "internal"
    model.save()
    assert {"bands", "start_from"} <= set(offered()["fast_head"])
