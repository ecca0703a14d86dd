"""A model's statistics over 50 labels, first after a run or a restart, after a submit, and again: 10,000 and 100,000 images."""

import os
import resource
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn import metrics

from benchmarks.report import report
from benchmarks.server import data_folder

LABELS = 50
SIZES = (10_000, 100_000)
MOST_S = 1.0
A_BATCH = 2_000


def drawn(images: int) -> tuple[Any, Any]:
    """Return probabilities (N, K) of a model that is mostly right, and the true column of each image."""
    rng = np.random.default_rng(images)
    truth = rng.integers(0, LABELS, images)
    logits = rng.normal(size=(images, LABELS))
    logits[np.arange(images), truth] += 3.0
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True), truth


def measured_campaign(probabilities: Any, truth: Any) -> tuple[Any, Any]:
    """Write a campaign whose images are all submitted, and a model's answers about them, straight into the database."""
    from campaigns.models import AnnotationSet, Campaign, Image, Label, Membership, Role, User
    from inference.models import Prediction
    from inference.schema import Classification, ClassScore
    from inference.schema import Prediction as Answer
    from models_registry.models import CampaignModel, LabelMapping, RegisteredModel

    images = len(truth)
    user = User.objects.create(username=f"owner-{images}", password="!")
    campaign = Campaign.objects.create(name="Speed", task="classification", created_by=user)
    Membership.objects.create(campaign=campaign, user=user, role=Role.OWNER)
    labels = Label.objects.bulk_create(Label(campaign=campaign, name=f"label {n}", color="#336699", position=n) for n in range(LABELS))
    classes = [{"index": n, "name": label.name} for n, label in enumerate(labels)]
    model = RegisteredModel.objects.create(
        name=f"Model {images}", version="1", task="classification", protocol="winnow", created_by=user, classes=classes
    )
    attached = CampaignModel.objects.create(campaign=campaign, model=model)
    LabelMapping.objects.bulk_create(LabelMapping(campaign_model=attached, class_index=n, label=label) for n, label in enumerate(labels))
    for start in range(0, images, A_BATCH):
        rows = range(start, min(start + A_BATCH, images))
        made = Image.objects.bulk_create(
            Image(campaign=campaign, name=f"{n:06}.jpg", path=f"aa/{n}.jpg", sha256=f"{images:032x}{n:032x}", size_bytes=80_000,
                  format="JPEG", width=1024, height=768, bands=3, dtype="uint8", state="submitted")
            for n in rows
        )  # fmt: skip
        AnnotationSet.objects.bulk_create(
            AnnotationSet(
                image=image, author=user, state="submitted", annotations=[
                    {"id": f"a{n}", "label": labels[truth[n]].pk, "shape": {"type": "whole"}, "attributes": {}}
                ],
            )
            for image, n in zip(made, rows, strict=True)
        )  # fmt: skip
        said = (
            Classification(tuple(ClassScore(k, f"label {k}", float(p)) for k, p in enumerate(probabilities[n])), mode="single",
                           activation="softmax", complete=True)
            for n in rows
        )  # fmt: skip
        Prediction.objects.bulk_create(
            Prediction(image=image, model=model, model_version="1", document=Answer((item,), 1024, 768, "1").as_document())
            for image, item in zip(made, said, strict=True)
        )
    return campaign, model


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long something takes, and what it returns."""
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def by_scikit_learn(probabilities: Any, truth: Any) -> dict[str, float]:
    """Compute the same figures from ready arrays, without intervals."""
    said, hot = probabilities.argmax(axis=1), np.eye(LABELS, dtype=bool)[truth]
    found = {"accuracy": metrics.accuracy_score(truth, said), "mcc": metrics.matthews_corrcoef(truth, said)}
    for average in ("micro", "macro", "weighted"):
        found[f"f1_{average}"] = metrics.precision_recall_fscore_support(truth, said, average=average)[2]
    metrics.precision_recall_fscore_support(truth, said)
    metrics.confusion_matrix(truth, said)
    found["cross_entropy"] = metrics.log_loss(truth, probabilities)
    found["average_precision"] = metrics.average_precision_score(hot, probabilities)
    found["auc"] = metrics.roc_auc_score(hot, probabilities)
    return {name: float(value) for name, value in found.items()}


def asked(campaign: Any, model: Any) -> dict[str, Any]:
    """Ask for what the page shows first."""
    from active_learning.services.statistics import curves_of, statistics_of

    who: dict[str, Any] = {"user": campaign.created_by, "campaign": campaign, "model_id": model.pk, "name": "all", "overlap": 0.5}
    curves_of(**who)
    return statistics_of(**who, thresholds=None)


def forget() -> None:
    """Forget what this process keeps, as a restart would."""
    from active_learning.services.evidence import SHELF

    SHELF.clear()


def resubmit(campaign: Any) -> None:
    """Touch one annotation set, as a submit does."""
    from django.utils import timezone

    from campaigns.models import AnnotationSet

    one = AnnotationSet.objects.filter(image__campaign=campaign).order_by("pk")[0]
    AnnotationSet.objects.filter(pk=one.pk).update(version=one.version + 1, submitted_at=timezone.now())


def measure(images: int) -> tuple[dict[str, float], float]:
    """Return the seconds of each situation, and those of scikit-learn."""
    from active_learning.services.evidence import gather_evidence

    probabilities, truth = drawn(images)
    campaign, model = measured_campaign(probabilities, truth)
    peer, figures = timed(lambda: by_scikit_learn(probabilities, truth))
    seconds = {}
    forget()
    seconds["read_by_the_run"], _ = timed(lambda: gather_evidence(campaign, model))
    forget()
    seconds["first"], document = timed(lambda: asked(campaign, model))
    for figure in document["figures"]:
        assert figure["name"] not in figures or abs(figure["value"] - figures[figure["name"]]) < 1e-4, figure
    resubmit(campaign)
    seconds["after_a_submit"], _ = timed(lambda: asked(campaign, model))
    seconds["again"], _ = timed(lambda: asked(campaign, model))
    return {name: round(value, 3) for name, value in seconds.items()}, round(peer, 3)


def main() -> None:
    """Measure both sizes."""
    ours: dict[str, float] = {}
    peer: dict[str, float] = {}
    with data_folder():
        for images in SIZES:
            seconds, peer[f"{images}_images_s"] = measure(images)
            ours |= {f"{images}_images_{name}_s": value for name, value in seconds.items()}
            print(f"{images:6} images: {seconds} s, scikit-learn {peer[f'{images}_images_s']} s", flush=True)
    ours["memory_mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    first, large = (ours[f"{images}_images_first_s"] for images in SIZES)
    report(
        "statistics",
        ours=ours,
        peer={f"scikit_learn_{name}": value for name, value in peer.items()},
        ratio=first / peer[f"{SIZES[0]}_images_s"],
        goal=f"at most {MOST_S:.0f} s at {SIZES[0]:,} images after a run or a restart, and at most 12 times that at ten times as many",
        holds=first <= MOST_S and large <= 12 * first,
    )


if __name__ == "__main__":
    main()
