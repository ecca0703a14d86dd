"""The parts of a segmentation training, each alone: label maps, tiles, samples, figures, the network and its file."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from active_learning.training.label_maps import UNLABELED, pixel_targets
from active_learning.training.pixel_metrics import confusion, iou_of, mean_iou, pixel_accuracy, rows_of
from active_learning.training.pixel_samples import FeatureCache, Seen, drawn_pixels
from active_learning.training.segmentation import divide_tiles
from active_learning.training.targets import TrainedClass
from active_learning.training.tiles import Raster, Tile, plan_tiles
from campaigns.errors import InvalidInput
from campaigns.geometry import mask_document
from models_registry.networks.backbones import as_tensor
from models_registry.networks.heads import LinearHead
from models_registry.networks.pyramid import dimension, features_of, padded
from models_registry.networks.segmenter import Decoder, Segmenter, normaliser, pixel_backbone
from models_registry.networks.segmenter_checkpoint import SegmenterCheckpoint
from models_registry.networks.tensors import TensorFileError

WATER, LAND = TrainedClass(7, "water"), TrainedClass(9, "land")


def box(x, y, width, height, label=7, **fields):
    shape = {"type": "box", "x": x, "y": y, "width": width, "height": height, "rotation": 0.0}
    return {"label": label, "shape": shape, "review": "accepted", **fields}


def painted(*annotations, labels=(WATER, LAND), window=(0, 0, 8, 6), **options):
    return pixel_targets([list(annotations)], labels, **options).drawings[0].label_map(window)


class TestLabelMaps:
    def test_pixels_take_the_class_of_what_lies_on_top_and_the_rest_teaches_nothing(self):
        found = painted(box(0, 0, 4, 6, z=1), box(2, 0, 4, 6, label=9))
        assert found[0].tolist() == [0, 0, 0, 0, 1, 1, UNLABELED, UNLABELED]
        assert painted(box(0, 0, 4, 6), box(2, 0, 4, 6, label=9))[0].tolist() == [0, 0, 1, 1, 1, 1, UNLABELED, UNLABELED]

    def test_polygons_ellipses_turned_boxes_and_masks_are_all_areas(self):
        ring = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
        polygon = {"label": 7, "shape": {"type": "polygon", "polygons": [[ring, [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]]]}}
        found = painted(polygon, box(5, 0, 2, 2, label=9))
        assert found[1, 1] == UNLABELED, "a hole stays empty"
        assert (found[:4, :4] == 0).sum() == 15
        ellipse = {"label": 7, "shape": {"type": "ellipse", "cx": 4, "cy": 3, "rx": 3, "ry": 2, "rotation": 0}}
        found = painted(ellipse, box(0, 0, 1, 1, label=9))
        assert found[3, 4] == 0
        assert found[5, 7] == UNLABELED
        turned = box(2, 2, 4, 2)
        turned["shape"]["rotation"] = 90.0
        assert painted(turned, box(0, 0, 1, 1, label=9))[1, 4] == 0
        pixels = np.zeros((6, 8), bool)
        pixels[2, 3] = pixels[5, 7] = True
        found = painted({"label": 9, "shape": mask_document(pixels)}, box(0, 0, 1, 1))
        assert np.array_equal(found == 1, pixels)

    @given(
        st.lists(
            st.tuples(st.integers(-3, 20), st.integers(-3, 20), st.integers(1, 9), st.integers(1, 9), st.sampled_from([7, 9])), min_size=1
        ),
        st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 8), st.integers(1, 8)),
    )
    def test_a_window_shows_what_the_whole_image_shows_there(self, boxes, window):
        document = [*(box(x, y, w, h, label) for x, y, w, h, label in boxes), box(0, 0, 1, 1), box(1, 0, 1, 1, 9)]
        drawing = pixel_targets([document], (WATER, LAND)).drawings[0]
        column, row, width, height = window
        whole = drawing.label_map((0, 0, 20, 20))
        assert np.array_equal(drawing.label_map(window), whole[row : row + height, column : column + width])

    def test_drafts_lines_points_and_labels_of_the_whole_image_are_no_areas(self):
        line = {"label": 9, "shape": {"type": "polyline", "points": [[0, 0], [5, 5]]}}
        whole = {"label": 9, "shape": {"type": "whole"}}
        with pytest.raises(InvalidInput, match="land"):
            pixel_targets([[box(0, 0, 2, 2), line, whole, box(0, 0, 3, 3, 9, review="draft")]], (WATER, LAND), unlabeled="ignore")

    def test_background_is_a_class_when_asked_for_and_then_empty_images_teach_it(self):
        targets = pixel_targets([[box(0, 0, 2, 2), box(2, 2, 2, 2, 9)], []], (WATER, LAND), unlabeled="background")
        assert [each.name for each in targets.classes] == ["water", "land", "background"]
        assert (targets.drawings[1].label_map((0, 0, 3, 3)) == 2).all()
        plain = pixel_targets([[box(0, 0, 2, 2), box(2, 2, 2, 2, 9)], []], (WATER, LAND))
        assert plain.rows.tolist() == [0]


class TestTiles:
    def test_of_a_large_raster_only_the_tiles_with_labels_are_read(self, tmp_path):
        raster = Raster(tmp_path / "none.tif", 1000, 800, "0" * 64)
        drawing = pixel_targets([[box(510, 300, 20, 20), box(990, 790, 5, 5, 9)]], (WATER, LAND)).drawings[0]
        tiles = plan_tiles([raster], [drawing], 256, np.random.default_rng(0))
        assert 0 < len(tiles) <= 5
        labeled = sum((drawing.label_map(tile.window) != UNLABELED).sum() for tile in tiles)
        assert labeled >= 425, "no labeled pixel is lost"

    def test_too_many_tiles_are_cut_to_the_limit_drawn_ones_first(self, tmp_path):
        raster = Raster(tmp_path / "none.tif", 2560, 2560, "0" * 64)
        drawing = pixel_targets([[box(10, 10, 20, 20)]], (WATER,)).drawings[0]
        tiles = plan_tiles([raster] * 3, [drawing] * 3, 256, np.random.default_rng(0), most_pixels=12 * 256**2)
        assert len(tiles) == 12
        assert {tile.row for tile in tiles} == {0, 1, 2}
        assert all(any(tile.row == row and tile.window[:2] == (0, 0) for tile in tiles) for row in range(3))

    def test_no_image_is_on_both_sides_and_a_single_image_is_divided_by_its_tiles(self):
        tiles = [Tile(row, (column, 0, 9, 9)) for row in range(6) for column in range(3)]
        division = divide_tiles(tiles, frozenset({2}), np.ones((6, 1)), ["any"] * 6, share=0.4, seed=1)
        sides = [{tiles[place].row for place in places} for places in (division.train, division.validation)]
        assert not sides[0] & sides[1]
        assert sides[0] | sides[1] == {0, 1, 3, 4, 5}
        alone = divide_tiles(tiles[:3] * 4, frozenset(), np.ones((1, 1)), ["any"], share=0.25, seed=1)
        assert (len(alone.train), len(alone.validation)) == (9, 3)
        assert alone.within_an_image


class TestSamples:
    def test_small_classes_are_drawn_more_than_their_share_and_never_an_unlabeled_pixel(self):
        labels = np.zeros((60, 60), np.int16)
        labels[:5, :5], labels[40:] = 1, UNLABELED
        plain, balanced = (labels[drawn_pixels(labels, 200, np.random.default_rng(0), balanced=each)] for each in (False, True))
        assert len(plain) == len(balanced) == 200
        assert min(plain.min(), balanced.min()) >= 0
        assert (balanced == 1).sum() > 3 * max(1, (plain == 1).sum())

    def test_features_found_again_are_those_that_were_kept_and_the_oldest_make_room(self, tmp_path):
        raster, network = Raster(tmp_path / "a.png", 64, 32, "a" * 64), pixel_backbone()
        features = features_of(network, [picture(32, 64)], normaliser(None))[0]
        cache = FeatureCache(tmp_path, "space", most_bytes=200_000)
        assert cache.find(raster, Tile(0, (0, 0, 64, 32))) is None
        for column in range(8):
            cache.keep(raster, Tile(0, (column, 0, 64, 32)), Seen(features.halved(), None))
        found = cache.find(raster, Tile(0, (7, 0, 64, 32)))
        rows, columns = np.arange(20), np.arange(20)
        assert np.allclose(found.features.at(rows, columns), features.at(rows, columns), rtol=1e-2, atol=1e-2)
        cache.trim()
        assert sum(path.stat().st_size for path in tmp_path.rglob("*.maps")) <= 200_000
        assert list(tmp_path.rglob("*.maps"))


def picture(height, width, bands=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, bands), dtype=np.uint8)


def some_head(classes=3, bands=3, seed=1):
    rng = np.random.default_rng(seed)
    size = dimension(bands)
    return LinearHead(
        rng.normal(size=size).astype(np.float32), rng.uniform(0.5, 2, size).astype(np.float32),
        rng.normal(size=(classes, size)).astype(np.float32), rng.normal(size=classes).astype(np.float32),
    )  # fmt: skip


class TestNetwork:
    def test_a_head_asked_on_the_maps_says_what_it_says_of_every_pixel(self):
        backbone, head, pixels = pixel_backbone(), some_head(), picture(40, 70)
        features = features_of(backbone, [pixels], normaliser(None))[0]
        rows, columns = np.divmod(np.arange(40 * 70), 70)
        one_by_one = head.logits(features.at(rows, columns)).reshape(40, 70, 3)
        with torch.inference_mode():
            together = Segmenter(backbone, head, None)(as_tensor(padded(pixels)[None]))[0, :, :40, :70].permute(1, 2, 0).numpy()
        assert np.allclose(one_by_one, together, atol=2e-2, rtol=1e-3)

    def test_a_new_decoder_changes_nothing_and_its_seed_decides_it(self):
        backbone, head = pixel_backbone(), some_head()
        batch = as_tensor(picture(64, 64)[None])
        with torch.inference_mode():
            plain = Segmenter(backbone, head, None)(batch)
            assert torch.equal(plain, Segmenter(backbone, head, None, Decoder(3, 16))(batch))
        one, two, other = (Decoder(3, 16, seed=seed).deep.weight for seed in (1, 1, 2))
        assert torch.equal(one, two)
        assert not torch.equal(one, other)

    def test_a_file_gives_back_what_was_saved_and_a_cut_one_says_so(self, tmp_path):
        checkpoint = SegmenterCheckpoint(some_head(), ("a", "b", "c"), "small", "0" * 64)
        checkpoint.save(tmp_path / "model")
        again = SegmenterCheckpoint.load(tmp_path / "model")
        assert again.classes == ("a", "b", "c")
        assert np.array_equal(again.head.weight, checkpoint.head.weight)
        (tmp_path / "cut").write_bytes((tmp_path / "model").read_bytes()[:900])
        with pytest.raises(TensorFileError):
            SegmenterCheckpoint.load(tmp_path / "cut")


class TestFigures:
    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 2)), min_size=1, max_size=60))
    def test_iou_is_that_of_sets_of_pixels(self, pairs):
        said, true = (np.array(each) for each in zip(*pairs, strict=True))
        counts = confusion(said, true, 3)
        known = true != UNLABELED
        for k, found in enumerate(iou_of(counts)):
            a, b = (said == k) & known, (true == k) & known
            assert np.isnan(found) if not (a | b).any() else found == (a & b).sum() / (a | b).sum()
        assert 0 <= mean_iou(counts) <= 1
        assert pixel_accuracy(counts) == (np.mean(said[known] == true[known]) if known.any() else 0)
        assert [row["support"] for row in rows_of(counts)] == [int((true == k).sum()) for k in range(3)]
