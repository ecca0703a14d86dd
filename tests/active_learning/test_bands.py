"""Rasters of any bands: how values become bytes, and models of classes and of pixels that see them."""

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image as Picture

from active_learning.services.registration import best_checkpoint
from active_learning.services.training import start_training
from active_learning.training.bands import measure_bands, scale_for
from campaigns.errors import InvalidInput
from campaigns.imagery import Refused
from campaigns.imagery.blue_marble import load
from campaigns.models import Image, Run, RunState
from campaigns.runs import RunContext, execute_now
from inference.models import Prediction as Row
from inference.rasters import NO_CLASS, read_map
from inference.services import predict_pool
from inference.services.local import load_predictor
from inference.store import load_prediction
from models_registry.checkpoints import checkpoint_path
from models_registry.networks.backbones import Backbone, BackboneSpec, bare_network, taking_bands
from models_registry.networks.bands import BandScale, read_scaled, read_seen
from models_registry.networks.checkpoint import ClassifierCheckpoint
from models_registry.networks.object_checkpoint import ObjectCheckpoint
from models_registry.networks.segmenter_checkpoint import SegmenterCheckpoint
from tests.active_learning.chips import chips, label_areas, label_image, submit
from tests.campaigns.samples import tiff_bytes

FAST = {"method": "fast_head", "epochs": 10, "seed": 5}
NOTHING = 65_000


@pytest.fixture(autouse=True)
def small_trainings(monkeypatch):
    """Learn from few pixels on one thread."""
    monkeypatch.setenv("WINNOW_TORCH_THREADS", "1")
    monkeypatch.setattr("active_learning.training.pixel_samples.TEACHING", 3000)
    monkeypatch.setattr("active_learning.training.pixel_samples.MEASURING", 2000)


def scale(bands=(1, 2), low=(0.0, 0.0), high=(1000.0, 255.0), mean=(100.0, 120.0), deviation=(40.0, 40.0)):
    return BandScale(bands, low, high, mean, deviation)


@pytest.fixture
def write(tmp_path):
    """Write (bands, H, W) values as a GeoTIFF."""

    def made(values, name="raster.tif", **options):
        path = tmp_path / name
        path.write_bytes(tiff_bytes(values, **options))
        return path

    return made


class TestScale:
    def test_values_are_stretched_band_by_band_and_what_is_missing_becomes_the_mean(self, write):
        values = np.array([[[0, 500, 1000, 5000, NOTHING]], [[255, 0, NOTHING, 51, NOTHING]]], np.uint16)
        pixels, there = read_scaled(write(values, nodata=NOTHING), scale())
        assert pixels.dtype == np.uint8
        assert pixels[0, :, 0].tolist() == [0, 128, 255, 255, 100]
        assert pixels[0, :, 1].tolist() == [255, 0, 120, 51, 120]
        assert there[0].tolist() == [True, True, True, True, False], "one band is enough to see something"

    def test_nan_and_infinities_of_float_rasters_are_missing_without_being_said_so(self, write):
        values = np.array([[[0.0, np.nan, np.inf, 500.0]], [[0.0, np.nan, 1.0, 255.0]]], np.float32)
        pixels, there = read_scaled(write(values), scale())
        assert pixels[0, :, 0].tolist() == [0, 100, 100, 128]
        assert there[0].tolist() == [True, False, True, True]

    def test_pixels_that_alpha_clears_are_not_there(self, tmp_path):
        values = np.full((4, 4, 4), 200, np.uint8)
        values[:2, :, 3] = 0
        Picture.fromarray(values).save(tmp_path / "clear.png")
        _, there = read_scaled(tmp_path / "clear.png", scale((1, 2)))
        assert there.tolist() == [[False] * 4] * 2 + [[True] * 4] * 2

    def test_a_band_that_an_image_lacks_is_refused(self, write):
        with pytest.raises(Refused, match="no band 3"):
            read_scaled(write(np.zeros((2, 4, 4), np.uint16)), scale((1, 3)))

    def test_a_window_is_that_part_of_the_whole(self, write):
        values = np.random.default_rng(0).integers(0, 1000, (2, 40, 60)).astype(np.uint16)
        path = write(values)
        whole, _ = read_seen(path, scale())
        part, _ = read_seen(path, scale(), window=(10, 5, 20, 30))
        assert np.array_equal(part, whole[5:35, 10:30])

    @given(arrays(np.float32, (2, 3, 3), elements=st.floats(-1e6, 1e6, width=32)))
    def test_larger_values_never_become_smaller_bytes(self, values):
        found = scale().stretched(values, np.zeros(values.shape, bool))
        for band in range(2):
            order = np.argsort(values[band].ravel(), kind="stable")
            assert (np.diff(found[:, :, band].ravel()[order].astype(int)) >= 0).all()

    def test_a_scale_survives_its_document_and_names_its_numbers(self):
        assert BandScale.from_document(scale().as_document()) == scale()
        assert scale().name == scale().name
        assert scale().name != scale(high=(1001.0, 255.0)).name
        for wrong in ({"bands": (0, 1)}, {"bands": (1, 1)}, {"high": (0.0, 1.0)}, {"mean": (np.nan, 1.0)}, {"bands": (1,)}):
            with pytest.raises(ValueError, match=r"band|scale"):
                scale(**wrong)


class TestMeasuring:
    def test_the_stretch_holds_nearly_all_values_and_ignores_what_is_missing(self, write):
        rng = np.random.default_rng(0)
        values = rng.normal(8000, 500, (2, 64, 64)).astype(np.uint16)
        values[1] //= 4
        values[:, :8] = NOTHING
        found = measure_bands([write(values, nodata=NOTHING)], (1, 2))
        assert 5500 < found.low[0] < 7000
        assert 9000 < found.high[0] < 10_500
        assert found.high[1] < 3000
        assert all(80 < mean < 175 for mean in found.mean)

    def test_a_few_more_images_seldom_change_it_so_that_embeddings_stay_good(self, write):
        rng = np.random.default_rng(0)
        paths = [write(rng.normal(8000, 500, (1, 64, 64)).astype(np.uint16), f"{n}.tif") for n in range(12)]
        assert len({measure_bands(paths[:count], (1,)).name for count in range(4, 13)}) <= 3

    def test_bytes_stay_as_they_are(self, write):
        found = measure_bands([write(np.random.default_rng(0).integers(0, 90, (2, 32, 32), dtype=np.uint8))], (2, 1))
        assert (found.bands, found.low, found.high) == ((2, 1), (0.0, 0.0), (255.0, 255.0))

    def test_bands_that_no_image_has_are_refused_by_number(self, write):
        with pytest.raises(InvalidInput, match="band 4"):
            measure_bands([write(np.ones((2, 8, 8), np.uint16))], (1, 4))

    def test_a_training_that_goes_on_keeps_the_scale_of_the_same_bands(self, write):
        path = write(np.ones((2, 8, 8), np.uint16))
        assert scale_for((1, 2), [path], start=scale()) == scale()
        assert scale_for((2, 1), [path], start=scale()) != scale()
        assert scale_for(None, [path], start=scale()) is None


class TestInflation:
    @pytest.mark.parametrize("bands", [1, 2, 4, 7])
    def test_the_first_convolution_takes_any_bands_and_gives_as_much_as_before(self, bands):
        import torch

        plain = bare_network().features
        before = plain[0][0].weight.detach().clone()
        wide = taking_bands(plain, bands)[0][0].weight.detach()
        assert wide.shape[1] == bands
        if bands > 3:
            assert torch.allclose(wide[:, :3], before * 3 / bands)
            assert torch.allclose(wide[:, 3], wide[:, 0])
        else:
            grey = torch.ones(1, 1, 3, 3)
            one, other = ((weight * grey).sum(dim=(1, 2, 3)) for weight in (before, wide))
            assert torch.corrcoef(torch.stack([one, other]))[0, 1] > 0.9

    def test_vectors_of_bands_lie_in_a_space_of_their_own(self):
        plain, banded = BackboneSpec.of_size("small"), BackboneSpec.of_size("small", scale((4, 3)))
        assert plain.space != banded.space
        assert "bands-4.3-" in banded.space
        network = Backbone("small", scale=scale((1, 2)))
        assert network.embed([np.zeros((50, 40, 2), np.uint8)]).shape == (1, 1280)


def four_bands(pixels, water):
    """Make red, green and blue of a chip, and a fourth band in which water is dark, as 16-bit values with a corner of nothing."""
    near = np.where(water, 300, 2600) + pixels[:, :, 1].astype(int)
    values = np.concatenate([np.moveaxis(pixels, 2, 0).astype(int) * 12 + 200, near[None]]).astype(np.uint16)
    values[:, :10, :10] = NOTHING
    return values


def add_raster(campaign, values, name, data_dir, **options):
    """Put a GeoTIFF into a campaign."""
    content = tiff_bytes(values, **options)
    path = data_dir / "images" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    count, height, width = values.shape
    return Image.objects.create(
        campaign=campaign, name=name, path=name, sha256=sha256(content).hexdigest(), size_bytes=len(content), format="TIFF",
        width=width, height=height, bands=count, dtype=str(values.dtype),
    )  # fmt: skip


def trained(campaign, user, **config):
    training = start_training(user=user, campaign=campaign, config={**FAST, **config})
    run = execute_now(training.run)
    assert run.state == RunState.SUCCEEDED, run.error
    training.refresh_from_db()
    return training, run


def file_of(model):
    return checkpoint_path(best_checkpoint(model))


def answered(campaign, model, images):
    """Ask a model about images in a run; return its rasters."""
    context = RunContext(Run.objects.create(kind="round", campaign=campaign, state="running", claim="test"))
    result = predict_pool(context, model=model, image_ids=[image.pk for image in images], campaign=campaign, prefill=True)
    assert (result.answered, result.failed) == (len(images), 0), result.complaint
    rows = [Row.objects.get(image=image, model=model) for image in images]
    return [load_prediction(row).items[0] for row in rows]


@pytest.mark.django_db
class TestPixels:
    @pytest.fixture
    def coast(self, make_campaign, data_dir, annotator):
        """Ten outlined coasts of four bands, two that nobody labeled."""
        campaign = make_campaign("Water", task="segmentation", labels=("water", "land"), settings={"segmentation": "semantic"})
        water, land = campaign.labels.all()
        for place, chip in enumerate([chip for chip in chips() if chip.kind == "coast"][:12]):
            image = add_raster(campaign, four_bands(chip.pixels, chip.water), f"{place}.tif", data_dir, nodata=NOTHING)
            if place < 10:
                label_areas(image, annotator, {water.pk: chip.water, land.pk: ~chip.water})
        return campaign

    def test_four_bands_of_16_bit_teach_more_than_their_colours_and_say_nothing_where_nothing_is(self, coast, manager):
        plain, _ = trained(coast, manager)
        banded, _ = trained(coast, manager, bands=[1, 2, 3, 4])
        scores = [each.model.checkpoints.get(role="best").metrics["validation"]["miou"] for each in (plain, banded)]
        assert scores[1] > 0.93
        assert scores[1] > scores[0]
        kept = SegmenterCheckpoint.load(file_of(banded.model)).scale
        assert kept.bands == (1, 2, 3, 4)
        assert banded.model.card["input_bands"].endswith("band 4")
        assert f"band 4: {kept.low[3]:g} to {kept.high[3]:g}" in banded.model.card["normalisation"]
        rasters = answered(coast, banded.model, list(coast.images.filter(state="unlabeled").order_by("pk")))
        truth = [chip.water for chip in chips() if chip.kind == "coast"][10:12]
        for raster, water in zip(rasters, truth, strict=True):
            said = read_map(raster.class_map)
            assert (said[:10, :10] == NO_CLASS).all()
            there = np.ones_like(water)
            there[:10, :10] = False
            assert ((said == 0) == water)[there].mean() > 0.9

    def test_the_whole_network_learns_four_bands_and_a_file_of_three_bands_stays_out(self, coast, manager, annotator, data_dir):
        water = coast.labels.get(name="water").pk
        short = add_raster(coast, np.full((3, 96, 96), 900, np.uint16), "short.tif", data_dir)
        label_areas(short, annotator, {water: np.ones((96, 96), bool)})
        training, run = trained(coast, manager, method="fine_tune", epochs=1, batch=4, bands=[4, 1, 2, 3])
        assert run.result["metrics"]["images"]["unreadable"] == 1
        assert run.result["metrics"]["validation"]["miou"] > 0.7
        checkpoint = SegmenterCheckpoint.load(file_of(training.model))
        assert checkpoint.backbone["0.0.weight"].shape[1] == 4
        assert len(answered(coast, training.model, list(coast.images.filter(state="unlabeled")))) == 2

    def test_where_no_image_can_be_read_the_run_says_so_and_no_model_is_made(self, coast, manager, data_dir):
        training = start_training(user=manager, campaign=coast, config={**FAST, "bands": [1, 2, 3, 4]})
        for path in (data_dir / "images").glob("*.tif"):
            path.write_bytes(path.read_bytes()[:400])
        run = execute_now(training.run)
        assert run.state == RunState.FAILED
        assert "read" in run.error or "band" in run.error
        training.refresh_from_db()
        assert training.model is None

    def test_a_raster_larger_than_the_network_sees_is_answered_by_windows_without_seams(self, coast, manager, data_dir):
        training, _ = trained(coast, manager, bands=[1, 2, 3, 4])
        picture, water = load()
        cut = np.s_[700:1100, 2600:3220]
        large = add_raster(coast, four_bands(picture[cut], water[cut]), "large.tif", data_dir, nodata=NOTHING)
        (raster,) = answered(coast, training.model, [large])
        assert raster.size == (400, 620)
        said = read_map(raster.class_map)
        there = said != NO_CLASS
        assert there.sum() == 400 * 620 - 100
        assert ((said == 0) == water[cut])[there].mean() > 0.9
        predictor = load_predictor(training.model)
        pixels, _ = read_seen(data_dir / "images" / "large.tif", predictor.scale)
        whole = predictor.probabilities([pixels])[0]
        agreed = (whole.argmax(axis=0) == said)[there]
        assert agreed.mean() > 0.985
        confidence = read_map(raster.confidence_map).astype(float) / 255
        doubt = np.abs(confidence - whole.max(axis=0))[there]
        assert doubt.mean() < 0.03, "a window says nearly the same as the whole"

    def test_one_large_raster_teaches_by_its_labeled_tiles_alone(self, coast, manager, annotator, data_dir):
        picture, water = load()
        cut = np.s_[700:1212, 2600:3368]
        large = add_raster(coast, four_bands(picture[cut], water[cut]), "large.tif", data_dir, nodata=NOTHING)
        drawn = np.zeros((512, 768), bool)
        drawn[20:240, 300:700] = drawn[300:500, 20:200] = True
        ids = {label.name: label.pk for label in coast.labels.all()}
        label_areas(large, annotator, {ids["water"]: drawn & water[cut], ids["land"]: drawn & ~water[cut]})
        _, run = trained(coast, manager, bands=[1, 2, 3, 4], images=[large.pk], validation=0.4)
        assert run.result["metrics"]["tiles"]["train"] + run.result["metrics"]["tiles"]["validation"] < 6
        assert run.result["metrics"]["images"]["validation"] == 0
        assert run.result["metrics"]["tiles"]["validation"] >= 1


@pytest.mark.django_db
class TestClasses:
    @pytest.fixture
    def kinds(self, make_campaign, data_dir, annotator):
        """Chips of four bands by what they show: 16 labeled, 6 not."""
        campaign = make_campaign("Chips", labels=("ocean", "land"))
        ids = {label.name: label.pk for label in campaign.labels.all()}
        for place, chip in enumerate([chip for chip in chips() if chip.kind in ids][:22]):
            image = add_raster(campaign, four_bands(chip.pixels, chip.water), f"{chip.kind}-{place}.tif", data_dir, nodata=NOTHING)
            if place < 16:
                label_image(image, annotator, ids[chip.kind])
        return campaign

    @pytest.mark.parametrize("method", ["fast_head", "fine_tune"])
    def test_a_classifier_learns_four_bands_in_a_space_of_its_own_and_answers_in_them(self, kinds, manager, data_dir, method):
        few = {"epochs": 3, "batch": 4} if method == "fine_tune" else {}
        training, _ = trained(kinds, manager, method=method, bands=[4, 3, 2, 1], **few)
        checkpoint = ClassifierCheckpoint.load(file_of(training.model))
        assert checkpoint.scale.bands == (4, 3, 2, 1)
        spaces = [path.name for path in (data_dir / "embeddings").iterdir() if list(path.glob("vectors.bin"))]
        assert spaces == ([BackboneSpec.of_size("small", checkpoint.scale).space] if method == "fast_head" else [])
        rest = list(kinds.images.filter(state="unlabeled"))
        answers = answered(kinds, training.model, rest)
        said = [max(answer.scores, key=lambda score: score.confidence).name for answer in answers]
        assert np.mean([image.name.startswith(name) for image, name in zip(rest, said, strict=True)]) > 0.8

    def test_a_model_of_bands_ranks_a_round(self, kinds, manager):
        from active_learning.services.rounds import start_round

        training, _ = trained(kinds, manager, bands=[4, 3, 2, 1])
        round_ = start_round(user=manager, campaign=kinds, strategy="margin", size=3, model=training.model)
        run = execute_now(round_.run)
        assert run.state == RunState.SUCCEEDED, run.error


@pytest.mark.django_db
class TestObjects:
    @pytest.mark.parametrize("method", ["fast_head", "fine_tune"])
    def test_a_finder_of_boxes_learns_two_bands_and_answers_in_them(self, make_campaign, manager, annotator, data_dir, method):
        campaign = make_campaign("Boxes", task="detection", labels=("bright",))
        label, rng = campaign.labels.get().pk, np.random.default_rng(0)
        for place in range(6):
            values = rng.integers(500, 700, (2, 96, 96)).astype(np.uint16)
            values[1, 30:70, 20:60] += 4000
            image = add_raster(campaign, values, f"{place}.tif", data_dir)
            box = {"type": "box", "x": 20, "y": 30, "width": 40, "height": 40, "rotation": 0.0}
            submit(image, annotator, [{"label": label, "shape": box}])
        training, _ = trained(campaign, manager, method=method, bands=[2, 1], epochs=2, batch=2, size="small")
        kept = ObjectCheckpoint.load(file_of(training.model))
        assert kept.scale.bands == (2, 1)
        assert training.model.card["input_bands"] == "band 2, band 1"
        if method == "fine_tune":
            assert next(iter(kept.backbone.values())).shape[1] == 2
        context = RunContext(Run.objects.create(kind="round", campaign=campaign, state="running", claim="test"))
        ids = list(campaign.images.values_list("pk", flat=True)[:2])
        result = predict_pool(context, model=training.model, image_ids=ids, campaign=campaign, prefill=False)
        assert (result.answered, result.failed) == (2, 0), result.complaint
