"""What models at addresses are told of a person's marks, and which of their answers is the thing that was meant."""

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.geometry import decode_mask, encode_mask
from campaigns.geometry.transforms import Georeference
from campaigns.imagery.refusal import Refused
from inference.interactive.marked import marked_object
from inference.interactive.prompts import PromptPoint, Prompts
from inference.protocols import PROTOCOLS
from inference.schema import Box, Mask, Polygon, Prediction, PredictionRejected
from inference.wire import WireReply
from tests.inference.wire import HEIGHT, WIDTH, b64, card, picture, png, tiff

UTM = (10.0, 0.0, 430_000.0, 0.0, -10.0, 4_580_000.0)
CLICK = Prompts(points=(PromptPoint(4, 4),))


def parts(request: Any) -> dict[str, bytes]:
    boundary = request.headers["Content-Type"].partition("boundary=")[2].encode()
    found = {}
    for part in request.body.split(b"--" + boundary)[1:-1]:
        head, _, data = part.partition(b"\r\n\r\n")
        found[head.partition(b'name="')[2].partition(b'"')[0].decode()] = data[:-2]
    return found


def prompted(protocol: str, answer: Any, **facts: Any) -> Prediction:
    body = answer if isinstance(answer, bytes) else orjson.dumps(answer)
    return PROTOCOLS[protocol].parse_prompted(WireReply(body), picture(**facts), card("segmentation"))


def covered(item: Any) -> np.ndarray:
    return decode_mask(item.counts, item.size)


# Winnow's own contract


@pytest.mark.parametrize("protocol", ["winnow", "winnow_json"])
def test_winnow_s_question_says_what_is_marked_in_pixels_of_what_was_sent(protocol: str) -> None:
    marks = Prompts(box=(2, 2, 12, 6), points=(PromptPoint(4, 4), PromptPoint(8, 2, positive=False)))
    request = PROTOCOLS[protocol].build_prompt_request(picture(sent_width=10, sent_height=5), card("segmentation"), marks)
    document = orjson.loads(request.body if protocol == "winnow_json" else parts(request)["request"])
    assert document["prompts"] == [
        {"type": "point", "x": 2.0, "y": 2.0, "positive": True},
        {"type": "point", "x": 4.0, "y": 1.0, "positive": False},
        {"type": "box", "box": [1.0, 1.0, 6.0, 3.0]},
    ]
    assert "prompts" not in PROTOCOLS[protocol].build_request(picture(), card("segmentation")).body.decode("latin-1")


def test_what_a_marked_thing_is_called_does_not_matter() -> None:
    mask = {"kind": "mask", "mask": {"size": [HEIGHT, WIDTH], "counts": encode_mask(np.eye(HEIGHT, WIDTH, dtype=bool))}}
    assert len(prompted("winnow_json", {"items": [mask, {**mask, "class": "anything"}]}).items) == 2


# SCANEO's form


def test_scaneo_gets_points_label_crs_and_transform_in_gdal_s_order() -> None:
    image = picture(crs="EPSG:32631", transform=UTM)
    sent = parts(PROTOCOLS["scaneo"].build_prompt_request(image, card("segmentation", "water", "land"), CLICK))
    assert {name: sent[name] for name in ("points", "label", "crs", "transform")} == {
        "points": b"[[4.0,4.0]]", "label": b"water", "crs": b"EPSG:32631", "transform": b"[430000.0,10.0,0.0,4580000.0,0.0,-10.0]",
    }  # fmt: skip
    assert sent["image"] == b"bytes"
    assert PROTOCOLS["scaneo"].prompt_form == "encoded"


def test_a_point_off_the_thing_is_never_among_those_that_scaneo_s_servers_take_for_on_it() -> None:
    marks = Prompts(points=(PromptPoint(4, 4), PromptPoint(8, 2, positive=False)))
    sent = parts(PROTOCOLS["scaneo"].build_prompt_request(picture(), card("segmentation"), marks))
    assert (sent["points"], sent["negative_points"]) == (b"[[4.0,4.0]]", b"[[8.0,2.0]]")


def test_of_a_box_alone_scaneo_gets_the_middle() -> None:
    sent = parts(PROTOCOLS["scaneo"].build_prompt_request(picture(), card("segmentation"), Prompts(box=(2, 2, 12, 6))))
    assert (sent["points"], sent["box"]) == (b"[[7.0,4.0]]", b"[2.0,2.0,12.0,6.0]")


@given(st.lists(st.tuples(st.floats(1, WIDTH - 1), st.floats(1, HEIGHT - 1)), min_size=3, max_size=3, unique=True))
def test_a_feature_in_degrees_lies_where_it_was_seen(corners: list[tuple[float, float]]) -> None:
    ring = [*corners, corners[0]]
    degrees = Georeference("EPSG:32631", UTM).to_lonlat(np.array(ring)).tolist()
    feature = {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [[degrees]]}, "properties": {"label": "water"}}
    for answer in (feature, {"type": "FeatureCollection", "features": [feature]}, feature["geometry"]):
        for item in prompted("scaneo", answer, crs="EPSG:32631", transform=UTM).items:
            assert isinstance(item, Polygon)
            found = np.array(sorted({point for rings in item.polygons for r in rings for point in r}))
            assert all(np.abs(found - np.array(corner)).sum(axis=1).min() < 1e-3 for corner in corners if len(found) == 3)


def test_an_error_with_status_200_is_shown_and_not_stored_as_geometry() -> None:
    with pytest.raises(PredictionRejected, match="CUDA out of memory"):
        prompted("scaneo", {"error": "CUDA out of memory"})


def test_a_mask_is_taken_in_the_place_of_a_feature() -> None:
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    mask[2:5, 3:9] = 1
    for answer in (png(mask), tiff(mask[None]), {"mask": b64(png(mask))}, tiff(mask[None] * np.float32(0.8))):
        found = marked_object(prompted("scaneo", answer), CLICK, polygon=False)
        assert (decode_mask(found["shape"]["counts"], found["shape"]["size"]) == mask.astype(bool)).all()


@pytest.mark.parametrize(
    "answer",
    [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}},
        {"type": "Feature"},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[1], [2], [3]]]}},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[["a", 1], [2, 2], [3, 3]]]}},
        {"type": "FeatureCollection", "features": {}},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[500.0, 95.0], [1, 2], [3, 4]]]}},
    ],
)
def test_other_geometry_is_rejected(answer: Any) -> None:
    with pytest.raises(PredictionRejected):
        prompted("scaneo", answer, crs="EPSG:32631", transform=UTM)


# Which answer is meant


def masked(rows: slice, columns: slice, confidence: float | None) -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[rows, columns] = True
    return Mask(1, "object", confidence, mask.shape, encode_mask(mask))


def predicted(*items: Any) -> Prediction:
    return Prediction(items, WIDTH, HEIGHT)


def test_of_several_things_the_one_under_the_click_is_meant_and_then_the_surest() -> None:
    elsewhere, weak, sure = (
        masked(slice(8, 10), slice(15, 20), 0.99),
        masked(slice(2, 6), slice(2, 6), 0.3),
        masked(slice(3, 7), slice(3, 8), 0.8),
    )
    found = marked_object(predicted(elsewhere, weak, sure), CLICK, polygon=False)
    assert (found["confidence"], found["shape"]["counts"]) == (0.8, sure.counts)
    off = Prompts(points=(PromptPoint(4, 4), PromptPoint(7, 4, positive=False)))
    assert marked_object(predicted(elsewhere, weak, sure), off, polygon=False)["confidence"] == 0.3


def test_a_confidence_that_nobody_gave_is_not_made_up() -> None:
    assert marked_object(predicted(masked(slice(2, 6), slice(2, 6), None)), CLICK, polygon=False)["confidence"] is None


def test_an_outline_stays_the_outline_that_the_model_drew() -> None:
    ring = ((2.0, 2.0), (9.5, 2.0), (9.5, 6.5), (2.0, 2.0))
    found = marked_object(predicted(Polygon(1, "object", 0.5, ((ring,),))), CLICK, polygon=True)
    assert found["polygon"]["polygons"] == [[[list(point) for point in ring]]]
    assert found["shape"]["type"] == "mask"


def test_the_outline_of_a_mask_goes_along_its_pixels() -> None:
    found = marked_object(predicted(masked(slice(2, 6), slice(3, 9), 0.5)), CLICK, polygon=True)
    (part,) = found["polygon"]["polygons"]
    assert {tuple(point) for point in part[0]} == {(3.0, 2.0), (9.0, 2.0), (9.0, 6.0), (3.0, 6.0)}


def test_a_box_is_filled() -> None:
    found = marked_object(predicted(Box(1, "object", 0.5, 3.0, 2.0, 6.0, 4.0)), CLICK, polygon=False)
    assert found["shape"]["bbox"] == [3.0, 2.0, 6.0, 4.0]


def test_nothing_is_told_as_nothing() -> None:
    empty = Mask(1, "object", 0.9, (HEIGHT, WIDTH), encode_mask(np.zeros((HEIGHT, WIDTH), dtype=bool)))
    for prediction in (predicted(), predicted(empty)):
        with pytest.raises(Refused) as told:
            marked_object(prediction, CLICK, polygon=False)
        assert told.value.code == "nothing_found"


def test_strokes_are_thinned_to_a_few_points() -> None:
    stroke = tuple((float(x), 5.0) for x in range(200))
    dots = Prompts(foreground=(stroke,), background=(stroke[:1],)).dots()
    assert 8 <= sum(dot.positive for dot in dots) <= 9
    assert sum(not dot.positive for dot in dots) == 1
