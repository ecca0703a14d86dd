"""From a model's URL to the next round over the API alone, for detection and segmentation, on a PNG and on a GeoTIFF.

Runs on SQLite, and on PostgreSQL when ``DATABASE_URL`` names a server.
"""

import json
from typing import Any

import pytest
from rasterio.transform import Affine
from rasterio.warp import transform as reproject

from tests.e2e.models import geotiff, picture_with_patches, png
from tests.e2e.stack import Api, Stack, model_server

UTM = "EPSG:32631"
PLACE = Affine(10, 0, 430_000, 0, -10, 4_580_000)
PICTURES = 12
Patch = tuple[int, int, int, int]


def upload(api: Api, campaign: int) -> tuple[dict[str, int], dict[str, list[Patch]]]:
    """Upload PNGs and GeoTIFFs; return ids and the known patches by name."""
    files, truth = [], {}
    for n in range(PICTURES):
        pixels, patches = picture_with_patches(n)
        name = f"{n:02}.png" if n % 2 else f"{n:02}.tif"
        truth[name] = patches
        files.append(("files", (name, png(pixels) if n % 2 else geotiff(pixels, PLACE, UTM))))
    files.append(("files", ("broken.png", png(picture_with_patches(99)[0])[:200])))
    answer = api.post(f"/campaigns/{campaign}/images", files=files)
    assert (answer["created"], answer["refused"]) == (PICTURES, 1)
    assert next(r for r in answer["results"] if r["name"] == "broken.png")["detail"]
    return {image["name"]: image["id"] for image in api.every(f"/campaigns/{campaign}/images")}, truth


def put_to_use(api: Api, campaign: int, **model: Any) -> dict[str, Any]:
    """Register a model, test it, attach it; the same names map by themselves."""
    made = api.post("/models", {"name": "Bright things", "secret": "s3cret", **model})
    assert made["has_secret"] is True
    assert "s3cret" not in json.dumps(made)
    tested = api.post(f"/models/{made['id']}/test", {})
    assert tested["ok"] is True, tested
    attached = api.post(f"/campaigns/{campaign}/models", {"model": made["id"]})
    assert [row["class"]["name"] for row in attached["mapping"] if row["label"]] == ["bright"]
    return dict(made)


def ask(api: Api, campaign: int, model: int) -> None:
    """Run the model over everything, twice; the second time duplicates nothing."""
    run = api.post(f"/campaigns/{campaign}/inference-runs", {"model": model, "images": "all", "prefill": True})
    ended = api.finished(run)
    assert (ended["progress"]["done"], ended["progress"]["failed"]) == (PICTURES, 0)
    again = api.post(f"/campaigns/{campaign}/inference-runs", {"model": model, "images": "all", "prefill": True})
    api.finished(again)


def bounds(shape: dict[str, Any]) -> Patch:
    """Return the outer bounds of a box, a polygon or a mask, rounded to pixels."""
    if shape["type"] == "box":
        x, y, right, bottom = shape["x"], shape["y"], shape["x"] + shape["width"], shape["y"] + shape["height"]
    elif shape["type"] == "mask":
        x, y, right, bottom = shape["bbox"][0], shape["bbox"][1], shape["bbox"][0] + shape["bbox"][2], shape["bbox"][1] + shape["bbox"][3]
    else:
        points = [point for polygon in shape["polygons"] for point in polygon[0]]
        x, y = min(p[0] for p in points), min(p[1] for p in points)
        right, bottom = max(p[0] for p in points), max(p[1] for p in points)
    return round(x), round(y), round(right), round(bottom)


def patches_of(annotations: list[dict[str, Any]]) -> list[Patch]:
    """Return the patches that annotations stand for: one per part."""
    found = []
    for annotation in annotations:
        shape = annotation["shape"]
        parts = shape["polygons"] if shape["type"] == "polygon" else [None]
        found += [bounds({"type": "polygon", "polygons": [part]} if part else shape) for part in parts]
    return sorted(found)


def near(found: list[Patch], known: list[Patch], tolerance: int = 2) -> bool:
    """Compare patches, with a tolerance in pixels: an outline of a mask may be simplified."""
    return len(found) == len(known) and all(
        abs(a - b) <= tolerance for f, k in zip(found, sorted(known), strict=True) for a, b in zip(f, k, strict=True)
    )


def review(api: Api, image: int) -> list[dict[str, Any]]:
    """Accept the first draft, correct the second by hand, submit; return what was submitted."""
    path = f"/images/{image}/annotation-set"
    own = api.get(path)
    drafts = own["annotations"]
    assert all(d["origin"] == "prediction" and d["review"] == "draft" and 0 < d["confidence"] <= 1 for d in drafts)
    accepted = [{**draft, "review": "accepted"} for draft in drafts]
    accepted[-1] = {**accepted[-1], "origin": "human"}
    saved = api.patch(path, {"upsert": accepted, "delete": []}, headers={"If-Match": f'"{own["version"]}"'})
    stale = api.http.patch(path, json={"upsert": [], "delete": []}, headers={"If-Match": f'"{own["version"]}"'})
    assert (stale.status_code, stale.json()["current"]["version"]) == (412, saved["version"])
    assert api.http.patch(path, json={"upsert": []}).status_code == 428
    done = api.post(f"{path}/submit", {}, headers={"If-Match": f'"{saved["version"]}"'})
    assert done["state"] == "submitted"
    return list(done["annotations"])


def labeled_in_order(api: Api, campaign: int, model: int, names: dict[int, str]) -> None:
    """Open a round on the model's answers; the queue hands images out in exactly its order."""
    api.finished(api.post(f"/campaigns/{campaign}/rounds", {"strategy": "least_confidence", "size": 5, "model": model, "seed": 1})["run"])
    ranking = api.every(f"/campaigns/{campaign}/rounds/1/ranking")
    asked = [ranked["image"]["id"] for ranked in ranking]
    assert len(asked) >= 5
    assert all(ranked["why"] for ranked in ranking[:5])
    held: list[int] = []
    for _ in range(5):
        held.append(api.post(f"/campaigns/{campaign}/next", {"exclude": held})["image"]["id"])
    assert held == asked[:5], [names[image] for image in held]


def exported(api: Api, campaign: int, kind: str) -> Any:
    """Export, wait, download, parse."""
    run = api.post(f"/campaigns/{campaign}/exports", {"format": kind})
    api.finished(run)
    body = api.get(f"/runs/{run['id']}/file")
    return body if isinstance(body, dict) else json.loads(body)


def lon_lat(patch: Patch) -> tuple[float, float]:
    """Return a patch's centre in degrees."""
    x, y = PLACE * ((patch[0] + patch[2]) / 2, (patch[1] + patch[3]) / 2)
    lon, lat = reproject(UTM, "EPSG:4326", [x], [y])
    return float(lon[0]), float(lat[0])


@pytest.mark.parametrize(
    ("task", "protocol", "path", "classes"),
    [
        ("detection", "winnow_json", "detect", [{"index": 0, "name": "bright"}]),
        ("segmentation", "scaneo", "segment", [{"index": 0, "name": "rest"}, {"index": 1, "name": "bright"}]),
    ],
)
def test_a_models_url_becomes_annotations_a_ranking_and_an_export(
    stack: Stack, api: Api, task: str, protocol: str, path: str, classes: list[dict[str, Any]]
):
    campaign = api.post("/campaigns", {"name": task, "task": task, "labels": [{"name": "bright"}], "settings": {"control_share": 0}})["id"]
    images, truth = upload(api, campaign)
    with model_server() as url:
        model = put_to_use(api, campaign, task=task, protocol=protocol, url=f"{url}/{path}", classes=classes)
        ask(api, campaign, model["id"])
    for name in ("00.tif", "01.png"):
        assert len(api.get(f"/images/{images[name]}/predictions")) == 1
        submitted = review(api, images[name])
        assert near(patches_of(submitted), truth[name]), (name, patches_of(submitted), truth[name])
    if task == "segmentation":
        (prediction,) = api.get(f"/images/{images['00.tif']}/predictions")
        assert api.http.get(prediction["heat_map"].removeprefix("/api/v1")).content.startswith(b"\x89PNG")
    labeled_in_order(api, campaign, model["id"], {number: name for name, number in images.items()})

    coco = exported(api, campaign, "coco")
    assert {image["file_name"] for image in coco["images"]} >= {"00.tif", "01.png"}
    assert {annotation["image_id"] for annotation in coco["annotations"]}.issubset({image["id"] for image in coco["images"]})
    places = exported(api, campaign, "geojson")
    centres = [centre_of(feature["geometry"]) for feature in places["features"] if feature["geometry"]]
    for patch in truth["00.tif"]:
        lon, lat = lon_lat(patch)
        assert any(abs(lon - x) < 3e-3 and abs(lat - y) < 3e-3 for x, y in centres) or task == "segmentation", (lon, lat, centres)


def centre_of(geometry: dict[str, Any]) -> tuple[float, float]:
    """Return the middle of a geometry's bounds."""
    points: list[list[float]] = []

    def collect(part: Any) -> None:
        if part and isinstance(part[0], int | float):
            points.append(part)
            return
        for inner in part:
            collect(inner)

    collect(geometry["coordinates"])
    longitudes, latitudes = [p[0] for p in points], [p[1] for p in points]
    return (min(longitudes) + max(longitudes)) / 2, (min(latitudes) + max(latitudes)) / 2
