"""Finders set out from networks of torchvision that know COCO: their weights fit, what goes by the same name is taken over."""

from zipfile import ZipFile

import numpy as np
import pytest
import torch
from torchvision.models import get_model

from active_learning.services.registration import best_checkpoint
from active_learning.services.starts import upload_weights
from active_learning.services.training import start_training
from active_learning.training.library_starts import continued_finder, started_finder
from campaigns.errors import Conflict, InvalidInput
from campaigns.models import Run, RunState
from campaigns.runs import execute_now
from inference.predictors import Picture
from inference.services.local import load_predictor
from inference.services.offline import pack_model
from models_registry.checkpoints import checkpoint_path
from models_registry.networks import library_names, object_checkpoint
from models_registry.networks.devices import arrays_of
from models_registry.networks.library_finders import LibraryFinder
from models_registry.networks.library_names import FINDERS
from models_registry.networks.library_weights import SAYS_VISIBILITY, says
from models_registry.networks.object_checkpoint import Anatomy, ObjectCheckpoint
from models_registry.networks.objects import Truth
from tests.active_learning.chips import add_chip, submit
from tests.active_learning.islands import box_of, islands

QUICK = "ssdlite320_mobilenet_v3_large"
CLASSES = {"boxes": 91, "masks": 91, "points": 2}
POINTS = (("nose", "anchor"), ("bow",))


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("WINNOW_TORCH_THREADS", "1")


def anatomy(part):
    return Anatomy(part, ("person", "island"), POINTS if part == "points" else ())


@pytest.mark.parametrize(("part", "name"), [(part, name) for part, names in FINDERS.items() for name in names])
def test_all_but_the_last_layers_of_every_network_have_the_names_and_shapes_of_the_published_file(part, name):
    with torch.device("meta"):
        file = get_model(name, weights=None, weights_backbone=None, num_classes=CLASSES[part]).state_dict()
        own = LibraryFinder(name, anatomy(part)).detector.state_dict()
    file = {name: value for name, value in file.items() if not name.endswith("num_batches_tracked")}
    assert {each for each in set(own) ^ set(file) if not SAYS_VISIBILITY.search(each)} == set()
    assert {each for each in file if own[each].shape != file[each].shape} <= {each for each in file if says(each)}
    assert [each for each in file if says(each) and own[each].shape != file[each].shape], "the classes are ours"


def scene(part, side):
    mask = torch.zeros(1, side, side, dtype=torch.uint8)
    mask[:, 10:50, 14:60] = 1
    points = torch.tensor([[[30.0, 30, 2], [40, 20, 1], [0, 0, -1]]])
    full = Truth(
        torch.tensor([[14.0, 10, 60, 50]]), torch.tensor([1]), mask if part == "masks" else None, points if part == "points" else None
    )
    empty = Truth(
        torch.zeros(0, 4),
        torch.zeros(0, dtype=torch.int64),
        mask[:0] if part == "masks" else None,
        points[:0] if part == "points" else None,
    )
    return [full, empty]


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("boxes", QUICK), ("boxes", "fasterrcnn_mobilenet_v3_large_320_fpn"), ("boxes", "fcos_resnet50_fpn"),
        ("boxes", "retinanet_resnet50_fpn"), ("masks", "maskrcnn_resnet50_fpn"), ("points", "keypointrcnn_resnet50_fpn"),
    ],
)  # fmt: skip
def test_every_kind_of_network_learns_from_full_and_empty_pictures_the_same_for_the_same_noise_and_answers(part, name):
    torch.manual_seed(1)
    network = LibraryFinder(name, anatomy(part))
    network.detector.requires_grad_(False)
    for weight in network.last:
        weight.requires_grad_(True)
    if hasattr(network.detector, "rpn"):  # a few places are enough to see
        network.detector.rpn._post_nms_top_n = {"training": 20, "testing": 20}
    pixels, truths = torch.rand(2, 3, 64, 64) * 255, scene(part, 64)
    seen = network.look([pixels], 64)
    loss = network.loss(seen, truths, torch.Generator().manual_seed(5))
    with torch.no_grad():
        again = network.loss(seen, truths, torch.Generator().manual_seed(5))
    assert float(loss.detach()) == pytest.approx(float(again))
    loss.backward()
    assert all(weight.grad is not None and bool(weight.grad.isfinite().all()) for weight in network.last)
    heads = network.detector.roi_heads if hasattr(network.detector, "roi_heads") else network.detector
    heads.detections_per_img = 3  # by lot a network is sure of whatever it sees
    with torch.inference_mode():
        found = network.find(seen)
    assert len(found) == 2
    for each in found:
        assert bool((each.labels >= 0).all()) and bool((each.labels < 2).all()) and bool((each.scores <= 1).all())
        assert (each.masks is not None) == (part == "masks") and (each.points is not None) == (part == "points")
        if each.points is not None:
            assert each.points.shape[1:] == (3, 2) and each.visibility.shape == each.point_scores.shape == (len(each.boxes), 3)


def test_classes_that_coco_knows_by_name_set_out_from_what_it_taught(library, published):
    finder = started_finder(f"torchvision/{QUICK}", Anatomy("boxes", ("Island", "Person")), seed=3)
    own, anchors = finder.detector.state_dict(), 6
    name = "head.classification_head.module_list.0.1.weight"
    ours, theirs = (state[name].reshape(anchors, count, -1) for state, count in ((own, 3), (published, 91)))
    assert torch.equal(ours[:, [0, 2]], theirs[:, [0, 1]]), "background and persons"
    assert not any(torch.equal(ours[:, 1], theirs[:, place]) for place in range(91)), "COCO has no islands"
    body = [name for name in own if name.startswith("backbone.") and name in published]
    assert body and all(torch.equal(own[name], published[name]) for name in body)


def test_an_earlier_training_gives_its_classes_and_points_by_name_and_the_others_begin_anew():
    before = Anatomy("points", ("boat", "person"), (("bow", "stern"), ("nose",)))
    torch.manual_seed(2)
    first = LibraryFinder("keypointrcnn_resnet50_fpn", before)
    start = ObjectCheckpoint(before, arrays_of(first), "small", "", network="torchvision/keypointrcnn_resnet50_fpn")
    now = Anatomy("points", ("person", "gull"), (("nose",), ("beak",)))
    state = continued_finder(start, now, seed=1).detector.roi_heads.state_dict()
    known = first.detector.roi_heads.state_dict()
    assert torch.equal(state["box_predictor.cls_score.weight"][:2], known["box_predictor.cls_score.weight"][[0, 2]])
    assert torch.equal(state["box_predictor.bbox_pred.bias"][4:8], known["box_predictor.bbox_pred.bias"][8:12])
    heat = "keypoint_predictor.kps_score_lowres.weight"
    assert torch.equal(state[heat][:, 0], known[heat][:, 2]) and not torch.equal(state[heat][:, 1], known[heat][:, 0])


def test_weights_of_another_network_are_named(library, published, tmp_path):
    torch.save({**published, "stranger": torch.zeros(1)}, tmp_path / "w.pth")
    with pytest.raises(Conflict, match="1 belong elsewhere, such as stranger"):
        started_finder(f"torchvision/{QUICK}", anatomy("boxes"), seed=0, weights=tmp_path / "w.pth")
    torch.save({name: value for name, value in published.items() if "head" not in name}, tmp_path / "w.pth")
    with pytest.raises(Conflict, match="not the weights of ssdlite320"):
        started_finder(f"torchvision/{QUICK}", anatomy("boxes"), seed=0, weights=tmp_path / "w.pth")
    with pytest.raises(Conflict, match="WINNOW_HUBS"):
        started_finder("torchvision/fcos_resnet50_fpn", anatomy("boxes"), seed=0)


class TestInTheProduct:
    pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("checked_here")]

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch):
        for module in (library_names, object_checkpoint):
            monkeypatch.setitem(module.FINDER_SIDES, "small", 64)

    @pytest.fixture
    def sea(self, make_campaign, annotator, data_dir):
        campaign = make_campaign("Islands", task="detection", labels=("island", "person"))
        island = campaign.labels.get(name="island").pk
        for chip, masks in islands(10):
            submit(add_chip(campaign, chip), annotator, [{"label": island, "shape": box_of(mask)} for mask in masks])
        return campaign

    def train(self, campaign, user, **config):
        training = start_training(
            user=user, campaign=campaign, config={"method": "fine_tune", "epochs": 1, "batch": 4, "validation": 0.2, "seed": 3, **config}
        )
        run = execute_now(training.run)
        training.refresh_from_db()
        return training, run

    def test_a_fine_tuning_sets_out_from_published_weights_answers_with_boxes_and_is_gone_on_from_in_other_bands_never(
        self, sea, manager, library
    ):
        training, run = self.train(sea, manager, network=f"torchvision/{QUICK}", frozen="backbone")
        assert run.state == RunState.SUCCEEDED, run.error
        assert {"map", "map_50", "loss"} <= set(run.result["metrics"]["validation"])
        kept = ObjectCheckpoint.load(checkpoint_path(best_checkpoint(training.model)))
        assert (kept.network, kept.side_px, kept.is_frozen) == (f"torchvision/{QUICK}", 64, False)
        stem = "detector.backbone.features.0.0.0.weight"
        assert np.array_equal(kept.heads[stem], torch.load(library, weights_only=True)[stem.removeprefix("detector.")].numpy())
        library.unlink()  # a model that was trained needs its file no more
        chip = islands(10)[0][0]
        predictor = load_predictor(training.model)
        answer = predictor.predict([Picture(chip.pixels, *chip.pixels.shape[1::-1])])[0]
        assert all(item.name == "island" and 0 <= item.x <= 96 for item in answer.items)
        with pack_model(user=manager, campaign=sea, model=training.model) as archive, ZipFile(archive) as packed:
            modules, needs = packed.namelist(), packed.read("requirements.txt").decode()
        assert "lib/models_registry/networks/library_finders.py" in modules and "backbone.pth" not in modules
        assert "torchvision==" in needs and "timm" not in needs and "hubs.py" not in " ".join(modules)
        further, run = self.train(sea, manager, start_from=training.model.pk)
        assert run.state == RunState.SUCCEEDED, run.error
        again = ObjectCheckpoint.load(checkpoint_path(best_checkpoint(further.model)))
        assert again.network == kept.network and not np.array_equal(again.heads[stem], kept.heads[stem]), "all layers learn now"
        _, run = self.train(sea, manager, start_from=training.model.pk, bands=[1])
        assert run.state == RunState.FAILED and "other bands" in run.error

    def test_one_band_of_an_image_is_seen_through_a_first_layer_of_its_own(self, sea, manager, library):
        training, run = self.train(sea, manager, network=f"torchvision/{QUICK}", bands=[2])
        assert run.state == RunState.SUCCEEDED, run.error
        kept = ObjectCheckpoint.load(checkpoint_path(best_checkpoint(training.model)))
        assert kept.heads["detector.backbone.features.0.0.0.weight"].shape[1] == 1 and kept.scale.bands == (2,)
        assert load_predictor(training.model).scale == kept.scale

    def test_a_file_that_does_not_fit_is_told_at_its_field_and_nothing_is_queued(self, sea, manager, published, as_user, tmp_path):
        file = tmp_path / "w.pth"
        torch.save({name: value for name, value in published.items() if "head" not in name}, file)
        name = upload_weights(user=manager, campaign=sea, file=[file.read_bytes()])
        form = {"method": "fine_tune", "network": f"torchvision/{QUICK}", "weights": name}
        for address in ("training-runs/estimate", "training-runs"):
            answer = as_user(manager).post(f"/api/v1/campaigns/{sea.pk}/{address}", form, format="json")
            assert answer.status_code == 422 and [each["field"] for each in answer.json()["errors"]] == ["weights"]
        assert not Run.objects.exists()

    def test_only_networks_that_tell_what_the_campaign_asks_for_are_offered(self, sea, manager, as_user):
        told = as_user(manager).get(f"/api/v1/campaigns/{sea.pk}/training-wishes").json()
        wishes = {each["method"]: {wish["name"]: wish["choices"] for wish in each["wishes"]} for each in told}
        assert wishes["fine_tune"]["network"] == [f"torchvision/{name}" for name in FINDERS["boxes"]]
        with pytest.raises(InvalidInput, match="cannot set out from torchvision/maskrcnn_resnet50_fpn"):
            start_training(user=manager, campaign=sea, config={"method": "fine_tune", "network": "torchvision/maskrcnn_resnet50_fpn"})
