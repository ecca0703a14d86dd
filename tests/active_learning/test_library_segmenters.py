"""Segmenters set out from networks of torchvision that know COCO: learned, killed, gone on from, asked and packed."""

from zipfile import ZipFile

import numpy as np
import pytest
import torch
from torchvision.models import get_model

from active_learning.services.registration import best_checkpoint
from active_learning.services.training import start_training
from active_learning.training.library_starts import started_segmenter
from campaigns.errors import Conflict
from campaigns.models import Run, RunState
from campaigns.runs import claim_run, execute_claimed, execute_now
from inference.predictors import Picture
from inference.services.local import load_predictor
from inference.services.offline import pack_model
from models_registry.checkpoints import checkpoint_path
from models_registry.networks.library_names import SEGMENTERS
from models_registry.networks.library_segmenter_checkpoint import LibrarySegmenterCheckpoint
from models_registry.networks.library_segmenters import LibrarySegmenter
from models_registry.networks.library_weights import BACKGROUND, says
from tests.active_learning.chips import add_chip, chips, label_areas, stop_after

QUICK = "lraspp_mobilenet_v3_large"


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("WINNOW_TORCH_THREADS", "1")


@pytest.mark.parametrize("name", SEGMENTERS)
def test_all_but_the_last_layers_of_every_network_have_the_names_and_shapes_of_the_published_file(name):
    with torch.device("meta"):
        file = get_model(name, weights=None, weights_backbone=None, aux_loss="lraspp" not in name or None).state_dict()
        own = LibrarySegmenter(name, 3).network.state_dict()
    file = {each: value for each, value in file.items() if "aux_classifier" not in each and not each.endswith("num_batches_tracked")}
    assert set(own) == set(file)
    differing = {each for each in file if own[each].shape != file[each].shape}
    assert differing and differing == {each for each in file if says(each)}


def test_classes_that_the_published_weights_know_by_name_set_out_from_what_they_learned(library, published):
    own = started_segmenter(f"torchvision/{QUICK}", ["Aeroplane", "cloud", BACKGROUND], seed=1).network.state_dict()
    weight = "classifier.high_classifier.weight"
    assert torch.equal(own[weight][[0, 2]], published[weight][[1, 0]])
    assert not any(torch.equal(own[weight][1], row) for row in published[weight])
    body = [name for name in own if name.startswith("backbone.")]
    assert body and all(torch.equal(own[name], published[name]) for name in body)


def test_a_file_of_another_network_is_named(library, published, tmp_path):
    torch.save({name: value for name, value in published.items() if "scale" not in name}, tmp_path / "w.pth")
    with pytest.raises(Conflict, match="not the weights of lraspp_mobilenet_v3_large of torchvision: 1 are missing"):
        started_segmenter(f"torchvision/{QUICK}", ["water"], seed=0, weights=tmp_path / "w.pth")


class Killed(BaseException):
    """What kills a process, as far as its code sees."""


@pytest.mark.django_db
@pytest.mark.usefixtures("checked_here")
class TestInTheProduct:
    CONFIG = {
        "method": "fine_tune", "network": f"torchvision/{QUICK}", "epochs": 2, "patience": 2, "batch": 4, "validation": 0.25, "seed": 3,
    }  # fmt: skip

    @pytest.fixture
    def coast(self, make_campaign, data_dir, annotator):
        campaign = make_campaign("Water", task="segmentation", labels=("water", "land"), settings={"segmentation": "semantic"})
        water, land = campaign.labels.all()
        for chip in [each for each in chips() if each.kind == "coast"][:8]:
            label_areas(add_chip(campaign, chip), annotator, {water.pk: chip.water, land.pk: ~chip.water})
        return campaign

    def begun(self, campaign, user, **config):
        return start_training(user=user, campaign=campaign, config={**self.CONFIG, **config})

    def kept(self, training):
        training.refresh_from_db()
        return LibrarySegmenterCheckpoint.load(checkpoint_path(best_checkpoint(training.model)))

    def test_a_fine_tuning_answers_pixel_by_pixel_ends_as_if_never_killed_and_is_packed_and_gone_on_from(
        self, coast, manager, library, monkeypatch
    ):
        whole = self.begun(coast, manager)
        run = execute_now(whole.run)
        assert run.state == RunState.SUCCEEDED, run.error
        assert 0 <= run.result["metrics"]["validation"]["miou"] <= 1
        kept = self.kept(whole)
        assert (kept.network, kept.classes) == (f"torchvision/{QUICK}", ("water", "land"))
        torn = self.begun(coast, manager)
        monkeypatch.setattr("active_learning.training.loop.SAVE_EVERY_S", 0)

        def die():
            raise Killed

        with monkeypatch.context() as patch:
            stop_after(1, patch, die)
            with pytest.raises(Killed):
                execute_claimed(claim_run(torn.run_id))
        Run.objects.filter(pk=torn.run_id).update(state=RunState.LOST)
        again = execute_now(Run.objects.get(pk=torn.run_id))
        assert again.state == RunState.SUCCEEDED, again.error
        other = self.kept(torn)
        assert all(np.allclose(kept.arrays[name], other.arrays[name], atol=1e-5) for name in kept.arrays)
        library.unlink()  # a model that was trained needs its file no more
        chip = chips()[0]
        answer = load_predictor(whole.model).predict([Picture(chip.pixels, *chip.pixels.shape[1::-1])])[0]
        assert answer.items[0].size == chip.pixels.shape[:2]
        with pack_model(user=manager, campaign=coast, model=whole.model) as archive, ZipFile(archive) as packed:
            assert "lib/models_registry/networks/library_segmenters.py" in packed.namelist()
            assert "backbone.pth" not in packed.namelist()
        further = self.begun(coast, manager, network=None, start_from=whole.model.pk, epochs=1, frozen="backbone")
        run = execute_now(further.run)
        assert run.state == RunState.SUCCEEDED, run.error
        on = self.kept(further)
        body = [name for name in on.arrays if name.startswith("network.backbone.")]
        assert all(np.array_equal(on.arrays[name], kept.arrays[name]) for name in body), "frozen layers stay as they came"
        assert any(not np.array_equal(on.arrays[name], kept.arrays[name]) for name in on.arrays)

    def test_one_band_is_seen_through_a_first_layer_of_its_own_and_the_background_is_a_class(self, coast, manager, library):
        water = coast.labels.get(name="water").pk
        training = self.begun(coast, manager, bands=[3], labels=[water], epochs=1)
        run = execute_now(training.run)
        assert run.state == RunState.SUCCEEDED, run.error
        kept = self.kept(training)
        assert (kept.classes, kept.scale.bands) == (("water", "background"), (3,))
        assert kept.arrays["network.backbone.0.0.weight"].shape[1] == 1
        assert load_predictor(training.model).scale == kept.scale
