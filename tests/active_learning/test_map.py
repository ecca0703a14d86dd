"""The coverage map: places that keep neighbours together, and columns that say what the points are."""

import numpy as np
import pytest

from active_learning.embeddings.projection import principal, project
from active_learning.models import RankedImage, Round, RoundState
from active_learning.services.mapping_out import start_map
from campaigns.documents import label_uses
from campaigns.models import AnnotationSet, Image, Run, RunState
from campaigns.runs import execute_now
from campaigns.services.annotations import write_uses
from campaigns.storage import image_path
from tests.active_learning.answers import classified, store


def groups(each: int = 40, seed: int = 0):
    rng = np.random.default_rng(seed)
    kind = np.repeat(np.arange(3), each)
    return (rng.normal(size=(3, 20))[kind] * 3 + rng.normal(size=(3 * each, 20))).astype(np.float32), kind


def test_neighbours_stay_neighbours_in_the_unit_square_and_the_seed_decides():
    vectors, kind = groups()
    places = project(vectors, seed=1)
    assert places.shape == (120, 2)
    assert places.min() >= -1e-5 and places.max() <= 1 + 1e-5
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argsort(axis=1)[:, :5]
    assert (kind[nearest] == kind[:, None]).mean() > 0.95
    assert np.array_equal(places, project(vectors, seed=1))


@pytest.mark.parametrize("count", [0, 1, 2, 5, 12])
def test_few_images_have_a_place_too(count):
    places = project(np.random.default_rng(2).normal(size=(count, 8)).astype(np.float32), seed=1)
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()


@pytest.mark.parametrize("vectors", [np.ones((40, 8)), np.zeros((40, 8)), np.tile(groups(1)[0][:1], (13, 1))])
def test_images_that_are_all_the_same_lie_on_one_another_in_the_middle(vectors):
    assert (project(vectors.astype(np.float32), seed=1) == 0.5).all()


def test_vectors_of_one_number_lie_on_a_line():
    places = project(np.array([[1], [-2]] * 10, np.float32), seed=1)
    assert sorted(set(places[:, 0].tolist())) == [0, 1] and set(places[:, 1].tolist()) == {0.5}


def test_components_are_those_of_a_singular_value_decomposition():
    vectors, _ = groups(12)
    centred = vectors - vectors.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    assert np.abs(principal(vectors, 4)) == pytest.approx(np.abs(left[:, :4] * sizes[:4]), abs=1e-2)


def test_somebody_who_asks_to_stop_is_heard():
    class Stop(Exception):
        pass

    calls = []

    def check():
        calls.append(1)
        if len(calls) == 3:
            raise Stop

    with pytest.raises(Stop):
        project(groups()[0], seed=1, check=check)


@pytest.mark.django_db
def test_the_map_tells_labels_splits_states_rounds_and_uncertainty(
    coast, pool, labels, make_external, make_image, as_user, manager, viewer
):
    image_path(broken := make_image(coast, width=37)).write_bytes(b"no picture")
    client, address = as_user(viewer), f"/api/v1/campaigns/{coast.pk}/map"
    assert client.get(address).json()["run"] is None
    run = execute_now(start_map(user=manager, campaign=coast))
    assert (run.state, run.result["images"]) == (RunState.SUCCEEDED, coast.images.count() - 1), run.error
    AnnotationSet.objects.filter(image__campaign=coast).update(submitted_at=run.created_at)
    write_uses({each.pk: label_uses(each.annotations) for each in AnnotationSet.objects.filter(image__campaign=coast)})
    made = Round.objects.create(campaign=coast, number=4, strategy="random", size=1, state=RoundState.OPEN)
    for rank, image in enumerate(pool[:2], start=1):
        RankedImage.objects.create(round=made, image=image, rank=rank, score=0.5)
    store(make_external(coast, *labels.values()), {pool[0]: classified(0.4, 0.3, 0.3), pool[1]: classified(1.0, 0.0, 0.0)})
    pool[5].delete()
    found = client.get(address).json()
    assert (found["run"], found["missing"], found["unreadable"]) == (run.pk, 0, 1)
    assert found["ids"] == sorted(coast.images.exclude(pk=broken.pk).values_list("pk", flat=True))
    assert {len(found[name]) for name in ("x", "y", "label", "split", "state", "round", "uncertainty")} == {len(found["ids"])}
    rows = {image: at for at, image in enumerate(found["ids"])}
    for image in coast.images.exclude(pk=broken.pk):
        own = image.annotation_sets.first()
        at = rows[image.pk]
        assert found["label"][at] == (own.annotations[0]["label"] if own else None)
        assert (found["split"][at], found["state"][at]) == (image.split, image.state)
    first, second = rows[pool[0].pk], rows[pool[1].pk]
    assert (found["round"][first], found["round"][second]) == (4, None)  # only the first was asked for
    assert found["uncertainty"][first] > 0.9 > found["uncertainty"][second]
    Image.objects.create(
        campaign=coast, name="new", path="new.png", sha256="0" * 64, size_bytes=1, format="PNG", width=8, height=8, bands=3, dtype="uint8"
    )
    assert client.get(address).json()["missing"] == 1
    assert Run.objects.filter(kind="map").count() == 1
