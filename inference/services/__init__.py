"""What may be done with models' answers; one module per concern, a verb per function."""

from inference.services.answering import PoolResult, predict_pool
from inference.services.ensembles import load_ensemble, renew_version, require_unchanged
from inference.services.executing import execute_inference
from inference.services.opening import predict_image
from inference.services.reading import heat_map_bytes, predictions_of, unsure_areas
from inference.services.starting import start_inference

__all__ = [
    "PoolResult",
    "execute_inference",
    "heat_map_bytes",
    "load_ensemble",
    "predict_image",
    "predict_pool",
    "predictions_of",
    "renew_version",
    "require_unchanged",
    "start_inference",
    "unsure_areas",
]
