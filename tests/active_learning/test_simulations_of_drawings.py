"""Campaigns of painted images and of objects asked again: real pictures, frozen maps computed once, one curve a strategy and seed."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from active_learning.acquisition.strategies import EVERY_TASK, STRATEGIES
from active_learning.progress.pixel_replay import Grids, PixelMaterial, points_a_tile
from active_learning.progress.replay import can_replay, default_budgets, replay
from active_learning.services import replays
from active_learning.services.simulations import SimulationForm, result_of, start_simulation
from active_learning.training.label_maps import UNLABELED
from campaigns.errors import InvalidInput
from campaigns.models import Run, RunState, Split
from campaigns.runs import RunContext, execute_now
from models_registry.networks.object_checkpoint import SIDES
from tests.active_learning.chips import add_chip, chips, label_areas, submit
from tests.active_learning.islands import box_of, islands, mask_of

IMAGES, PIXELS = 24, 60


def painted(seed=0, *, unlabeled=0.0):
    """Images whose pixels are of three kinds; the third is rare, and on a third of the images alone."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 2, (IMAGES, PIXELS))
    values[::3, : PIXELS // 2] = 2
    features = np.eye(3)[values].reshape(-1, 3) @ rng.standard_normal((3, 8)) * 3 + rng.standard_normal((IMAGES * PIXELS, 8))
    flat = values.ravel().copy()
    flat[rng.random(len(flat)) < unlabeled] = UNLABELED
    vectors = np.array([np.bincount(row, minlength=3) for row in values], np.float32) + rng.random((IMAGES, 3), np.float32)
    grids = Grids(features.astype(np.float16), flat, np.arange(IMAGES + 1) * PIXELS)
    return PixelMaterial(np.arange(16), np.arange(16, IMAGES), vectors, grids, 3)


class TestPixels:
    @pytest.mark.parametrize("strategy", [name for name in STRATEGIES if can_replay(STRATEGIES[name], "semantic")])
    def test_every_strategy_learns_from_what_it_asked_and_the_same_seed_gives_the_same_curve(self, strategy):
        drawn = replay(painted(), STRATEGIES[strategy], (2, 6), seed=1)
        assert drawn[-1] > 0.7
        assert drawn == replay(painted(), STRATEGIES[strategy], (2, 6), seed=1)

    def test_pixels_that_no_ranking_revealed_stay_hidden_and_those_without_a_label_count_nowhere(self):
        honest = painted(unlabeled=0.5)
        assert replay(honest, STRATEGIES["random"], (8,), seed=0)[0] > 0.8
        shifted = np.where(honest.grids.values == UNLABELED, UNLABELED, (honest.grids.values + 1) % 3)
        shifted[16 * PIXELS :] = honest.grids.values[16 * PIXELS :]  # what is measured on keeps its truth
        wrong = PixelMaterial(honest.pool, honest.test, honest.vectors, Grids(honest.grids.features, shifted, honest.grids.starts), 3)
        assert replay(wrong, STRATEGIES["random"], (8,), seed=0)[0] < 0.2

    def test_an_image_is_as_unsure_as_its_least_sure_tenth_and_the_shares_of_classes_sum_to_one(self):
        model = painted().learned([0, 1, 2])
        told = model.told(np.arange(3, 16))
        assert all(((values >= 0) & (values <= 1)).all() for values in told.uncertainty.values())
        assert np.allclose(told.shares.sum(axis=1), 1)
        one = model.told(np.array([7]))
        assert np.allclose(one.uncertainty["entropy"], told.uncertainty["entropy"][4]), "alone as among others"

    @settings(max_examples=30)
    @given(st.integers(1, 10**6), st.integers(3, 3000))
    def test_pixels_of_all_tiles_fit_into_memory_until_each_tile_has_hardly_any(self, tiles, dimension):
        count = points_a_tile(tiles, dimension)
        assert 16 <= count <= 576
        assert count == 16 or tiles * dimension * count <= 2**28

    def test_a_strategy_is_replayed_where_it_suits_the_task_and_all_that_it_reads_is_measured(self):
        assert can_replay(STRATEGIES["patches"], "semantic")
        assert not can_replay(STRATEGIES["patches"])
        assert can_replay(STRATEGIES["difficult_boxes"], "detection")
        assert not can_replay(STRATEGIES["difficult_boxes"], "semantic")
        assert can_replay(STRATEGIES["unsure_points"], "keypoints")
        assert not any(can_replay(STRATEGIES[name], kind) for kind in EVERY_TASK for name in ("flip", "flip_masks", "flip_points"))
        assert default_budgets(70, "semantic") == [4, 8, 16, 32, 64]


@pytest.fixture
def quick(monkeypatch):
    """Small pictures, few steps, one thread."""
    monkeypatch.setenv("WINNOW_TORCH_THREADS", "1")
    monkeypatch.setitem(SIDES, "small", 96)
    monkeypatch.setattr("active_learning.progress.object_replay.LEAST_STEPS", 16)
    monkeypatch.setattr("active_learning.progress.object_replay.PASSES", 2)


@pytest.fixture(scope="session")
def kept_maps(tmp_path_factory):
    """What the backbone sees, shared by all tests: it is found by the content of the pictures."""
    return tmp_path_factory.mktemp("simulated-maps")


@pytest.mark.django_db
class TestTheRun:
    def simulated(self, campaign, user, **fields):
        simulation = start_simulation(user=user, campaign=campaign, form=SimulationForm(**fields))
        run = execute_now(simulation.run)
        assert run.state == RunState.SUCCEEDED, run.error
        return simulation

    def test_painted_coasts_are_asked_again_and_read_only_once(self, make_campaign, manager, annotator, data_dir, kept_maps, monkeypatch):
        (data_dir / "embeddings").symlink_to(kept_maps)
        campaign = make_campaign("Water", task="segmentation", labels=("water", "land"), settings={"segmentation": "semantic"})
        water, land = campaign.labels.all()
        for chip in chips()[:IMAGES]:
            label_areas(add_chip(campaign, chip), annotator, {water.pk: chip.water, land.pk: ~chip.water})
        monkeypatch.setattr("active_learning.progress.pixel_replay.TAUGHT", 600)
        monkeypatch.setattr("active_learning.progress.pixel_replay.MOST_A_TILE", 144)
        first = self.simulated(campaign, manager, strategies=("patches", "maxherding"), seeds=1, budgets=(2, 8))
        found = result_of(first)
        assert found.metric == "miou"
        assert [each.strategy for each in found.strategies] == ["random", "patches", "maxherding"]
        assert all(each.summary.mean[-1] > 0.75 for each in found.strategies)
        assert "mean IoU" in found.strategies[1].sentence
        monkeypatch.setattr("active_learning.training.pixel_samples.read_tile", None)
        again = result_of(self.simulated(campaign, manager, strategies=("patches",), seeds=1, budgets=(2, 8)))
        assert again.strategies[1].summary.mean == pytest.approx(first.curves.get(strategy="patches", seed=0).accuracies)

    @pytest.mark.parametrize(
        ("task", "shape", "strategies", "budgets"),
        [("detection", box_of, ("ppal",), (4, 12)), ("segmentation", mask_of, ("random",), (4,))],
    )
    def test_islands_are_asked_again_by_what_was_found(
        self, task, shape, strategies, budgets, make_campaign, manager, annotator, as_user, data_dir, kept_maps, quick, monkeypatch
    ):
        (data_dir / "embeddings").symlink_to(kept_maps)
        kind = {"segmentation": "instance"} if task == "segmentation" else {}
        if kind:  # masks are dear, and whether they are learned is tested with their training
            monkeypatch.setattr("active_learning.progress.object_replay.LEAST_STEPS", 2)
        campaign = make_campaign("Islands", task=task, labels=("island",), settings=kind)
        island = campaign.labels.get().pk
        for place, (chip, masks) in enumerate(islands(IMAGES)):
            image = add_chip(campaign, chip, split=Split.TEST if place % 3 == 0 else Split.ANY)
            submit(image, annotator, [{"label": island, "shape": shape(mask)} for mask in masks])
        simulation = self.simulated(campaign, manager, strategies=strategies, seeds=1, budgets=budgets)
        found = result_of(simulation)
        assert found.metric == "map_50"
        assert {each.strategy: len(each.summary.mean) for each in found.strategies} == dict.fromkeys({"random", *strategies}, len(budgets))
        if task == "detection":
            assert max(each.summary.mean[-1] for each in found.strategies) > 0.05, "sixteen steps teach a little"
        table = as_user(manager).get(f"/api/v1/simulations/{simulation.run_id}.csv").content.decode()
        assert "map_50" in next(csv.reader(io.StringIO(table)))

    def test_a_strategy_of_another_task_is_refused_by_name(self, make_campaign, manager):
        campaign = make_campaign("Boxes", task="detection", labels=("ship",))
        with pytest.raises(InvalidInput, match="Unsure patches"):
            start_simulation(user=manager, campaign=campaign, form=SimulationForm(strategies=("patches",)))

    def test_the_strategies_of_a_campaign_say_which_can_be_simulated(self, make_campaign, manager, as_user):
        campaign = make_campaign("Boxes", task="detection", labels=("ship",))
        listed = as_user(manager).get(f"/api/v1/strategies?campaign={campaign.pk}").json()
        assert {each["name"] for each in listed if each["simulated"]} >= {"random", "entropy", "ppal", "difficult_boxes", "maxherding"}
        assert {each["name"] for each in listed if not each["simulated"]} == {"divergence", "flip"}

    def test_images_whose_maps_cannot_be_read_stay_out(self, make_campaign, manager, annotator, data_dir, kept_maps, monkeypatch):
        (data_dir / "embeddings").symlink_to(kept_maps)
        monkeypatch.setattr(replays, "LEAST_IMAGES", 4)
        campaign = make_campaign("Water", task="segmentation", labels=("water", "land"), settings={"segmentation": "semantic"})
        water, land = campaign.labels.all()
        for place, chip in enumerate(chips()[:6]):
            image = add_chip(campaign, chip)
            label_areas(image, annotator, {water.pk: chip.water, land.pk: ~chip.water})
            if place == 0:
                (data_dir / "images" / image.path).write_bytes(b"no picture")
                campaign.images.filter(pk=image.pk).update(sha256="0" * 64)
        context = RunContext(Run.objects.create(kind="simulation", campaign=campaign, state="running", claim="test"))
        assert len(replays.gather_replay(context, campaign)) == 5
