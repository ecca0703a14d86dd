"""The gallery's two questions, out of 100,000 labeled images: which images are there, and what are these hundred."""

import json
from typing import Any

from benchmarks.report import milliseconds, report
from benchmarks.server import Client, data_folder, fill, web_server

IMAGES = 100_000
TIMES = 100
FILTERS = (
    "", "&ordering=-priority", "&ordering=name", "&labels_any={a}", "&labels_all={a},{b}", "&labels_none={b}", "&label_type=multiple",
    "&default=unset", "&labeled_by={person}", "&submitted_after=2026-01-01", "&sharpness_gte=50", "&q=image-0999",
)  # fmt: skip


def label_all(ground: dict[str, Any]) -> int:
    """Give every image a submitted set with one or two labels of the whole image, straight in the database; return the author."""
    from django.utils import timezone

    from campaigns.models import AnnotationSet, Campaign, Image, LabelUse, SetState

    author = Campaign.objects.get(pk=ground["campaign"]).created_by
    assert author is not None
    ids = Image.objects.filter(campaign=ground["campaign"]).order_by("id").values_list("id", flat=True)
    now, labels = timezone.now(), ground["labels"]
    sets = AnnotationSet.objects.bulk_create(
        [AnnotationSet(image_id=image, author=author, state=SetState.SUBMITTED, submitted_at=now) for image in ids], batch_size=2000
    )
    uses = [
        LabelUse(annotation_set=own, label_id=labels[(n + k) % 5], count=1, whole=True, default=n % 3 == 0 and k == 0)
        for n, own in enumerate(sets)
        for k in range(1 + n % 2)
    ]
    LabelUse.objects.bulk_create(uses, batch_size=2000)
    Image.objects.filter(campaign=ground["campaign"]).update(state="submitted", sharpness=80.0, brightness=0.5, contrast=0.2)
    return int(author.pk)


def ids_of(client: Client, campaign: int, query: str) -> tuple[list[int], list[float]]:
    """Ask five times for all ids."""
    seconds, ids = [], []
    for _ in range(5):
        status, content, taken = client.call("GET", f"/campaigns/{campaign}/images/ids?{query.removeprefix('&')}")
        assert status == 200, content
        ids = json.loads(content)["ids"]
        seconds.append(taken)
    return ids, seconds


def pages_of(client: Client, campaign: int, ids: list[int]) -> list[float]:
    """Read pages of a hundred known ids, far apart from each other."""
    seconds = []
    for n in range(TIMES):
        known = ",".join(map(str, ids[n * 997 % (len(ids) - 100) :][:100]))
        status, content, taken = client.call("GET", f"/campaigns/{campaign}/images?ids={known}")
        assert status == 200 and len(json.loads(content)["results"]) == 100, content
        seconds.append(taken)
    return seconds


def main() -> None:
    """Measure all ids under each filter, and pages of a hundred."""
    with data_folder():
        ground = fill(images=IMAGES, people=1, task="classification")
        person = label_all(ground)
        names = {"a": ground["labels"][0], "b": ground["labels"][1], "person": person}
        where = json.dumps({"or": [{"labels_any": [names["a"]]}, {"not": {"label_type": "single"}}]}, separators=(",", ":"))
        with web_server() as port:
            client = Client(port, ground["tokens"][0])
            results: dict[str, dict[str, float]] = {}
            for query in [*(f.format(**names) for f in FILTERS), f"&where={where}"]:
                _, seconds = ids_of(client, ground["campaign"], query)
                results[f"ids{query}"] = milliseconds(seconds)
                print(f"ids{query}: {results[f'ids{query}']}", flush=True)
            ids, _ = ids_of(client, ground["campaign"], "")
            results["page_of_100"] = milliseconds(pages_of(client, ground["campaign"], ids))
            print(f"page_of_100: {results['page_of_100']}")
    worst = max(figures["p50_ms"] for name, figures in results.items() if name.startswith("ids"))
    page = results["page_of_100"]["p50_ms"]
    report(
        "gallery",
        ours=results,
        peer={},
        ratio=500 / worst,
        goal="all ids of 100,000 images in 0.5 s under every filter, a page of 100 known ids in 15 ms",
        holds=worst <= 500 and page <= 15,
    )


if __name__ == "__main__":
    main()
