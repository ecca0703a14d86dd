"""What a model answered about one image: frozen values that check themselves.

One frame for everything: pixels of the image as stored, floats, (0, 0) is the top-left corner of the top-left
pixel, x right, y down. Protocols convert into it. A value that breaks a rule raises ``PredictionRejected`` with
the place and the reason, so an answer is either whole and sound or not stored.

    Prediction ── items ──┬ Classification   scores per class
                          ├ Box              x, y of the unturned corner, width, height, rotation
                          ├ Polygon          shells with holes
                          ├ Mask             one object as COCO run lengths
                          ├ Raster           one class per pixel, with confidence and entropy maps
                          ├ Keypoints        named points
                          └ Embedding        one vector

Classes are the model's own: ``index`` is the output slot, None when the answer named a class that the registered
model does not have. Mapping to labels is ``models_registry.mapping``.
"""

from inference.schema.checks import (
    MAX_CLASSES,
    MAX_ITEMS,
    MAX_PIXELS,
    MAX_POINTS,
    MAX_VECTOR,
    SCHEMA,
    Activation,
    Document,
    Mode,
    Point,
    PredictionRejected,
    Ring,
)
from inference.schema.objects import Box, Keypoint, Keypoints, Mask, Polygon
from inference.schema.prediction import READERS, Dropped, Item, Prediction
from inference.schema.rasters import Raster, Shares
from inference.schema.whole import Classification, ClassScore, Embedding

__all__ = [
    "MAX_CLASSES", "MAX_ITEMS", "MAX_PIXELS", "MAX_POINTS", "MAX_VECTOR", "READERS", "SCHEMA", "Activation", "Box", "ClassScore",
    "Classification", "Document", "Dropped", "Embedding", "Item", "Keypoint", "Keypoints", "Mask", "Mode", "Point", "Polygon",
    "Prediction", "PredictionRejected", "Raster", "Ring", "Shares",
]  # fmt: skip
