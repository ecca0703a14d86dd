"""Read what models answered."""

from django.conf import settings
from django.db.models import QuerySet

from campaigns.errors import NotFound
from campaigns.models import Image, User
from campaigns.permissions import VIEW, require_role
from inference.answers import draw_unsure_objects, objects_with_confidence
from inference.areas import UnsureArea, levels_of, rank_objects, rank_pixels
from inference.models import Prediction
from inference.store import load_prediction

MOST_ANSWERS = 20
OBJECT_KINDS = frozenset({"box", "polygon", "mask", "keypoints"})


def predictions_of(*, user: User, image: Image, model_id: int | None = None) -> QuerySet[Prediction]:
    """Return the answers about an image, newest first, perhaps of one model alone."""
    require_role(user, image.campaign, VIEW)
    predictions = Prediction.objects.filter(image=image).select_related("model").order_by("-created_at", "-id")
    return predictions if model_id is None else predictions.filter(model=model_id)


def has_heat_map(prediction: Prediction) -> bool:
    """Say whether a heat map is stored, or can be drawn from the confidences of objects."""
    if prediction.heat_map:
        return True
    return any(item["kind"] in OBJECT_KINDS and item.get("confidence") is not None for item in prediction.document["items"])


def heat_map_bytes(*, user: User, prediction_id: int) -> bytes:
    """Return the PNG of an answer's uncertainty; raises NotFound for a stranger and where there is nothing to draw."""
    prediction = Prediction.objects.select_related("image__campaign").filter(pk=prediction_id).first()
    if prediction is None:
        raise NotFound("There is no such prediction.")
    require_role(user, prediction.image.campaign, VIEW)
    if prediction.heat_map:
        path = settings.DATA_DIR / prediction.heat_map
        if path.is_file():
            stored: bytes = path.read_bytes()
            return stored
    drawn = draw_unsure_objects(load_prediction(prediction)) if has_heat_map(prediction) and not prediction.heat_map else None
    if drawn is None:
        raise NotFound("This answer has no confidences to draw a heat map from.")
    return drawn


def unsure_areas(*, user: User, image: Image, limit: int) -> tuple[Prediction | None, list[UnsureArea]]:
    """Return the newest answer that says where it is unsure, and those places, least certain first; (None, []) without one."""
    for prediction in predictions_of(user=user, image=image)[:MOST_ANSWERS]:
        path = settings.DATA_DIR / prediction.heat_map
        if prediction.heat_map and path.is_file():
            return prediction, rank_pixels(levels_of(path.read_bytes()), width=image.width, height=image.height, limit=limit)
        if not prediction.heat_map and has_heat_map(prediction):
            return prediction, rank_objects(objects_with_confidence(load_prediction(prediction)), limit=limit)
    return None, []
