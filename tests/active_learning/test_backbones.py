"""What looks at a campaign's images may be replaced: by weights from a file, by an ONNX file, by an endpoint that answers embeddings."""

import json
import pickle

import numpy as np
import orjson
import pytest
import torch
from django.core.files.uploadedfile import SimpleUploadedFile
from onnx import helper

from active_learning.acquisition.diversity import unit_rows
from active_learning.embeddings import content_key
from active_learning.models import ImageSpace
from active_learning.services.arrivals import embed_later
from active_learning.services.embeddings import campaign_store, embedding_store
from active_learning.services.filling import _ByModel
from campaigns.models import Image, Run, RunState
from campaigns.runs import execute_now
from inference.serving.answers import ModelAnswers
from models_registry.models import CampaignModel, RegisteredModel
from models_registry.networks.own_backbones import TORCHVISION_NAMES, OwnBackbone, OwnNetwork
from models_registry.networks.weights import find_weights
from tests.active_learning.chips import add_chip, chips, label_image
from tests.inference.endpoint import Endpoint, Reply, items
from tests.inference.test_examples import started
from tests.onnx_files import saved, value

NETWORK = "shufflenet_v2_x1_0"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A state_dict of a small network of torchvision, with numbers by chance, as people save it."""
    from torchvision.models import get_model

    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("weights") / "net.pth"
    torch.save({"state_dict": {f"module.{name}": value for name, value in get_model(NETWORK).state_dict().items()}}, path)
    return path


@pytest.fixture
def few(labels, settings):
    """A campaign of eight chips, which the installed backbone has looked at; models may live on this machine."""
    settings.MODEL_NETWORKS = ["127.0.0.0/8"]
    settings.EMBED_ON_IMPORT = True
    campaign = labels["coast"].campaign
    for chip in chips()[:8]:
        add_chip(campaign, chip)
    assert execute_now(embed_later(campaign.pk)).state == RunState.SUCCEEDED
    return campaign


@pytest.fixture
def answering(monkeypatch):
    """Let the process beside the web server answer in this one."""
    answers = ModelAnswers()
    monkeypatch.setattr("inference.serving.client.ask", lambda _, question, **more: answers.answer(orjson.loads(orjson.dumps(question))))


def choose(client, campaign, file=None, **fields):
    form = {key: str(value) for key, value in fields.items()} | ({} if file is None else {"file": SimpleUploadedFile("net", file)})
    return client.post(f"/api/v1/campaigns/{campaign.pk}/backbones", form, format="multipart")


def chosen(client, campaign, file=None, **fields):
    answer = choose(client, campaign, file, **fields)
    assert answer.status_code == 202, answer.content
    return execute_now(Run.objects.get(pk=answer.json()["id"]))


def told(client, campaign):
    return client.get(f"/api/v1/campaigns/{campaign.pk}/backbones").json()


def nearest(client, campaign, image, **query):
    return client.get(f"/api/v1/campaigns/{campaign.pk}/similar", {"image": image.pk, "limit": 3, **query})


@pytest.mark.django_db
def test_weights_from_a_file_look_at_all_images_and_then_take_the_place_of_the_installed_backbone(
    few, weights, as_user, manager, viewer, answering
):
    client, first = as_user(manager), few.images.order_by("id").first()
    assert told(client, few)["current"] is None
    run = chosen(client, few, weights.read_bytes(), kind="weights", architecture=NETWORK, side_px=64)
    assert (run.state, run.result["images"], run.result["dimension"]) == (RunState.SUCCEEDED, 8, 1024), run.error
    now = told(as_user(viewer), few)
    assert (now["coming"], now["current"]["name"]) == (None, run.result["space"])
    assert now["current"]["name"].startswith(f"torchvision-{NETWORK}-64-") and now["current"]["name"].endswith("-imagenet")
    store = campaign_store(few)
    assert (store.dimension, store.dtype.itemsize) == (1024, 2)
    assert not len(store.missing([content_key(sha256) for sha256 in few.images.values_list("sha256", flat=True)]))
    # The same picture from elsewhere lies where the stored one does, so the web server's side looks through the same network.
    whole = nearest(client, few, first, crop=f"0,0,{first.width},{first.height}").json()["similar"]
    assert (whole[0]["image"]["id"], whole[0]["similarity"]) == (first.pk, pytest.approx(1, abs=2e-3))
    assert nearest(client, few, first).json()["similar"][0]["image"]["id"] == whole[1]["image"]["id"]


@pytest.mark.django_db
def test_images_that_come_later_are_looked_at_alone_and_by_both_backbones(few, weights, as_user, manager, monkeypatch):
    chosen(as_user(manager), few, weights.read_bytes(), kind="weights", architecture=NETWORK, side_px=64)
    seen = []
    embed = OwnNetwork.embed
    monkeypatch.setattr(OwnNetwork, "embed", lambda self, images: seen.append(len(images)) or embed(self, images))
    late = add_chip(few, chips()[8])
    assert execute_now(embed_later(few.pk)).state == RunState.SUCCEEDED
    assert sum(seen) == 1
    key = [content_key(late.sha256)]
    assert not len(campaign_store(few).missing(key)) and not len(embedding_store().missing(key))


@pytest.mark.django_db
def test_images_that_come_while_another_backbone_looks_are_looked_at_by_it_as_soon_as_it_is_done(few, as_user, manager, monkeypatch):
    late = []
    monkeypatch.setattr("active_learning.services.choosing_backbone.keep_index", lambda *_: late.append(add_chip(few, chips()[8])))
    client = as_user(manager)
    assert chosen(client, few, kind="installed", size="medium").state == RunState.SUCCEEDED
    assert told(client, few)["current"]["dimension"] == 1280
    key = [content_key(late[0].sha256)]
    assert len(campaign_store(few).missing(key))
    assert execute_now(Run.objects.get(kind="embedding", state=RunState.QUEUED)).state == RunState.SUCCEEDED
    assert not len(campaign_store(few).missing(key))


@pytest.mark.django_db
def test_of_large_numbers_the_direction_is_kept_and_numbers_that_are_none_end_the_run(few, weights, as_user, manager, monkeypatch):
    client, first, embed = as_user(manager), few.images.order_by("id").first(), OwnNetwork.embed
    wanted = {"kind": "weights", "architecture": NETWORK}
    assert chosen(client, few, weights.read_bytes(), side_px=64, **wanted).state == RunState.SUCCEEDED
    before = nearest(client, few, first).json()["similar"]
    assert chosen(client, few, kind="installed").state == RunState.SUCCEEDED
    monkeypatch.setattr(OwnNetwork, "embed", lambda self, images: 1e9 * embed(self, images))
    large = chosen(client, few, weights.read_bytes(), side_px=64, **wanted)
    assert large.state == RunState.SUCCEEDED, large.error
    for old, new in zip(before, nearest(client, few, first).json()["similar"], strict=True):
        assert (new["image"], new["similarity"]) == (old["image"], pytest.approx(old["similarity"], abs=2e-3))
    monkeypatch.setattr(OwnNetwork, "embed", lambda self, images: np.nan * embed(self, images))
    wrong = chosen(client, few, weights.read_bytes(), side_px=96, **wanted)
    assert wrong.state == RunState.FAILED and "not finite" in wrong.error
    assert told(client, few)["current"]["name"] == large.result["space"]


@pytest.mark.django_db
def test_the_way_back_removes_the_vectors_and_the_file_that_nobody_uses_any_more(few, weights, as_user, manager, data_dir):
    client = as_user(manager)
    run = chosen(client, few, weights.read_bytes(), kind="weights", architecture=NETWORK, side_px=64)
    folder = data_dir / "embeddings" / run.result["space"]
    assert folder.is_dir() and len(list((data_dir / "backbones").iterdir())) == 1
    assert choose(client, few, weights.read_bytes(), kind="weights", architecture=NETWORK, side_px=64).json()["code"] == "backbone_in_use"
    assert chosen(client, few, kind="installed").state == RunState.SUCCEEDED
    assert not folder.exists() and not list((data_dir / "backbones").iterdir())
    assert campaign_store(few).folder == embedding_store().folder


class Code:
    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "network", "why"),
    [
        (b"no weights at all", NETWORK, "can be read safely"),
        (pickle.dumps(Code(), 2), NETWORK, "can be read safely"),
        (None, "resnet18", "not the weights of resnet18"),
    ],
)
def test_weights_that_do_not_fit_end_the_run_with_what_to_do_and_the_old_backbone_stays(
    few, weights, content, network, why, as_user, manager, capsys
):
    client, first = as_user(manager), few.images.order_by("id").first()
    before = nearest(client, few, first).json()
    run = chosen(client, few, content or weights.read_bytes(), kind="weights", architecture=network, side_px=64)
    assert run.state == RunState.FAILED
    assert why in run.error
    assert "run" not in capsys.readouterr().out.split()
    now = told(client, few)
    assert (now["current"], now["coming"]["state"]) == (None, "failed")
    assert nearest(client, few, first).json() == before


@pytest.mark.django_db
def test_a_choice_that_cannot_be_is_refused_with_the_field_it_is_about(few, as_user, manager):
    client = as_user(manager)
    for wrong, field in (
        ({"kind": "weights", "architecture": "no_such"}, "architecture"),
        ({"kind": "weights", "library": "timm", "architecture": "hf-hub:somebody/net"}, "architecture"),
        ({"kind": "weights", "architecture": NETWORK, "side_px": 4}, "side_px"),
        ({"kind": "model", "model": 10**9}, "model"),
        ({"kind": "installed", "size": "huge"}, "size"),
    ):
        answer = choose(client, few, **wrong)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), wrong
    assert choose(client, few, b"", kind="weights", architecture=NETWORK).status_code == 422
    assert not ImageSpace.objects.exists()


def test_a_network_of_timm_with_safetensors_answers_as_timm_itself_does(tmp_path):
    timm = pytest.importorskip("timm")
    from safetensors.torch import save_file

    torch.manual_seed(3)
    whole = timm.create_model("test_vit", pretrained=False, num_classes=7).eval()
    save_file(whole.state_dict(), tmp_path / "net")
    network = OwnNetwork(OwnBackbone("timm", "test_vit", tmp_path / "net", "0" * 64, 160, "half"))
    picture = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
    with torch.no_grad():
        batch = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
        expected = whole.forward_head(whole.forward_features(batch), pre_logits=True).numpy()
    assert np.allclose(network.embed([picture]), expected, atol=1e-4)


def test_every_network_that_is_offered_is_one_of_torchvision():
    from torchvision.models import list_models

    assert set(TORCHVISION_NAMES) <= set(list_models())


def attached(campaign, **fields):
    model = RegisteredModel.objects.create(name="Looker", task=campaign.task, version="1", **fields)
    CampaignModel.objects.create(campaign=campaign, model=model)
    return model


def mean_colour(body):
    """Answer the mean colour of an image that was asked about in Winnow's JSON."""
    import base64
    import io

    from PIL import Image as Picture

    content = base64.b64decode(json.loads(body)["image"]["b64"])
    pixels = np.asarray(Picture.open(io.BytesIO(content)).convert("RGB"), np.float32)
    return items({"kind": "embedding", "space": "colour@1", "vector": (1e5 * pixels.mean(axis=(0, 1))).tolist()})


@pytest.mark.django_db(transaction=True)
def test_an_endpoint_that_answers_embeddings_looks_at_the_images_and_at_pictures_from_elsewhere(few, as_user, manager):
    client, first = as_user(manager), few.images.order_by("id").first()
    with Endpoint(mean_colour) as endpoint:
        model = attached(few, protocol="winnow_json", url=endpoint.url, options={"retries": 0})
        assert [each["id"] for each in told(client, few)["models"]] == [model.pk]
        run = chosen(client, few, kind="model", model=model.pk)
        assert (run.state, run.result["dimension"], endpoint.requests) == (RunState.SUCCEEDED, 3, 8), run.error
        late = add_chip(few, chips()[8])
        assert execute_now(embed_later(few.pk)).state == RunState.SUCCEEDED
        assert (endpoint.requests, len(campaign_store(few).missing([content_key(late.sha256)]))) == (9, 0)
        part = nearest(client, few, first, crop=f"0,0,{first.width},{first.height}").json()["similar"]
        assert (part[0]["image"]["id"], part[0]["similarity"]) == (first.pk, pytest.approx(1, abs=1e-3))
        endpoint.respond = lambda body: items({"kind": "embedding", "space": "colour@2", "vector": [1, 2, 3]})
        other = nearest(client, few, first, crop="0,0,20,20")
        assert (other.status_code, other.json()["code"]) == (409, "space_changed")
    RegisteredModel.objects.filter(pk=model.pk).update(version="2")
    add_chip(few, chips()[9])
    stale = execute_now(embed_later(few.pk))
    assert stale.state == RunState.FAILED and "Choose it again" in stale.error


@pytest.mark.django_db(transaction=True)
def test_until_an_endpoint_has_answered_about_every_image_the_old_backbone_stays_and_a_retry_goes_on(few, as_user, manager):
    client, answered = as_user(manager), []

    def half(body):
        answered.append(body)
        return mean_colour(body) if len(answered) <= 4 or len(answered) > 8 else Reply(b"busy", 500)

    with Endpoint(half) as endpoint:
        model = attached(few, protocol="winnow_json", url=endpoint.url, options={"retries": 0, "concurrency": 1})
        run = chosen(client, few, kind="model", model=model.pk)
        assert run.state == RunState.FAILED
        assert "no vector for 4 of 8 images" in run.error
        assert told(client, few)["current"] is None
        Run.objects.filter(pk=run.pk).update(state=RunState.QUEUED)
        again = execute_now(Run.objects.get(pk=run.pk))
        assert (again.state, endpoint.requests) == (RunState.SUCCEEDED, 12), again.error
    assert told(client, few)["current"]["title"] == "Looker 1"


@pytest.mark.django_db(transaction=True)
def test_a_model_that_answers_something_else_is_told_apart(few, as_user, manager):
    with Endpoint(lambda body: items({"kind": "classification", "scores": {"x": 0.5}})) as endpoint:
        model = attached(few, protocol="winnow_json", url=endpoint.url, options={"retries": 0}, classes=[{"index": 0, "name": "x"}])
        run = chosen(as_user(manager), few, kind="model", model=model.pk)
    assert run.state == RunState.FAILED and "answers no embedding" in run.error


@pytest.mark.django_db
def test_an_address_that_may_not_be_asked_is_none_for_embeddings_either(few, as_user, manager, settings):
    settings.MODEL_NETWORKS = []
    model = attached(few, protocol="winnow_json", url="http://127.0.0.1:9/", options={"retries": 0})
    run = chosen(as_user(manager), few, kind="model", model=model.pk)
    assert run.state == RunState.FAILED and "WINNOW_MODEL_NETWORKS" in run.error


@pytest.mark.django_db
def test_an_onnx_file_looks_at_the_images(few, as_user, manager, tmp_path, answering):
    nodes = [helper.make_node("GlobalAveragePool", ["image"], ["mean"]), helper.make_node("Flatten", ["mean"], ["vector"])]
    file = saved(tmp_path / "net.onnx", nodes, [value("image", [1, 3, 32, 32])], [value("vector", [1, 3])], {})
    client = as_user(manager)
    form = {
        "name": "Colours", "task": "classification", "options": json.dumps({"extra": {"preset": "embedding", "space": "colours"}}),
        "file": SimpleUploadedFile("net.onnx", file.read_bytes()),
    }  # fmt: skip
    model = client.post("/api/v1/models/onnx", form, format="multipart")
    assert model.status_code == 201, model.content
    CampaignModel.objects.create(campaign=few, model_id=model.json()["id"])
    run = chosen(client, few, kind="model", model=model.json()["id"])
    assert (run.state, run.result["dimension"]) == (RunState.SUCCEEDED, 3), run.error
    first = Image.objects.filter(campaign=few).order_by("id").first()
    part = nearest(client, few, first, crop=f"0,0,{first.width},{first.height}").json()["similar"]
    assert (part[0]["image"]["id"], part[0]["similarity"]) == (first.pk, pytest.approx(1, abs=1e-3))


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The folder of torchvision's hub and that of timm's, empty, where no hub may be asked."""
    pytest.importorskip("timm")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.file_download.HF_HUB_CACHE", str(tmp_path / "hub"), raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("WINNOW_HUBS", "no")
    return tmp_path


@pytest.mark.django_db
def test_a_network_with_its_published_weights_looks_at_the_images_as_soon_as_they_lie_in_the_hub_s_folder(few, as_user, manager, hub):
    client = as_user(manager)
    missing = chosen(client, few, kind="weights", architecture="mobilenet_v2", side_px=128)
    assert missing.state == RunState.FAILED and "WINNOW_HUBS" in missing.error and "mobilenet_v2" in missing.error
    assert told(client, few)["current"] is None
    checkpoints = hub / "torch" / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / find_weights().path.name).symlink_to(find_weights().path)
    run = chosen(client, few, kind="weights", architecture="mobilenet_v2", side_px=128, normalisation="none")
    assert run.state == RunState.SUCCEEDED, run.error
    assert ImageSpace.objects.get(campaign=few).facts["normalisation"] == "imagenet"  # as its makers did it
    keys = [content_key(sha256) for sha256 in few.images.values_list("sha256", flat=True)]
    ours, theirs = (unit_rows(store.load(keys)) for store in (embedding_store(), campaign_store(few)))
    assert (ours * theirs).sum(axis=1).min() > 0.99


@pytest.mark.django_db
def test_a_network_of_timm_comes_by_its_name_with_the_weights_in_the_hub_s_folder(few, as_user, manager, hub):
    import timm
    from safetensors.torch import save_file

    snapshot = hub / "hub" / "models--timm--test_vit.r160_in1k" / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("a" * 40)
    torch.manual_seed(3)
    whole = timm.create_model("test_vit", pretrained=False).eval()
    save_file(whole.state_dict(), snapshot / "model.safetensors")
    run = chosen(as_user(manager), few, kind="weights", library="timm", architecture="test_vit.r160_in1k", side_px=160)
    assert run.state == RunState.SUCCEEDED, run.error
    space = ImageSpace.objects.get(campaign=few, current=True)
    assert space.name.startswith("timm-test_vit.r160_in1k-160-") and space.name.endswith(f"-{space.facts['normalisation']}")
    assert len(campaign_store(few)) == 8


@pytest.fixture(scope="module")
def oip_server():
    """The example server of the Open Inference Protocol, as a process of its own."""
    yield from started("oip_server.py")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tensors", ["binary", "json"])
def test_an_endpoint_of_the_open_inference_protocol_looks_at_the_images_and_at_parts_of_them(few, as_user, manager, oip_server, tensors):
    client, first = as_user(manager), few.images.order_by("id").first()
    extra = {"preset": "embedding", "space": "cells", "tensors": tensors}
    model = attached(few, protocol="oip", url=f"{oip_server}/v2/models/embedding", options={"retries": 0, "extra": extra})
    run = chosen(client, few, kind="model", model=model.pk)
    assert (run.state, run.result["images"], run.result["dimension"]) == (RunState.SUCCEEDED, 8, 96), run.error
    assert ImageSpace.objects.get(campaign=few, current=True).facts["told"] == "cells"
    similar = nearest(client, few, first).json()["similar"]
    part = nearest(client, few, first, crop=f"0,0,{first.width},{first.height}").json()["similar"]
    assert (part[0]["image"]["id"], part[0]["similarity"]) == (first.pk, pytest.approx(1, abs=1e-3))
    assert [each["image"]["id"] for each in part[1:]] == [each["image"]["id"] for each in similar[:2]]
    assert 1 > similar[0]["similarity"] > similar[-1]["similarity"] > -1


def as_onnx(path):
    """Write the installed backbone as people export theirs: pixels from 0 to 255 in, one vector out."""
    from models_registry.networks.backbones import fast, trained_features
    from models_registry.networks.onnx_export import append_backbone
    from models_registry.networks.onnx_writer import Graph, described

    graph = Graph()
    graph.add("Flatten", append_backbone(graph, fast(trained_features(find_weights()))), output="vector")
    path.write_bytes(graph.as_file([described("image", ("n", 3, 128, 128))], [described("vector", ("n", 1280))], {}, producer="tests"))


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["state_dict", "safetensors", "onnx"])
def test_the_installed_network_sees_the_same_when_it_comes_as_a_file(few, as_user, manager, tmp_path, answering, form):
    from safetensors.torch import save_file

    client, first, file = as_user(manager), few.images.order_by("id").first(), tmp_path / "net"
    keys = [content_key(sha256) for sha256 in few.images.order_by("id").values_list("sha256", flat=True)]
    if form == "onnx":
        as_onnx(file)
        options = json.dumps({"extra": {"preset": "embedding", "scale": "1"}})
        fields = {"name": "Net", "task": "classification", "options": options, "file": SimpleUploadedFile("n.onnx", file.read_bytes())}
        model = client.post("/api/v1/models/onnx", fields, format="multipart")
        assert model.status_code == 201, model.content
        CampaignModel.objects.create(campaign=few, model_id=model.json()["id"])
        run = chosen(client, few, kind="model", model=model.json()["id"])
    else:
        state = torch.load(find_weights().path, weights_only=True)
        (save_file if form == "safetensors" else torch.save)(state, file)
        run = chosen(client, few, file.read_bytes(), kind="weights", architecture="mobilenet_v2", side_px=128)
    assert (run.state, run.result["images"], run.result["dimension"]) == (RunState.SUCCEEDED, 8, 1280), run.error
    assert campaign_store(few).folder != embedding_store().folder
    ours, theirs = (unit_rows(store.load(keys)) for store in (embedding_store(), campaign_store(few)))
    assert (ours * theirs).sum(axis=1).min() > 0.99
    assert (theirs @ theirs.T).argsort(axis=1)[:, -2:].tolist() == (ours @ ours.T).argsort(axis=1)[:, -2:].tolist()
    part = nearest(client, few, first, crop=f"0,0,{first.width},{first.height}").json()["similar"]
    assert (part[0]["image"]["id"], part[0]["similarity"]) == (first.pk, pytest.approx(1, abs=2e-3))


@pytest.mark.django_db(transaction=True)
def test_what_a_backbone_says_after_another_took_its_place_leaves_no_vectors_behind(few, as_user, manager, data_dir, monkeypatch):
    client = as_user(manager)
    with Endpoint(mean_colour) as endpoint:
        model = attached(few, protocol="winnow_json", url=endpoint.url, options={"retries": 0})
        run = chosen(client, few, kind="model", model=model.pk)
        assert run.state == RunState.SUCCEEDED, run.error
        late, read = add_chip(few, chips()[8]), _ByModel._read

        def replaced_meanwhile(self, answered):
            if ImageSpace.objects.get(campaign=few, current=True).kind == "model":
                assert chosen(client, few, kind="installed").state == RunState.SUCCEEDED
            return read(self, answered)

        monkeypatch.setattr(_ByModel, "_read", replaced_meanwhile)
        overtaken = execute_now(embed_later(few.pk))
    assert overtaken.state == RunState.FAILED and "Start this again" in overtaken.error
    assert not (data_dir / "embeddings" / run.result["space"]).exists()
    assert not len(campaign_store(few).missing([content_key(late.sha256)]))


@pytest.mark.django_db
def test_one_backbone_comes_at_a_time(few, weights, as_user, manager):
    client = as_user(manager)
    assert choose(client, few, kind="installed", size="medium").status_code == 202
    second = choose(client, few, weights.read_bytes(), kind="weights", architecture=NETWORK)
    assert (second.status_code, second.json()["code"]) == (409, "backbone_on_its_way")


@pytest.mark.django_db
def test_what_the_old_backbone_found_says_so_until_it_is_looked_for_again(few, weights, labels, as_user, manager, annotator):
    client, here = as_user(manager), f"/api/v1/campaigns/{few.pk}"
    label_image(few.images.order_by("id").first(), annotator, labels["coast"].pk)

    def find():
        for path in ("map-runs", "likeness-runs", "suggestion-runs", "label-doubt-runs"):
            run = execute_now(Run.objects.get(pk=client.post(f"{here}/{path}", {}, format="json").json()["id"]))
            assert run.state == RunState.SUCCEEDED, run.error

    def outdated():
        return [client.get(f"{here}/{path}").json()["outdated"] for path in ("map", "duplicates", "suggestions", "label-doubts")]

    assert outdated() == 4 * [False]
    find()
    assert outdated() == 4 * [False]
    chosen(client, few, weights.read_bytes(), kind="weights", architecture=NETWORK, side_px=64)
    assert outdated() == 4 * [True]
    find()
    assert outdated() == 4 * [False]


@pytest.mark.django_db
def test_a_removed_campaign_leaves_no_map_no_vectors_of_its_own_and_no_weights(
    few, weights, as_user, make_campaign, manager, owner, data_dir
):
    run = chosen(as_user(manager), few, weights.read_bytes(), kind="weights", architecture=NETWORK, side_px=64)
    client = as_user(owner)
    assert execute_now(Run.objects.get(pk=client.post(f"/api/v1/campaigns/{few.pk}/map-runs").json()["id"])).state == RunState.SUCCEEDED
    assert client.delete(f"/api/v1/campaigns/{few.pk}").status_code == 204
    assert not (data_dir / "embeddings" / run.result["space"]).exists()
    assert [path for name in ("backbones", "likeness", "runs") for path in (data_dir / name).rglob("*") if path.is_file()] == []
    assert len(embedding_store()), "other campaigns go on by the installed backbone's"
