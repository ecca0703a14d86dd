"""Pictures and models for the tests of protocols."""

import base64
import io
from typing import Any

import numpy as np
import orjson
from PIL import Image
from rasterio.io import MemoryFile

from inference.protocols import PROTOCOLS
from inference.schema import Prediction
from inference.wire import ModelCard, ModelClass, ModelInput, WireReply
from models_registry.options import ModelOptions

WIDTH, HEIGHT = 20, 10


def card(task: str, *names: str, multi_label: bool = False, **options: Any) -> ModelCard:
    classes = tuple(ModelClass(index, name) for index, name in enumerate(names or ("ocean", "land")))
    return ModelCard("http://127.0.0.1:1/predict", task, classes, multi_label, "Coast", "3", ModelOptions(**options))


def picture(**facts: Any) -> ModelInput:
    return ModelInput(b"bytes", "image/png", **{"width": WIDTH, "height": HEIGHT, "name": "a.png", "id": 7, **facts})


def ask(protocol: str, model: ModelCard, answer: Any, image: ModelInput | None = None) -> Prediction:
    body = answer if isinstance(answer, bytes) else orjson.dumps(answer)
    return PROTOCOLS[protocol].parse(WireReply(body), image or picture(), model)


def png(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


def tiff(bands: np.ndarray, **profile: Any) -> bytes:
    count, height, width = bands.shape
    with MemoryFile() as memory:
        with memory.open(driver="GTiff", count=count, height=height, width=width, dtype=bands.dtype, **profile) as file:
            file.write(bands)
        return bytes(memory.read())


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
