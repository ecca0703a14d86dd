"""Two people and a second tab at once, on the real server: labels of many images and single saves lose nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.conftest import png_bytes
from tests.e2e.bench import make_campaign
from tests.e2e.stack import Api, Stack

PASSWORD = "correct horse battery"


def whole(label: int) -> dict[str, Any]:
    return {"id": f"w{label}", "label": label, "shape": {"type": "whole"}}


def test_concurrent_labelings_and_saves_are_all_there_at_the_end(shared_stack: Stack, shared_api: Api):
    pictures = [(f"{n}.png", "image/png", png_bytes(32, 32, seed=9000 + n)) for n in range(6)]
    labels = [{"name": name} for name in ("Land", "Water", "Ice")]
    campaign = make_campaign(shared_api, "classification", pictures, labels=labels, settings={"multi_label": True, "control_share": 0.0})
    land, water, ice = (label["id"] for label in campaign["labels"])
    shared_api.post(f"/campaigns/{campaign['id']}/members", {"username": "together", "role": "annotator", "password": PASSWORD})
    other = Api(shared_stack.url, shared_api.post("/auth/token", {"username": "together", "password": PASSWORD})["token"])
    images = [image["id"] for image in campaign["images"]]

    def label(api: Api, name: int) -> None:
        for image in images:
            api.post(f"/campaigns/{campaign['id']}/labelings", {"images": [image], "add": [name]})

    def save(api: Api, name: int) -> None:
        for image in images:
            path, saved = f"/images/{image}/annotation-set", False
            while not saved:
                own = api.get(path)
                headers = {"If-Match": f'"{own["version"]}"'}
                saved = "current" not in api.call("PATCH", path, json={"upsert": [whole(name)]}, headers=headers, expect=(200, 412))

    work: list[tuple[Callable[[Api, int], None], Api, int]] = [
        (label, other, land), (label, other, water), (label, shared_api, land), (save, other, ice),
    ]  # fmt: skip
    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(do, api, name) for do, api, name in work]:
            done.result()
    rows = other.get(f"/campaigns/{campaign['id']}/images")["results"]
    for row in rows:
        mine = other.get(f"/images/{row['id']}/annotation-set")["annotations"]
        assert sorted(a["label"] for a in mine) == [land, water, ice]
        assert [entry["label"] for entry in row["whole_labels"]] == [land, water, ice]
        assert [a["label"] for a in shared_api.get(f"/images/{row['id']}/annotation-set")["annotations"]] == [land]
    assert len(rows) == len(images)
