"""Write a model as an archive that runs by itself: network, labels, our pure modules, and how to start it."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import IO, Final

from inference.offline.manifest import BACKBONE, CHECKPOINT, TENSORS, Manifest
from inference.offline.modules import ROOT, Needed, needed_by
from inference.offline.server import PORT
from inference.tensors.settings import TensorSettings
from models_registry.networks.tensors import read_document

SERVER: Final = "inference.offline.server"
DISTRIBUTIONS: Final = {"PIL": "pillow", "cv2": "opencv-python-headless"}
"""Packages that are installed by another name than they are imported by."""
PREDICTORS: Final = "inference.protocols.local", "inference.protocols.local_objects", "inference.protocols.segmenter"
"""What loads checkpoints of ours; it is named by strings there, which no search for imports finds."""
BUILDS: Final = frozenset({"torch", "torchvision"})
"""Packages that come in several builds, each with needs of its own: pip settles these where the model is going to live."""
UPLOADS: Final = frozenset({"safetensors"})
"""Packages that read what people upload; a packed model has its weights with it."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
SERVE: Final = '''"""Answer the predict API with the model in this folder: python serve.py --help."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "lib"))

from inference.offline.server import main  # noqa: E402

main(HERE)
'''
DOCKERFILE: Final = """FROM python:{python}-slim
WORKDIR /srv/model
COPY requirements.txt ./
RUN pip install --no-cache-dir --requirement requirements.txt && useradd --system model
COPY . ./
USER model
EXPOSE {port}
HEALTHCHECK CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:{port}/healthz', timeout=5)"]
ENTRYPOINT ["python", "serve.py", "--host", "0.0.0.0", "--port", "{port}"]
"""
README: Final = """# {name}, version {version}

A model of the campaign "{campaign}"{checkpoint}, with a server in plain Python. It answers as Winnow's predict API does, at the same
addresses and in the same shapes, without Winnow and without a network.

## Start it

    python -m venv env
    env/bin/pip install --requirement requirements.txt
    env/bin/python serve.py

or, with Docker:

    docker build --tag model . && docker run --rm --publish {port}:{port} model

{build}It was packed with Python {python}, and runs on Linux and macOS; elsewhere use Docker. `serve.py --help` lists the settings:
`--host 0.0.0.0` lets other machines ask, `--token` (or WINNOW_TOKEN) makes callers send a token, `--allow-urls` lets it fetch pictures.

## Ask it

    curl --data-binary @picture.jpg -H "Content-Type: application/octet-stream" http://127.0.0.1:{port}/api/predict/{campaign_id}/{model_id}

answers `[{{"label", "score", …}}]`, scores from 0 to 100 and boxes in pixels, as SentiSight does. Everything there is to know comes from

    curl --data-binary @picture.jpg -H "Content-Type: application/octet-stream" \\
      http://127.0.0.1:{port}/api/v1/campaigns/{campaign_id}/models/{model_id}/predict

A picture may also come as a form with a file `image`, as {{"base64": "…"}}, or, where it is allowed, as {{"url": "…"}}. `?threshold=0.5`
and `?thresholds={{"Water": 0.4}}` set the least confidence; `?profile=NAME` takes thresholds that were kept under a name.
`GET /healthz` says that it lives.

## What is here

- `{network}`: the network. {about}
- `labels.json`: labels of the campaign, which class of the network stands for which, thresholds and their profiles. Edit them if you like.
- `lib/`: modules of Winnow that read pictures and answers, as they are in Winnow under its licence, Apache 2.0.
- `requirements.txt`: the exact versions of the packages that it was packed with.
"""
_CLASSIFIER: Final = (
    "Input `image`: (n, 3, {side}, {side}) float32, red, green and blue from 0 to 255; output `probabilities`: (n, {classes})."
)
_CHECKPOINT: Final = "It is computed by torch, on the processor; WINNOW_DEVICE=cuda takes a GPU."
_BUILD: Final = (
    "Any build of torch of that version serves; the one for processors alone is much smaller than the one that pip takes by itself.\n\n"
)
_TENSORS: Final = "The file as it was uploaded; labels.json says how pictures become its input, and how its outputs are read."


def write_archive(target: IO[bytes], manifest: Manifest, network: Path, backbone: Path | None = None) -> None:
    """Write the ZIP. ``network``: its file, which goes in as it is; ``backbone``: the weights that a checkpoint stands on, likewise."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(network, manifest.network, zipfile.ZIP_STORED)  # numbers of a network do not shrink
        if backbone is not None:
            archive.write(backbone, BACKBONE, zipfile.ZIP_STORED)
        archive.writestr("labels.json", json.dumps(manifest.as_document(), indent=2, ensure_ascii=False) + "\n")
        archive.writestr("serve.py", SERVE)
        archive.writestr("requirements.txt", "".join(f"{line}\n" for line in requirements(manifest, of_timm=_of_timm(manifest, network))))
        archive.writestr("Dockerfile", DOCKERFILE.format(python=_python(), port=PORT))
        archive.writestr("README.md", _readme(manifest))
        if (ROOT / "LICENSE").is_file():
            archive.write(ROOT / "LICENSE", "lib/LICENSE")
        for file in needed(manifest.kind).files:
            archive.write(ROOT / file, f"lib/{file}")


def _of_timm(manifest: Manifest, network: Path) -> bool:
    return manifest.kind == CHECKPOINT and (read_document(network).get("network") or {}).get("library") == "timm"


def needed(kind: str) -> Needed:
    """Return what the server needs for models of a kind."""
    return needed_by(SERVER, *PREDICTORS) if kind == CHECKPOINT else needed_by(SERVER)


def requirements(manifest: Manifest, *, of_timm: bool = False) -> list[str]:
    """Return the packages that the server needs for this model, pinned to the versions that are installed here."""
    packages = set(needed(manifest.kind).packages) - UPLOADS
    if not of_timm:
        packages.discard("timm")
    if manifest.kind != TENSORS or TensorSettings.from_options(manifest.card.options).resample != "linear":
        packages.discard("cv2")  # only bilinear tensors are made with it
    names = _with_theirs(DISTRIBUTIONS.get(each, each) for each in packages)
    return [f"{name}=={metadata.version(name).partition('+')[0]}" for name in sorted(names)]  # "+cpu" names a build


def _with_theirs(names: Iterable[str]) -> set[str]:
    """Return packages with those that they need in turn, as they are installed here."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found or not _is_installed(name):  # what is not here is needed on other systems alone
            continue
        found.add(name)
        if name in BUILDS:
            continue
        wanted = [each for each in metadata.requires(name) or () if "extra ==" not in each]
        waiting += [match[0] for match in map(_NAME.match, wanted) if match]
    return found


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _readme(manifest: Manifest) -> str:
    model = manifest.model
    texts = {TENSORS: _TENSORS, CHECKPOINT: _CHECKPOINT}
    about = texts.get(manifest.kind) or _CLASSIFIER.format(side=manifest.side_px, classes=len(manifest.card.classes))
    return README.format(
        name=model.name, version=model.version, campaign=manifest.campaign_name, campaign_id=manifest.campaign_id, model_id=model.id,
        checkpoint=f" ({model.role} checkpoint)" if model.role else "", python=_python(), port=PORT, network=manifest.network, about=about,
        build=_BUILD if manifest.kind == CHECKPOINT else "",
    )  # fmt: skip
