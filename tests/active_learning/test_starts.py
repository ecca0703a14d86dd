"""A fine-tuning sets out from a network of torchvision or timm: with weights that lie in the library's folder, or with an upload."""

from zipfile import ZipFile

import numpy as np
import pytest
import torch
from django.core.files.uploadedfile import SimpleUploadedFile

from active_learning.services.registration import best_checkpoint
from active_learning.services.starts import _answered as asked_apart  # before any test replaces it
from active_learning.services.training import start_training
from active_learning.training.check_start import Question
from campaigns.errors import InvalidInput
from campaigns.models import Image, Run, RunState
from campaigns.runs import execute_now
from inference.predictors import Picture
from inference.services.local import load_predictor
from inference.services.offline import pack_model
from models_registry.checkpoints import checkpoint_path
from models_registry.networks.backbones import SIZES
from models_registry.networks.checkpoint import ClassifierCheckpoint
from models_registry.networks.hubs import started_eye
from models_registry.networks.library_networks import tuned_eye
from tests.active_learning.chips import add_chip, chips, label_image

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("checked_here")]
NETWORK, TIMM_NETWORK = "shufflenet_v2_x1_0", "test_resnet.r160_in1k"
QUICK = {"method": "fine_tune", "epochs": 1, "batch": 4, "validation": 0.25, "seed": 3}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Let networks see 64 pixels."""
    monkeypatch.setitem(SIZES, "small", 64)


@pytest.fixture
def taught(labels, annotator):
    campaign = labels["coast"].campaign
    for chip in chips()[:12]:
        label_image(add_chip(campaign, chip), annotator, labels[chip.kind].pk)
    return campaign


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """The folders of the libraries, empty, and a network in which nobody answers."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))

    def silent(*_, **__):
        raise OSError("nobody answers")

    monkeypatch.setattr("torch.hub.urlopen", silent)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", silent)
    return tmp_path


def network(seed=5):
    from torchvision.models import get_model

    torch.manual_seed(seed)
    return get_model(NETWORK)


def train(campaign, user, **config):
    training = start_training(user=user, campaign=campaign, config={**QUICK, **config})
    run = execute_now(training.run)
    training.refresh_from_db()
    return training, run


def upload(client, campaign, content):
    file = SimpleUploadedFile("w.pth", content)
    return client.post(f"/api/v1/campaigns/{campaign.pk}/training-weights", {"file": file}, format="multipart")


def test_published_weights_are_taken_from_the_library_s_folder_and_the_model_answers_and_is_gone_on_from(taught, manager, nowhere):
    from torchvision.models import get_model_weights

    folder = nowhere / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    file = folder / get_model_weights(NETWORK).DEFAULT.url.rpartition("/")[2]
    torch.save(network().state_dict(), file)
    training, run = train(taught, manager, network=f"torchvision/{NETWORK}", frozen="backbone")
    assert run.state == RunState.SUCCEEDED, run.error
    path = checkpoint_path(best_checkpoint(training.model))
    kept = ClassifierCheckpoint.load(path)
    assert kept.network.architecture == NETWORK
    known = network().state_dict()
    assert all(np.array_equal(kept.backbone[name], known[name].numpy()) for name in kept.backbone), "frozen layers stay as they came"
    file.unlink()  # a model that was trained needs its file no more
    pixels = chips()[0].pixels
    predictor = load_predictor(training.model)
    answer = predictor.predict([Picture(pixels, pixels.shape[1], pixels.shape[0])])[0]
    confidences = [score.confidence for score in answer.items[0].scores]
    assert sum(confidences) == pytest.approx(1, abs=1e-5)
    vectors = tuned_eye(kept.network, kept.backbone, 64, None).embed([pixels])
    assert confidences == pytest.approx(kept.head.probabilities(vectors)[0].tolist(), abs=1e-5)
    further, run = train(taught, manager, start_from=training.model.pk)
    assert run.state == RunState.SUCCEEDED, run.error
    again = ClassifierCheckpoint.load(checkpoint_path(best_checkpoint(further.model)))
    assert again.network == kept.network
    assert any(not np.array_equal(again.backbone[name], kept.backbone[name]) for name in kept.backbone), "all layers learn now"


def test_an_uploaded_file_of_a_timm_network_is_learned_from_in_any_bands_and_packed(taught, manager, annotator, as_user, nowhere):
    import timm
    from safetensors.torch import save

    torch.manual_seed(1)
    state = timm.create_model(TIMM_NETWORK, pretrained=False).state_dict()
    name = upload(as_user(manager), taught, save(state)).json()["weights"]
    training, run = train(taught, manager, network=f"timm/{TIMM_NETWORK}", weights=name, bands=[3, 1])
    assert run.state == RunState.SUCCEEDED, run.error
    kept = ClassifierCheckpoint.load(checkpoint_path(best_checkpoint(training.model)))
    assert (kept.network.library, kept.scale.bands) == ("timm", (3, 1))
    assert kept.backbone["conv1.0.weight" if "conv1.0.weight" in kept.backbone else "conv1.weight"].shape[1] == 2
    image = Image.objects.filter(campaign=taught).first()
    assert image is not None and load_predictor(training.model).scale == kept.scale
    with pack_model(user=manager, campaign=taught, model=training.model) as archive, ZipFile(archive) as packed:
        assert "lib/models_registry/networks/library_networks.py" in packed.namelist()
        assert f"timm=={timm.__version__}" in packed.read("requirements.txt").decode()


def test_timm_s_published_weights_lie_in_the_hub_s_folder(nowhere):
    import timm
    from safetensors.torch import save_file

    folder = nowhere / "hub" / f"models--timm--{TIMM_NETWORK}"
    snapshot = folder / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("a" * 40)
    torch.manual_seed(2)
    made = timm.create_model(TIMM_NETWORK, pretrained=False)
    save_file(made.state_dict(), snapshot / "model.safetensors")
    eye = started_eye(f"timm/{TIMM_NETWORK}", 64, None, None)
    assert all(torch.equal(value, made.state_dict()[name]) for name, value in eye.body.state_dict().items())
    assert eye.network.mean == tuple(made.pretrained_cfg["mean"])


@pytest.mark.parametrize(
    ("name", "hubs", "host"),
    [
        (f"torchvision/{NETWORK}", "", "download.pytorch.org"),
        (f"timm/{TIMM_NETWORK}", "", "huggingface.co"),
        (f"timm/{TIMM_NETWORK}", "no", "WINNOW_HUBS"),
    ],
)
def test_a_hub_that_does_not_answer_or_may_not_be_asked_ends_the_training_with_what_to_do(
    taught, manager, nowhere, monkeypatch, name, hubs, host
):
    monkeypatch.setenv("WINNOW_HUBS", hubs)
    _, run = train(taught, manager, network=name)
    assert run.state == RunState.FAILED
    assert host in run.error and "Put the file" in run.error and "choose a file of weights" in run.error


def test_what_cannot_be_set_out_from_is_told_at_its_field_before_anything_is_queued(taught, manager, as_user, tmp_path, monkeypatch):
    client, place = as_user(manager), f"/api/v1/campaigns/{taught.pk}/training-runs"
    torch.save(network().state_dict(), tmp_path / "w.pth")
    other = upload(client, taught, (tmp_path / "w.pth").read_bytes()).json()["weights"]
    nothing = upload(client, taught, b"no weights at all").json()["weights"]
    for wrong, field, told in (
        ({"network": "torchvision/resnet18", "weights": other}, "weights", "These are not the weights of resnet18"),
        ({"network": "torchvision/resnet18", "weights": nothing}, "weights", "no weights that can be read safely"),
        ({"network": "torchvision/vit_b_32"}, "size", "cannot see squares of 64 pixels"),
        ({"network": "timm/never_heard_of"}, "network", "knows no network 'never_heard_of'"),
    ):
        for address in (f"{place}/estimate", place):
            answer = client.post(address, {**QUICK, **wrong}, format="json")
            assert answer.status_code == 422, answer.json()
            error = answer.json()["errors"][0]
            assert error["field"] == field and told in error["detail"]
    assert not Run.objects.exists()
    fits = {**QUICK, "network": f"torchvision/{NETWORK}", "weights": other}
    assert client.post(f"{place}/estimate", fits, format="json").status_code == 200


def test_published_weights_that_are_not_here_are_a_warning_since_workers_elsewhere_may_have_them(
    taught, manager, as_user, nowhere, monkeypatch
):
    place, form = f"/api/v1/campaigns/{taught.pk}/training-runs/estimate", {**QUICK, "network": f"torchvision/{NETWORK}"}

    def warned():
        return [each["code"] for each in as_user(manager).post(place, form, format="json").json()["warnings"]]

    assert "start_weights_missing" not in warned(), "the hub may be asked"
    monkeypatch.setenv("WINNOW_HUBS", "no")
    monkeypatch.setattr("active_learning.services.starts._sound", set())
    assert "start_weights_missing" in warned()


def test_a_process_of_its_own_looks_at_a_start(tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_HUBS", "no")
    monkeypatch.setattr("active_learning.services.starts.CHECKED_WITHIN_S", 600.0)  # of a machine that does much else
    (tmp_path / "w").write_bytes(b"no weights")
    found = asked_apart(Question("classes", f"torchvision/{NETWORK}", 64, str(tmp_path / "w")))
    assert (found.field, found.code) == ("weights", "backbone_weights_unfit")


@pytest.mark.parametrize(
    "wrong",
    [
        {"network": "torchvision/resnet19"}, {"network": "hub/resnet18"}, {"network": "timm/hf-hub:someone/net"},
        {"network": "torchvision/resnet18", "method": "fast_head"}, {"network": "torchvision/resnet18", "start_from": 1},
        {"network": "torchvision/resnet18", "weights": "../../etc/passwd"}, {"weights": "0" * 24 + ".weights"},
    ],
)  # fmt: skip
def test_nonsense_is_refused_at_once(taught, manager, wrong):
    with pytest.raises(InvalidInput):
        start_training(user=manager, campaign=taught, config={**QUICK, **wrong})


def test_the_form_offers_networks_where_a_task_is_trained_from_them(taught, viewer, as_user):
    def offered(campaign):
        told = as_user(viewer).get(f"/api/v1/campaigns/{campaign.pk}/training-wishes").json()
        return {each["method"]: {wish["name"]: wish["choices"] for wish in each["wishes"]} for each in told}

    found = offered(taught)
    assert "torchvision/resnet50" in found["fine_tune"]["network"] and "timm/" in found["fine_tune"]["network"]
    assert "network" not in found["fast_head"]
