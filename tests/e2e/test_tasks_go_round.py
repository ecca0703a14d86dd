"""A campaign of every task goes round twice through the real workers, over the API, on real photographs from space.

Half of the images are GeoTIFFs, half are PNGs. Each round trains on what was labeled, drafts its answers on what it asks for,
and a person corrects these drafts before the next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from rasterio.transform import Affine

from campaigns.geometry import mask_document
from campaigns.imagery.blue_marble import Chip
from tests.active_learning.chips import chips
from tests.active_learning.islands import box_of, islands, mask_of, points_of
from tests.e2e.models import geotiff, png
from tests.e2e.stack import Api

FIRST, ASKED, IMAGES = 12, 4, 22
COMPASS = ("north", "south", "west", "east")
SKELETON = {"points": [{"name": name, "x": 0.5, "y": 0.5} for name in COMPASS], "edges": [["north", "south"]], "flip": [["west", "east"]]}
Picture = tuple[Chip, tuple[np.ndarray, ...]]
Thing = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of campaign: what it is told of itself, its pictures, and the truth about one of them (label by name)."""

    task: str
    labels: Sequence[Thing]
    pictures: Callable[[], Sequence[Picture]]
    truth: Callable[[Picture], list[Thing]]
    drawn: str
    settings: dict[str, Any] = field(default_factory=dict)


def whole(*names: str) -> list[Thing]:
    return [{"label": name, "shape": {"type": "whole"}} for name in names]


def each_island(shape: Callable[[np.ndarray], Thing]) -> Callable[[Picture], list[Thing]]:
    return lambda picture: [{"label": "island", "shape": shape(mask)} for mask in picture[1]]


def mixed_chips() -> Sequence[Picture]:
    return [(chip, ()) for chip in chips()[:IMAGES]]


def coasts() -> Sequence[Picture]:
    return [(chip, ()) for chip in chips() if chip.kind == "coast"][:IMAGES]


def has(chip: Chip) -> list[str]:
    """What is to be seen on a chip: water, land, or both."""
    return [name for name, there in (("water", chip.water.any()), ("land", not chip.water.all())) if there]


def areas(picture: Picture) -> list[Thing]:
    water = picture[0].water
    return [{"label": name, "shape": mask_document(mask)} for name, mask in (("water", water), ("land", ~water)) if mask.any()]


def some_islands() -> Sequence[Picture]:
    return islands(IMAGES)


ISLAND = [{"name": "island"}]
KINDS = {
    "one label an image": Kind(
        "classification", [{"name": "ocean"}, {"name": "coast"}, {"name": "land"}], mixed_chips, lambda each: whole(each[0].kind), "whole"
    ),
    "several labels an image": Kind(
        "classification", [{"name": "water"}, {"name": "land"}], mixed_chips, lambda each: whole(*has(each[0])), "whole",
        {"multi_label": True},
    ),
    "boxes": Kind("detection", ISLAND, some_islands, each_island(box_of), "box"),
    "instances": Kind("segmentation", ISLAND, some_islands, each_island(mask_of), "mask", {"segmentation": "instance"}),
    "pixels": Kind("segmentation", [{"name": "water"}, {"name": "land"}], coasts, areas, "polygon", {"segmentation": "semantic"}),
    "keypoints": Kind("keypoints", [{"name": "island", "skeleton": SKELETON}], some_islands, each_island(points_of), "points"),
}  # fmt: skip


class Person:
    """Somebody who knows the truth, and labels over the API."""

    def __init__(self, api: Api, kind: Kind) -> None:
        self.api = api
        settings = {"control_share": 0, **kind.settings}
        made = api.post("/campaigns", {"name": f"Round {kind.drawn}", "task": kind.task, "labels": kind.labels, "settings": settings})
        self.campaign = f"/campaigns/{made['id']}"
        self.label = {label["name"]: label["id"] for label in made["labels"]}
        self.truth = {}
        files = []
        for place, picture in enumerate(kind.pictures()):
            chip, lies = picture[0], Affine(*picture[0].transform)
            name = f"{place:02}.tif" if place % 2 else f"{place:02}.png"
            self.truth[name] = kind.truth(picture)
            files.append(("files", (name, geotiff(chip.pixels, lies, "EPSG:4326") if place % 2 else png(chip.pixels))))
        assert api.post(f"{self.campaign}/images", files=files)["created"] == IMAGES
        self.images = {image["name"]: image["id"] for image in api.every(f"{self.campaign}/images")}
        self.names = {number: name for name, number in self.images.items()}

    def correct(self, image: int) -> list[Thing]:
        """Put the truth in the place of the drafts, submit, and return what the drafts were."""
        path = f"/images/{image}/annotation-set"
        own = self.api.get(path)
        said = [{"id": f"truth-{n}", **each, "label": self.label[each["label"]]} for n, each in enumerate(self.truth[self.names[image]])]
        change = {"upsert": said, "delete": [draft["id"] for draft in own["annotations"]]}
        saved = self.api.patch(path, change, headers={"If-Match": f'"{own["version"]}"'})
        assert self.api.post(f"{path}/submit", {}, headers={"If-Match": f'"{saved["version"]}"'})["state"] == "submitted"
        return list(own["annotations"])

    def go_round(self, number: int) -> tuple[list[int], Thing]:
        """Train on what is labeled and open a round; return the images in its order, and its model."""
        training = {"method": "fast_head", "epochs": 5, "seed": 1}
        made = self.api.post(f"{self.campaign}/rounds", {"size": ASKED, "train": True, "training": training, "seed": 1, "audit_share": 0})
        self.api.finished(made["run"])
        round_ = self.api.get(f"{self.campaign}/rounds/{number}")
        assert round_["state"] == "open"
        return [row["image"]["id"] for row in self.api.every(f"{self.campaign}/rounds/{number}/ranking")], round_["model"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_campaign_goes_round_twice(shared_api: Api, kind: Kind):
    person = Person(shared_api, kind)
    for image in list(person.images.values())[:FIRST]:
        assert person.correct(image) == []
    labeled = set(list(person.images.values())[:FIRST])
    models = []
    for number in (1, 2):
        asked, model = person.go_round(number)
        assert set(asked) == set(person.images.values()) - labeled, "every image that nobody labeled has its rank, and no other"
        drafts: list[Thing] = []
        for place in range(ASKED):
            leased = shared_api.post(f"{person.campaign}/next", {})["image"]["id"]
            assert leased == asked[place], "the queue follows the round"
            drafts += person.correct(leased)
            labeled.add(leased)
        assert {(draft["origin"], draft["review"]) for draft in drafts} <= {("prediction", "draft")}
        assert {draft["shape"]["type"] for draft in drafts} <= {kind.drawn}
        if kind.task == "classification" or kind.drawn == "polygon":
            assert drafts, "a head that was taught answers about the images that it asks for"
        models.append(model)
    first, second = models
    assert (first["id"], first["version"]) != (second["id"], second["version"])
    taught = [each["snapshot"]["images"] for each in shared_api.every(f"{person.campaign}/training-runs")]
    assert taught == [FIRST + ASKED, FIRST], taught
