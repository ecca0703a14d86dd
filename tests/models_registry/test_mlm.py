"""Model cards of the STAC Machine Learning Model extension become a filled form."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from campaigns.models import Campaign, User
from models_registry.card import checked_card
from models_registry.mlm import CardUnreadable, read_item
from models_registry.options import ModelOptions


def item(**properties: Any) -> dict[str, Any]:
    """A card as version 1.5 writes it."""
    bands = ["B02", "B03", "B04", "B08"]
    return {
        "type": "Feature", "id": "clouds-v2", "links": [{"rel": "about", "href": "https://example.org/clouds"}],
        "properties": {
            "description": "Finds clouds.", "license": "Apache-2.0", "version": "2", "mlm:name": "Clouds", "mlm:architecture": "U-Net",
            "mlm:tasks": ["semantic-segmentation"],
            "mlm:input": [{
                "name": "chip", "bands": [{"name": band} for band in bands],
                "input": {"shape": [-1, 4, 256, 512], "dim_order": ["batch", "channel", "height", "width"], "data_type": "float32"},
                "value_scaling": [{"type": "z-score", "mean": 100 * n, "stddev": 10} for n in range(4)],
            }],
            "mlm:output": [{
                "name": "mask", "tasks": ["semantic-segmentation"],
                "classification:classes": [{"value": 1, "name": "cloud"}, {"value": 0, "name": "clear"}],
            }],
            **properties,
        },
    }  # fmt: skip


def test_a_card_fills_in_the_form() -> None:
    read = read_item(item())
    assert (read.name, read.version, read.task, read.description) == ("Clouds", "2", "segmentation", "Finds clouds.")
    assert read.classes == [{"index": 0, "name": "clear"}, {"index": 1, "name": "cloud"}]
    assert read.options == {
        "image_format": "geotiff",
        "extra": {
            "layout": "NCHW", "width": 512, "height": 256, "datatype": "FP32", "scale": "1", "mean": "0, 100, 200, 300", "std": "10",
        },
    }  # fmt: skip
    assert read.card == {
        "input_bands": "B02, B03, B04, B08", "normalisation": "z-score: minus 0, 100, 200, 300, divided by 10", "licence": "Apache-2.0",
        "reference": "https://example.org/clouds", "notes": "Architecture: U-Net.",
    }  # fmt: skip
    assert ModelOptions.from_document(read.options)
    assert checked_card(read.card) == read.card


def test_an_older_card_with_statistics_and_one_of_colours_are_read_too() -> None:
    old = {
        "bands": ["Red", "Green", "Blue"], "norm_type": "min-max", "statistics": [{"minimum": 0, "maximum": 255}],
        "input": {"shape": [-1, -1, 3], "dim_order": ["height", "width", "channel"], "data_type": "uint8"},
    }  # fmt: skip
    read = read_item(item(**{"mlm:input": [old]}))
    assert read.options == {"extra": {"layout": "HWC", "datatype": "UINT8", "scale": "1", "mean": "0", "std": "255"}}
    assert read.warnings == []


def test_what_is_not_carried_over_is_told() -> None:
    odd = {
        "bands": [], "value_scaling": [{"type": "processing", "expression": {}}],
        "input": {"shape": [4, 256], "dim_order": ["time", "channel"], "data_type": "complex64"},
    }  # fmt: skip
    twice = [{"value": 0, "name": "a"}, {"value": 0, "name": "b"}]
    output = [{"tasks": ["regression"], "classification:classes": twice}, {}]
    read = read_item(item(**{"mlm:input": [odd], "mlm:output": output, "mlm:tasks": []}))
    assert read.task == ""
    assert read.options == {}
    assert read.classes == [{"index": 0, "name": "a"}]
    assert len(read.warnings) == 5


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], "expected a STAC item"),
        ({"properties": []}, "expected a STAC item"),
        ({"properties": {"datetime": None}}, 'properties: expected fields that begin with "mlm:"'),
        (item(**{"mlm:output": [{"classification:classes": [3]}]}), r"classification:classes\[0\]: expected an object"),
        (item(**{"mlm:output": [{"classification:classes": [{"value": -1, "name": "x"}]}]}), "expected a value from 0 to 65534 and a name"),
    ],
)
def test_what_is_no_card_is_refused_with_its_place(document: Any, complaint: str) -> None:
    with pytest.raises(CardUnreadable, match=complaint):
        read_item(document)


NAMES = (
    "name", "value", "shape", "dim_order", "type", "mean", "stddev", "input", "bands", "value_scaling", "classification:classes", "tasks",
    "statistics", "norm_type",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, JSON, JSON)
def test_no_card_whatever_breaks_the_reader(source: Any, result: Any, rest: Any) -> None:
    document = item(**{"mlm:input": [source], "mlm:output": [result], "mlm:tasks": rest, "mlm:name": rest, "license": rest})
    try:
        read = read_item(document)
    except CardUnreadable:
        return
    assert checked_card(read.card) == read.card
    assert ModelOptions.from_document(read.options)


@pytest.mark.django_db
def test_the_api_reads_a_card_and_stores_nothing(campaign: Campaign, manager: User, as_user: Callable[[User | None], APIClient]) -> None:
    answer = as_user(manager).post("/api/v1/models/card", item())
    assert answer.status_code == 200, answer.content
    assert (answer.json()["name"], answer.json()["options"]["extra"]["width"]) == ("Clouds", 512)
    broken = as_user(manager).post("/api/v1/models/card", {"properties": {}})
    assert (broken.status_code, broken.json()["code"]) == (422, "no_model_card")
