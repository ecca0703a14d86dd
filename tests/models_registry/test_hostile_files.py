"""Files that run code when they are unpickled: no way in that takes weights does so."""

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from campaigns.errors import Conflict
from models_registry.networks.backbones import trained_features
from models_registry.networks.checkpoint import ClassifierCheckpoint
from models_registry.networks.object_checkpoint import ObjectCheckpoint
from models_registry.networks.onnx_files import OnnxRefused, check_file
from models_registry.networks.tensors import TensorFileError
from models_registry.networks.weights import WeightsFile
from models_registry.promptable import DECODER, ENCODER, SegmenterFiles, check_networks


class Bomb:
    """Makes a folder where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "it ran"


def written(kind: str, mark: Path, path: Path) -> Path:
    """Write the bomb as a plain pickle, as torch saves, or as numpy does."""
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Bomb(mark), protocol=2))
    elif kind == "torch":
        torch.save({"features.0.0.weight": Bomb(mark)}, path)
    else:
        np.save(path.with_suffix(".npy"), np.array([Bomb(mark)], dtype=object), allow_pickle=True)
        path.with_suffix(".npy").rename(path)
    return path


KINDS = ["pickle", "torch", "numpy"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_bomb_is_live(kind: str, mark: Path, tmp_path: Path):
    path = written(kind, mark, tmp_path / "file")
    if kind == "pickle":
        pickle.loads(path.read_bytes())
    elif kind == "torch":
        assert zipfile.is_zipfile(path)
        torch.load(path, weights_only=False)
    else:
        np.load(path, allow_pickle=True)
    assert mark.is_dir()


@pytest.mark.parametrize("checkpoint", [ClassifierCheckpoint, ObjectCheckpoint])
@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_runs_no_code(kind: str, checkpoint: type[ClassifierCheckpoint | ObjectCheckpoint], mark: Path, tmp_path: Path):
    with pytest.raises(TensorFileError):
        checkpoint.load(written(kind, mark, tmp_path / "file"))
    assert not mark.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_weights_of_a_backbone_run_no_code(kind: str, mark: Path, tmp_path: Path):
    with pytest.raises(Conflict) as refused:
        trained_features(WeightsFile(written(kind, mark, tmp_path / "file"), "0" * 64))
    assert refused.value.code == "backbone_weights_unfit"
    assert not mark.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_segmenter_runs_no_code(kind: str, mark: Path, tmp_path: Path):
    for name in (ENCODER, DECODER):
        written(kind, mark, tmp_path / name)
    with pytest.raises(Conflict):
        check_networks(SegmenterFiles(tmp_path, "0" * 64, "1" * 64))
    assert not mark.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_an_uploaded_network_runs_no_code(kind: str, mark: Path, tmp_path: Path):
    with pytest.raises(OnnxRefused):
        check_file(written(kind, mark, tmp_path / "upload.onnx"))
    assert not mark.exists()
