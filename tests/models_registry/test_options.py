"""How a model is called."""

from typing import Any

import pytest

from models_registry.options import ModelOptions, OptionsRejected


def test_options_survive_the_way_through_their_document() -> None:
    options = ModelOptions(timeout_s=9, bands=(4, 3, 2), extra={"a": 1}, max_side=512)
    assert ModelOptions.from_document(options.as_document()) == options
    assert ModelOptions.from_document({}) == ModelOptions()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout_s", 0), ("timeout_s", float("nan")), ("timeout_s", "9"), ("timeout_s", True), ("concurrency", 0), ("concurrency", 2.5),
        ("retries", 4), ("threshold", 1.1), ("activation", "tanh"), ("coords", "miles"), ("image_format", "gif"), ("bands", "123"),
        ("bands", [0]), ("extra", []), ("max_side", 2), ("max_reply_mib", 10_000), ("percent_scores", 1), ("unheard_of", 1),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_used_is_named(name: str, value: Any) -> None:
    with pytest.raises(OptionsRejected) as caught:
        ModelOptions.from_document({name: value})
    assert caught.value.field == name


def test_options_are_an_object() -> None:
    with pytest.raises(OptionsRejected):
        ModelOptions.from_document([])
