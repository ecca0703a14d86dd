"""List 30 images with their labels, out of 100,000."""

import json
from typing import Any

from benchmarks.report import milliseconds, report
from benchmarks.server import Client, data_folder, fill, web_server

TIMES = 150
PEERS_P50_MS = {"scaneo": 20, "cvat": 67, "label_studio": 71}  # at 2,000 images
QUERIES = ("", "&ordering=-priority", "&state=submitted", "&q=image-0999", "&label={label}")


def label_some(ground: dict[str, Any], count: int) -> None:
    """Give the first images a submitted set with two labels, straight in the database."""
    from campaigns.models import AnnotationSet, Campaign, Image, LabelUse, SetState

    author = Campaign.objects.get(pk=ground["campaign"]).created_by
    ids = list(Image.objects.filter(campaign=ground["campaign"]).order_by("id").values_list("id", flat=True)[:count])
    sets = AnnotationSet.objects.bulk_create(
        [AnnotationSet(image_id=image, author=author, state=SetState.SUBMITTED) for image in ids], batch_size=2000
    )
    uses = [LabelUse(annotation_set=made, label_id=label, count=3) for made in sets for label in ground["labels"][:2]]
    LabelUse.objects.bulk_create(uses, batch_size=2000)
    Image.objects.filter(id__in=ids[: count // 2]).update(state="submitted")


def measure(port: int, ground: dict[str, Any], query: str) -> dict[str, float]:
    """Read the first page and the one after it, again and again."""
    client, durations = Client(port, ground["tokens"][0]), []
    first = f"/campaigns/{ground['campaign']}/images?page_size=30{query.format(label=ground['labels'][0])}"
    path = first
    for _ in range(TIMES):
        status, content, seconds = client.call("GET", path)
        assert status == 200, content
        page = json.loads(content)
        path = page["next"].partition("/api/v1")[2] if page["next"] and path == first else first
        durations.append(seconds)
    return milliseconds(durations)


def main() -> None:
    """Measure at 10,000 and at 100,000 images, then with filters."""
    with data_folder():
        small, large = fill(images=10_000, people=1), fill(images=100_000, people=2)
        label_some(large, 20_000)
        with web_server() as port:
            results = {"10000_images": measure(port, small, "")}
            results |= {f"100000_images{query}": measure(port, large, query) for query in QUERIES}
    for name, figures in results.items():
        print(f"{name}: {figures}")
    p50 = results["100000_images"]["p50_ms"]
    report(
        "list-images",
        ours=results,
        peer={"p50_ms_at_2000_images": PEERS_P50_MS},
        ratio=PEERS_P50_MS["scaneo"] / p50,
        goal="p50 at most 15 ms at 100,000 images",
        holds=p50 <= 15,
    )


if __name__ == "__main__":
    main()
