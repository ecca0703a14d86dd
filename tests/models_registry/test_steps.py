"""Steps around a model: which there are, and which orders of them can be saved."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.models import Campaign, User
from models_registry.options import ModelOptions, OptionsRejected
from models_registry.steps import KINDS

Speak = Callable[[User | None], APIClient]


def steps(*names: str | tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    pairs = [(each, {}) if isinstance(each, str) else each for each in names]
    return [{"name": name, "params": params} for name, params in pairs]


def options(pre: Any = (), post: Any = (), **more: Any) -> ModelOptions:
    return ModelOptions.from_document({"pre": steps(*pre), "post": steps(*post), **more})


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_step_has_defaults_that_it_takes_itself(name: str) -> None:
    kind = KINDS[name]
    made = ModelOptions.from_document({kind.phase: [{"name": name}]})
    (step,) = getattr(made, kind.phase)
    assert set(step.params) == {param.name for param in kind.params}
    assert ModelOptions.from_document(made.as_document()) == made


@pytest.mark.parametrize(
    ("document", "where", "why"),
    [
        ({"pre": "s2rgb"}, "pre", "list"),
        ({"pre": [{"name": "argmax"}]}, "pre.0", "There is no pre step 'argmax'"),
        ({"post": [{"name": "sigmoid"}, {"name": "relu"}]}, "post.1", "There is no post step 'relu'"),
        ({"post": [{"name": "threshold", "params": {"value": 1.5}}]}, "post.0.value", "from 0 to 1"),
        ({"post": [{"name": "threshold", "params": {"level": 1}}]}, "post.0.params", "no parameter"),
        ({"post": [{"name": "top_k", "params": {"k": 2.5}}]}, "post.0.k", "whole"),
        ({"pre": [{"name": "bands", "params": {"bands": []}}]}, "pre.0.bands", "1 to 1000 numbers"),
        ({"pre": [{"name": "resize", "params": {"how": "crop"}}]}, "pre.0.how", "fit, exact, scale"),
        ({"pre": [{"name": "stretch", "params": {"low": 90, "high": 10}}]}, "pre.0.low", "below"),
        ({"pre": [{"name": "normalise", "params": {"mean": [0, 0, 0], "std": [1, 1]}}]}, "pre.0.std", "3 means and 2"),
        ({"post": [{"name": "nms", "params": {"per_class": 1}}]}, "post.0.per_class", "true or false"),
        ({"post": [{"name": "nms"}] * 21}, "post", "at most 20"),
        ({"window_px": 128, "overlap_px": 100}, "overlap_px", "half"),
        ({"window_px": 128, "overlap_px": 0}, "overlap_px", "from 16"),
    ],
)
def test_a_step_that_cannot_be_read_is_named(document: Any, where: str, why: str) -> None:
    with pytest.raises(OptionsRejected, match=why) as caught:
        ModelOptions.from_document(document)
    assert caught.value.field == where


SENSIBLE_PRE = [
    ((), "encoded"), (("s2rgb",), "encoded"), (("s2rgb", "resize"), "encoded"), (("resize", "s2rgb"), "geotiff"), (("satrgb",), "geotiff"),
    (("satrgb", "normalise"), "geotiff"), (("bands", "stretch"), "encoded"), (("bands", "normalise"), "geotiff"),
    ((("bands", {"bands": [8, 4, 3]}), "stretch", "resize"), "encoded"), ((("bands", {"bands": [8, 4, 3, 2]}), ("s2rgb", {})), "geotiff"),
    ((("normalise", {"mean": [0], "std": [1]}), "stretch"), "encoded"), (("resize", "bands", "resize"), "encoded"),
]  # fmt: skip


@pytest.mark.parametrize(("pre", "form"), SENSIBLE_PRE)
def test_every_order_before_sending_that_makes_sense_is_taken(pre: Any, form: str) -> None:
    options(pre).check_chain(task="segmentation", image_form=form)


def test_windows_are_lent_by_address_too() -> None:
    options((), window_px=512).check_chain(task="segmentation", image_form="address")


@pytest.mark.parametrize(
    ("pre", "form", "more", "where", "why"),
    [
        (("satrgb",), "encoded", {}, "pre.0", "SATRGB gives fractions"),
        (("stretch", "s2rgb"), "encoded", {}, "pre.1", "S2RGB divides the image's own values, and after Percentile stretch they are gone"),
        (("satrgb", "s2rgb"), "geotiff", {}, "pre.1", "put it first"),
        ((("bands", {"bands": [1, 2]}), "s2rgb"), "geotiff", {}, "pre.1", "takes band 4, and only 2 reach it"),
        (("s2rgb",), "geotiff", {"bands": [4, 3, 2]}, "pre.0", "takes band 4, and only 3 reach it"),
        ((("bands", {"bands": [1, 2]}), "normalise"), "geotiff", {}, "pre.1", "3 means or deviations, and 2 bands"),
        ((("bands", {"bands": [1, 2]}),), "encoded", {}, "pre.0", "one band or three, not 2"),
        (("s2rgb",), "address", {}, "pre.0", "the model fetches it"),
        (("s2rgb",), "encoded", {"image_format": "original"}, "pre.0", "as it is"),
    ],
)
def test_an_order_before_sending_that_cannot_work_is_refused_with_a_sentence(pre: Any, form: str, more: Any, where: str, why: str) -> None:
    with pytest.raises(OptionsRejected, match=why) as caught:
        options(pre, **more).check_chain(task="segmentation", image_form=form)
    assert caught.value.field == where


@pytest.mark.parametrize(
    ("task", "post"),
    [
        ("segmentation", ("sigmoid",)), ("segmentation", ("softmax", "argmax")), ("segmentation", ("argmax",)),
        ("segmentation", ("divide", "threshold", "min_area", "simplify")), ("segmentation", ("sigmoid", "threshold", "argmax", "min_area")),
        ("segmentation", ("threshold", "argmax")), ("segmentation", ("nms", "floor", "top_k", "simplify")),
        ("detection", ("sigmoid", "argmax", "floor", "nms", "top_k")), ("detection", ("min_area", "nms")), ("keypoints", ("floor", "nms")),
        ("classification", ("softmax", "argmax", "top_k")), ("classification", ("sigmoid", "floor")),
    ],
)  # fmt: skip
def test_every_order_after_the_answer_that_makes_sense_is_taken(task: str, post: Any) -> None:
    options(post=post).check_chain(task=task, image_form="geotiff")


@pytest.mark.parametrize(
    ("task", "post", "more", "where", "why"),
    [
        ("segmentation", ("argmax", "threshold"), {}, "post.1", "one class of all: move Threshold before Argmax"),
        ("segmentation", ("argmax", "sigmoid"), {}, "post.1", "move Sigmoid before Argmax"),
        ("segmentation", ("threshold", "softmax"), {}, "post.1", "move Softmax before Threshold"),
        ("segmentation", ("sigmoid", "softmax"), {}, "post.1", "keep Sigmoid or Softmax"),
        ("segmentation", ("sigmoid", "divide"), {}, "post.1", "comes first"),
        ("segmentation", ("min_area", "argmax"), {}, "post.1", "move Argmax before Minimum area"),
        ("detection", ("nms", "sigmoid"), {}, "post.1", "move Sigmoid before Remove doubles"),
        ("detection", ("nms", "nms"), {}, "post.1", "there twice"),
        ("detection", ("threshold",), {}, "post.0", "is for segmentation"),
        ("classification", ("nms",), {}, "post.0", "this model's task is classification"),
        ("keypoints", ("simplify",), {}, "post.0", "keypoints"),
        ("detection", ("sigmoid",), {"activation": "softmax"}, "post.0", "keep one of them"),
    ],
)
def test_an_order_after_the_answer_that_cannot_work_is_refused_with_a_sentence(
    task: str, post: Any, more: Any, where: str, why: str
) -> None:
    with pytest.raises(OptionsRejected, match=why) as caught:
        options(post=post, **more).check_chain(task=task, image_form="geotiff")
    assert caught.value.field == where


def test_steps_are_judged_while_they_are_written_and_when_they_are_saved(campaign: Campaign, manager: User, as_user: Speak) -> None:
    client = as_user(manager)
    wrong = {"post": steps("argmax", "threshold")}
    judged = client.post("/api/v1/steps/check", {"task": "segmentation", "protocol": "scaneo", "options": wrong}).json()
    assert judged["where"] == "post.1"
    assert "move Threshold before Argmax" in judged["why"]
    right = {"pre": steps("satrgb"), "post": steps("threshold", "argmax")}
    asked = {"task": "segmentation", "protocol": "scaneo", "options": right}
    assert client.post("/api/v1/steps/check", asked).json() == {"where": "", "why": ""}
    assert client.post("/api/v1/steps/check", {**asked, "protocol": "winnow"}).json()["where"] == "pre.0"

    fields = {"name": "Water", "task": "segmentation", "protocol": "scaneo", "url": "https://models.example.org/ask", "classes": []}
    refused = client.post("/api/v1/models", {**fields, "options": wrong})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "options.post.1"
    kept = client.post("/api/v1/models", {**fields, "options": right})
    assert kept.status_code == 201, kept.content
    assert kept.json()["options"]["post"] == [{"name": "threshold", "params": {"value": 0.5}}, {"name": "argmax", "params": {}}]
    changed = client.patch(f"/api/v1/models/{kept.json()['id']}", {"task": "classification"})
    assert changed.status_code == 422, "a task that the stored steps cannot serve"
    assert "Threshold is for segmentation" in changed.json()["detail"]
    assert client.patch(f"/api/v1/models/{kept.json()['id']}", {"protocol": "winnow"}).status_code == 422


def test_the_steps_are_listed_with_their_parameters(campaign: Campaign, viewer: User, as_user: Speak) -> None:
    listed = {kind["name"]: kind for kind in as_user(viewer).get("/api/v1/steps").json()}
    assert set(listed) == set(KINDS)
    assert [(param["name"], param["default"]) for param in listed["s2rgb"]["params"]] == [
        ("red", 4), ("green", 3), ("blue", 2), ("divisor", 3000),
    ]  # fmt: skip
    assert listed["threshold"]["tasks"] == ["segmentation"]
