"""Let a scripted annotator outline twenty islands in five ways; seconds and actions an object, by hand against prefilled and smart."""

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import mean
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from playwright.sync_api import Page
from rasterio import features
from shapely.geometry import MultiPolygon, Point, Polygon, shape
from shapely.geometry.base import BaseGeometry

from benchmarks.browser import winnow_in_a_browser
from benchmarks.report import report
from campaigns.geometry import shape_polygons
from campaigns.imagery.blue_marble import load
from tests.campaigns.samples import picture_bytes
from tests.e2e.bench import Hand, make_campaign
from tests.e2e.stack import Api, Stack, wait_for

ISLANDS, AREA_PX, WINDOW_PX, SCALE = 20, (60, 900), (72, 54), 10
# The truth is a mask of its own and not quite in the picture's place: even what follows the picture exactly meets it so far only.
GOOD = 0.75
# The keystroke-level model: seconds of a practised person for a key, a pointing, a press or release, and a thought (Card, Moran
# and Newell 1983, "The psychology of human-computer interaction"). An estimate, for a script has no hand that tires.
KEY_S, POINT_S, BUTTON_S, THINK_S = 0.28, 1.1, 0.1, 1.35


@dataclass(frozen=True)
class Island:
    """One island on a picture of its own: JPEG bytes, and its true outline in pixels of that picture."""

    name: str
    content: bytes
    truth: Polygon


@dataclass
class Person(Hand):
    """A hand whose actions are counted, with the seconds that the keystroke-level model gives them."""

    actions: int = 0
    model_s: float = 0.0

    def tap(self, *keys: str) -> None:
        """Press keys."""
        self.actions += len(keys)
        self.model_s += KEY_S * len(keys)
        self.key(*keys)

    def point(self, x: float, y: float) -> None:
        """Click."""
        self.actions += 1
        self.model_s += POINT_S + 2 * BUTTON_S
        self.click(x, y)

    def pull(self, *places: tuple[float, float]) -> None:
        """Drag."""
        self.actions += 1
        self.model_s += POINT_S * len(places) + 2 * BUTTON_S
        self.drag(*places)


@dataclass
class Tally:
    """What one way of labeling cost, object by object."""

    script_s: list[float] = field(default_factory=list)
    model_s: list[float] = field(default_factory=list)
    actions: list[int] = field(default_factory=list)
    iou: list[float] = field(default_factory=list)

    def document(self) -> dict[str, float]:
        """Return means an object."""
        return {
            "model_s": round(mean(self.model_s), 2), "script_s": round(mean(self.script_s), 2),
            "actions": round(mean(self.actions), 2), "iou": round(mean(self.iou), 3),
        }  # fmt: skip


def islands() -> list[Island]:
    """Cut islands of a middling size out of the Blue Marble, always the same ones."""
    picture, water = load()
    land = (~water).astype(np.uint8)
    found = [shape(outline) for outline, _ in features.shapes(land, mask=land.astype(bool))]
    fitting = [polygon for polygon in found if AREA_PX[0] <= polygon.area <= AREA_PX[1] and _fits(polygon, picture.shape)]
    order = np.random.default_rng(5).permutation(len(fitting))[:ISLANDS]
    return [_island(n, fitting[at], picture) for n, at in enumerate(order)]


def _fits(polygon: Polygon, size: tuple[int, ...]) -> bool:
    left, top, right, bottom = polygon.bounds
    x, y = polygon.centroid.x, polygon.centroid.y
    across, down = WINDOW_PX
    inside = across < x < size[1] - across and 400 < y < 2200
    return bool(inside and right - left < 0.6 * across and bottom - top < 0.6 * down)


def _island(number: int, polygon: Polygon, picture: NDArray[np.uint8]) -> Island:
    left, top = int(polygon.centroid.x) - WINDOW_PX[0] // 2, int(polygon.centroid.y) - WINDOW_PX[1] // 2
    cut = Picture.fromarray(picture[top : top + WINDOW_PX[1], left : left + WINDOW_PX[0]])
    pixels = np.asarray(cut.resize((WINDOW_PX[0] * SCALE, WINDOW_PX[1] * SCALE), Picture.Resampling.LANCZOS))
    truth = Polygon([((x - left) * SCALE, (y - top) * SCALE) for x, y in polygon.exterior.coords])
    return Island(f"island-{number:02}.jpg", picture_bytes(pixels, quality=92), truth)


def by_colour(content: bytes) -> BaseGeometry | None:
    """Find what is not blue around the middle of a picture: a simple model, with the faults of one."""
    rgb = np.asarray(Picture.open(io.BytesIO(content)).convert("RGB")).astype(int)
    dry = (rgb[:, :, 1] > 0.8 * rgb[:, :, 2]).astype(np.uint8)
    middle = Point(rgb.shape[1] / 2, rgb.shape[0] / 2)
    parts = [shape(outline) for outline, _ in features.shapes(dry, mask=dry.astype(bool))]
    large = [part for part in parts if part.area >= 1500]
    return min(large, key=middle.distance).simplify(3.0) if large else None


class Answers(BaseHTTPRequestHandler):
    """The model's server, in Winnow's own contract."""

    def do_POST(self) -> None:
        """Answer with one box or one outline."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        question = json.loads(body)
        outline = by_colour(base64.b64decode(question["image"]["b64"]))
        items = [] if outline is None else [self.item(outline, question["task"])]
        answer = json.dumps({"model_version": "1", "coords": "pixel", "items": items}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def item(self, outline: Any, task: str) -> dict[str, Any]:
        """Write one finding."""
        found = {"class": "island", "index": 0, "score": 0.9}
        if task == "detection":
            return {**found, "kind": "box", "xyxy": list(outline.bounds)}
        return {**found, "kind": "polygon", "polygons": [[[list(at) for at in outline.exterior.coords]]]}

    def log_message(self, format: str, *values: object) -> None:
        """Say nothing."""


@contextmanager
def model() -> Iterator[str]:
    """Serve the model on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/predict"
    finally:
        server.shutdown()


def prefill(api: Api, campaign: dict[str, Any], url: str) -> None:
    """Register the model, attach it, and let it draft."""
    task = campaign["task"]
    made = api.post(
        "/models",
        {"name": f"By colour, {task}", "task": task, "protocol": "winnow_json", "url": url, "classes": [{"index": 0, "name": "island"}]},
    )
    api.post(f"/campaigns/{campaign['id']}/models", {"model": made["id"]})
    mapping = {"mapping": [{"class": 0, "label": campaign["labels"][0]["id"]}], "thresholds": {}}
    api.put(f"/campaigns/{campaign['id']}/models/{made['id']}", mapping)
    api.finished(api.post(f"/campaigns/{campaign['id']}/inference-runs", {"model": made["id"], "images": "all", "prefill": True}))


def geometry_of(found: dict[str, Any]) -> BaseGeometry:
    """Return the area of an annotation."""
    return MultiPolygon([Polygon(rings[0], rings[1:]) for rings in shape_polygons(found["shape"])]).buffer(0)


def iou(a: BaseGeometry, b: BaseGeometry) -> float:
    """Return intersection over union."""
    return float(a.intersection(b).area / a.union(b).area)


def draft_of(person: Person) -> dict[str, Any] | None:
    """Return what the model drafted, if it did."""
    return next((a for a in person.seen() if a["review"] == "draft"), None)


def box_by_hand(person: Person, truth: Polygon) -> None:
    """Drag from corner to corner."""
    left, top, right, bottom = truth.bounds
    person.tap("b")
    person.pull((left, top), (right, bottom))


def box_prefilled(person: Person, truth: Polygon) -> None:
    """Agree where the draft is good, else pull its corners to the thing's."""
    draft = draft_of(person)
    if draft is None:
        return box_by_hand(person, truth)
    if iou(geometry_of(draft), Polygon.from_bounds(*truth.bounds)) >= GOOD:
        return person.tap("a", "a")
    x, y, right, bottom = geometry_of(draft).bounds
    person.tap("a")
    person.pull((x, y), truth.bounds[:2])
    return person.pull((right, bottom), truth.bounds[2:])


def outline_by_hand(person: Person, truth: Polygon) -> None:
    """Click the corners that matter."""
    person.tap("p")
    for x, y in truth.simplify(6.0).exterior.coords[:-1]:
        person.point(x, y)
    person.tap("Enter")


def outline_smart(person: Person, truth: Polygon) -> None:
    """Drag a work area, draw one stroke over the thing, take what is found."""
    left, top, right, bottom = truth.buffer(12).bounds
    inner = next(part for part in (truth.buffer(-by) for by in (20, 10, 5, 0)) if not part.is_empty)
    start, end = inner.representative_point(), inner.centroid if inner.contains(inner.centroid) else inner.representative_point()
    person.tap("q")
    person.pull((max(left, 1), max(top, 1)), (right, bottom))
    person.pull((start.x - 3, start.y), (start.x, start.y), (end.x + 3, end.y + 1))
    person.tap("Enter")
    person.page.wait_for_function("() => document.querySelector('[data-testid=smart-done]')?.disabled === false", timeout=20_000)
    person.tap("Enter")


def outline_corrected(person: Person, truth: Polygon) -> None:
    """Agree with a good draft; reject a bad one and draw."""
    draft = draft_of(person)
    if draft is not None and iou(geometry_of(draft), truth) >= GOOD:
        return person.tap("a", "a")
    if draft is not None:
        person.tap("a", "x")
    return outline_by_hand(person, truth)


def label_all(
    page: Page, stack: Stack, api: Api, campaign: dict[str, Any], things: list[Island], way: Callable[[Person, Polygon], None]
) -> Tally:
    """Label every island in one way, submit it, and compare what is stored with the truth."""
    tally = Tally()
    images = {image["name"]: image for image in campaign["images"]}
    for thing in things:
        person = Person(page, stack, api, images[thing.name])
        person.open()
        began = perf_counter()
        person.model_s += THINK_S
        way(person, thing.truth)
        wait_for(lambda person=person: any(a["review"] == "accepted" for a in person.seen()), 20, lambda: "nothing was drawn")  # type: ignore[misc]
        tally.script_s.append(perf_counter() - began)
        person.tap("Escape", "Control+Enter")
        path = f"/images/{person.image['id']}"
        wait_for(lambda path=path: api.get(path)["state"] == "submitted", 20, lambda: "it was not submitted")  # type: ignore[misc]
        (stored,) = api.get(f"{path}/annotation-set")["annotations"]
        goal = Polygon.from_bounds(*thing.truth.bounds) if campaign["task"] == "detection" else thing.truth
        tally.iou.append(iou(geometry_of(stored), goal))
        tally.actions.append(person.actions)
        tally.model_s.append(person.model_s)
    return tally


WAYS: tuple[tuple[str, str, bool, Callable[[Person, Polygon], None]], ...] = (
    ("boxes_by_hand", "detection", False, box_by_hand),
    ("boxes_prefilled", "detection", True, box_prefilled),
    ("outlines_by_hand", "segmentation", False, outline_by_hand),
    ("outlines_smart", "segmentation", False, outline_smart),
    ("outlines_corrected", "segmentation", True, outline_corrected),
)


def recorded(api: Api, campaign: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the product itself wrote down of the work."""
    found = api.get(f"/campaigns/{campaign['id']}/effort")
    rows: list[dict[str, Any]] = found["rows"] if isinstance(found, dict) and "rows" in found else found
    return rows


def main() -> None:
    """Label the islands in every way, and let the product's own account be compared."""
    things = islands()
    tallies: dict[str, Tally] = {}
    effort: dict[str, Any] = {}
    with winnow_in_a_browser() as (stack, api, page), model() as url:
        for name, task, drafted, way in WAYS:
            files = [(thing.name, "image/jpeg", thing.content) for thing in things]
            campaign = make_campaign(api, task, files, name=name, labels=[{"name": "island"}])
            if drafted:
                prefill(api, campaign, url)
            tallies[name] = label_all(page, stack, api, campaign, things, way)
            rows = recorded(api, campaign)
            assert sum(row["objects"] for row in rows) == ISLANDS, rows
            effort[name] = {f"{row['shape']}, {row['origin']}": [row["objects"], row["actions"], round(row["active_s"], 1)] for row in rows}
            print(name, tallies[name].document(), "recorded [objects, actions, active seconds]:", effort[name], flush=True)
    means = {name: tally.document() for name, tally in tallies.items()}
    boxes = means["boxes_prefilled"]["model_s"] / means["boxes_by_hand"]["model_s"]
    outlines = means["outlines_smart"]["model_s"] / means["outlines_by_hand"]["model_s"]
    report(
        "annotator",
        ours={name: means[name] for name in ("boxes_prefilled", "outlines_smart", "outlines_corrected")},
        peer={name: means[name] for name in ("boxes_by_hand", "outlines_by_hand")},
        ratio=outlines,
        goal="by the keystroke-level model, prefilled boxes and smart outlines cost less than by hand; see iou for accuracy",
        holds=boxes < 1 and outlines < 1,
    )


if __name__ == "__main__":
    main()
