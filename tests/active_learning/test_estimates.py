"""What a training would be, before it is begun; groups that stay together; layers that stay as they came."""

import numpy as np
import pytest

from active_learning.models import TrainingRun
from active_learning.services.estimates import _seconds, estimate_training
from active_learning.services.grouping import places_of, stem_of
from active_learning.services.registration import best_checkpoint
from active_learning.services.similarity import KIND as LIKENESS
from active_learning.services.training import start_training
from active_learning.training.config import TrainingConfig
from campaigns.errors import InvalidInput, NotAllowed
from campaigns.models import Image, Run, RunState
from campaigns.runs import execute_now
from models_registry.checkpoints import checkpoint_path
from models_registry.networks.checkpoint import ClassifierCheckpoint
from tests.active_learning.chips import label_image

pytestmark = pytest.mark.django_db
FAST = {"method": "fast_head", "epochs": 10, "seed": 5}


def looked(campaign, *clusters):
    """A finished look for near duplicates that found these."""
    result = {"clusters": [[image.pk for image in cluster] for cluster in clusters], "pairs": [], "compared": 54}
    return Run.objects.create(kind=LIKENESS, campaign=campaign, state=RunState.SUCCEEDED, params={"threshold": 0.97}, result=result)


def labeled(campaign):
    return list(campaign.images.filter(state="submitted").order_by("pk"))


def codes(estimate):
    return {each.code for each in estimate.warnings}


def test_it_counts_who_teaches_and_measures_exactly_as_the_training_then_divides(coast, manager):
    estimate = estimate_training(user=manager, campaign=coast, config=FAST)
    assert not TrainingRun.objects.exists()
    assert (estimate.train + estimate.validation, estimate.test, estimate.drawn) == (18, 15, True)
    training = start_training(user=manager, campaign=coast, config=FAST)
    run = execute_now(training.run)
    training.refresh_from_db()
    assert run.result["metrics"]["images"] == {"train": estimate.train, "validation": estimate.validation, "unreadable": 0}
    assert sum(each.validation for each in estimate.labels) == len(training.held_out)
    assert sum(each.train for each in estimate.labels) == estimate.train


def test_its_time_is_a_guess_until_a_training_has_been_measured_and_never_above_the_limit(coast, manager):
    guessed = estimate_training(user=manager, campaign=coast, config=FAST)
    assert not guessed.measured
    execute_now(start_training(user=manager, campaign=coast, config=FAST).run)
    measured = estimate_training(user=manager, campaign=coast, config={**FAST, "epochs": 20})
    assert measured.measured
    assert measured.epochs == 20
    kept = best_checkpoint(TrainingRun.objects.get().model).metrics
    speed = kept["images"]["train"] * kept["epochs"] / kept["seconds"]
    assert measured.seconds == pytest.approx(measured.train * 20 / speed, abs=0.1)
    slow = {"method": "fine_tune", "epochs": 10_000, "minutes": 2.0}
    assert estimate_training(user=manager, campaign=coast, config=slow).seconds == 120


def test_the_speed_of_one_network_says_nothing_of_another(coast, manager):
    tuned = {"method": "fine_tune", "epochs": 20, "minutes": 600}
    measured = start_training(user=manager, campaign=coast, config=FAST)
    execute_now(measured.run)
    kept = best_checkpoint(TrainingRun.objects.get(pk=measured.pk).model)
    TrainingRun.objects.filter(pk=measured.pk).update(config={**measured.config, **tuned, "network": "torchvision/resnet50"})
    kept.metrics = {"images": {"train": 10}, "epochs": 3, "seconds": 60.0}  # half an image a second
    kept.save(update_fields=["metrics"])

    def told(network):
        config = TrainingConfig.from_document({**tuned, "network": network})
        return _seconds(coast, config, 10)

    assert told("torchvision/resnet50") == (pytest.approx(400), True)
    quick, slow = told("torchvision/shufflenet_v2_x1_0"), told(None)
    assert not quick[1] and not slow[1]


def test_it_warns_of_scarce_labels_of_labels_that_nothing_measures_and_of_leaks(coast, manager):
    assert "few_images" in codes(estimate_training(user=manager, campaign=coast, config=FAST))
    assert "no_validation" in codes(estimate_training(user=manager, campaign=coast, config={**FAST, "validation": 0}))
    images = labeled(coast)
    Image.objects.filter(pk=images[0].pk).update(split="validation")
    marked = estimate_training(user=manager, campaign=coast, config=FAST)
    assert (marked.validation, marked.drawn) == (1, False)
    unmeasured = next(each for each in marked.warnings if each.code == "label_not_measured")
    assert len(unmeasured.labels) == 2
    looked(coast, [images[0], images[3]])
    leak = next(each for each in estimate_training(user=manager, campaign=coast, config=FAST).warnings if each.code == "leak")
    assert set(leak.images) == {images[0].pk, images[3].pk}
    assert "Keep near duplicates together" in leak.detail


def test_near_duplicates_stay_together_and_nobody_having_looked_says_what_to_do(coast, manager):
    with pytest.raises(InvalidInput, match="looked for near duplicates") as error:
        estimate_training(user=manager, campaign=coast, config={**FAST, "groups": "duplicates"})
    assert error.value.errors[0]["field"] == "groups"
    images = labeled(coast)
    look = looked(coast, images[:6], images[6:9])
    for seed in range(6):
        config = {**FAST, "groups": "duplicates", "seed": seed, "validation": 0.4}
        assert "leak" not in codes(estimate_training(user=manager, campaign=coast, config=config))
    training = start_training(user=manager, campaign=coast, config=config)
    assert training.config["looked"] == look.pk
    looked(coast, images)  # a later look changes nothing of a training that was begun
    execute_now(training.run)
    training.refresh_from_db()
    held = set(training.held_out)
    for cluster in (images[:6], images[6:9]):
        assert {image.pk in held for image in cluster} in ({True}, {False})
    assert held


def test_folders_stay_together(coast, manager):
    for place, image in enumerate(labeled(coast)):
        Image.objects.filter(pk=image.pk).update(name=f"flight {place // 3}/{image.name}")
    training = start_training(user=manager, campaign=coast, config={**FAST, "groups": "folders", "validation": 0.4})
    execute_now(training.run)
    training.refresh_from_db()
    held = set(training.held_out)
    folders = {}
    for image in labeled(coast):
        folders.setdefault(image.name.partition("/")[0], set()).add(image.pk in held)
    assert all(len(sides) == 1 for sides in folders.values())
    assert held


def test_the_api_answers_with_counts_and_warnings_and_refuses_as_a_training_does(coast, manager, viewer, as_user):
    url = f"/api/v1/campaigns/{coast.pk}/training-runs/estimate"
    answer = as_user(manager).post(url, FAST, format="json")
    assert answer.status_code == 200
    assert answer.data["train"] + answer.data["validation"] == 18
    assert (answer.data["steps"], answer.data["epochs"]) == (1, 10)
    assert as_user(viewer).post(url, FAST, format="json").status_code == 403
    wrong = as_user(manager).post(url, {**FAST, "validation": 0.9}, format="json")
    assert (wrong.status_code, wrong.data["errors"][0]["field"]) == (422, "validation")
    with pytest.raises(NotAllowed):
        estimate_training(user=viewer, campaign=coast, config=FAST)


@pytest.mark.parametrize(("frozen", "changed"), [("none", {0, 9}), ("early", {9}), ("backbone", set())])
def test_frozen_layers_stay_as_they_came_while_pictures_are_varied(coast, manager, annotator, frozen, changed):
    for image in coast.images.filter(state="unlabeled").exclude(split="test")[:2]:
        label_image(image, annotator, coast.labels.first().pk)
    varied = {"flips": "turns", "colour": "strong", "crop": True, "frozen": frozen}
    config = {"method": "fine_tune", "epochs": 1, "seed": 1, "learning_rate": 1e-3, **varied}
    training = start_training(user=manager, campaign=coast, config=config)
    run = execute_now(training.run)
    assert run.state == RunState.SUCCEEDED, run.error
    training.refresh_from_db()
    from models_registry.networks.backbones import fast, trained_features
    from models_registry.networks.devices import arrays_of
    from models_registry.networks.weights import find_weights

    came = arrays_of(fast(trained_features(find_weights())))
    kept = ClassifierCheckpoint.load(checkpoint_path(best_checkpoint(training.model))).backbone
    moved = {int(name.split(".")[0]) for name, array in kept.items() if not np.array_equal(array, came[name])}
    assert moved >= changed
    assert not moved & ({0, 9} - changed)


def test_one_group_of_all_images_is_said_to_be_why_nothing_measures(coast, manager):
    found = estimate_training(user=manager, campaign=coast, config={**FAST, "groups": "folders"})
    (advice,) = [each for each in found.warnings if each.code == "no_validation"]
    assert (found.validation, "Keep less together" in advice.detail) == (0, True)


def test_where_each_default_label_alone_is_learned_that_is_what_is_counted(coast, manager, annotator):
    coast.settings = {"multi_label": True}
    coast.save()
    ocean, land = (coast.labels.get(name=name).pk for name in ("ocean", "land"))
    label_image(labeled(coast)[0], annotator, ocean, land)
    images = [
        sum(each.train + each.validation for each in estimate_training(user=manager, campaign=coast, config={**FAST, **said}).labels)
        for said in ({}, {"multi_label": False})
    ]
    assert images[0] == 19, "with both of its labels the image counts twice"
    assert images[1] < images[0]


class TestGroups:
    def test_frames_of_a_film_and_tiles_of_a_scene_share_a_name_and_a_name_without_a_number_is_alone(self):
        assert stem_of("day/film_0001.jpg") == stem_of("day/film_0420.jpg") != stem_of("night/film_0001.jpg")
        assert stem_of("scene-3_r1_c2.tif") == stem_of("scene-3_r10_c7.tif") != stem_of("scene-4_r1_c2.tif")
        assert stem_of("park.jpg") == "park.jpg" and stem_of("0012.jpg") == "0012.jpg"

    @pytest.mark.django_db
    def test_images_that_touch_on_the_ground_are_one_place_and_those_that_lie_nowhere_are_each_their_own(self, make_campaign, make_image):
        def at(campaign, crs, west, north, step):
            image = make_image(campaign)
            image.crs, image.transform, image.width, image.height = crs, [step, 0, west, 0, -step, north], 100, 100
            return image

        campaign = make_campaign("Places", labels=("water", "land"))
        chain = [at(campaign, "EPSG:32633", 500_000 + 900 * n, 5_000_000, 10.0) for n in range(3)]
        degrees = at(campaign, "EPSG:4326", 15.0, 45.16, 0.0005)  # overlaps them, told in degrees
        far = at(campaign, "EPSG:32633", 700_000, 5_000_000, 10.0)
        nowhere = [at(campaign, "", 0, 0, 1.0), at(campaign, "EPSG:32633", 500_000, 5_000_000, 0.0)]
        places = places_of([*chain, far, *nowhere, degrees])
        assert len({*places[:3], places[-1]}) == 1
        assert len(set(places)) == 4
