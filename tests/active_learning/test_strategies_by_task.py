"""Every strategy beside every task, over the API: what is offered ranks by real answers, what is not is refused with the reason."""

import io
import json

import numpy as np
import pytest
from django.utils import timezone
from PIL import Image as Picture

from active_learning.acquisition.strategies import STRATEGIES
from active_learning.models import Round
from active_learning.services.costs import seconds_a_label
from active_learning.services.training import start_training
from campaigns.imagery.blue_marble import Chip
from campaigns.models import AnnotationSet, RunState
from campaigns.runs import execute_now
from inference.models import Prediction
from inference.services.ensembles import create_ensemble
from tests.active_learning.chips import add_chip, submit
from tests.inference.endpoint import Endpoint, Reply, items

pytestmark = pytest.mark.django_db

HIGH, WIDE, SIDE = 32, 48, 12
POOL, LABELED = 8, 6
SINGLE, MULTI = "single-label", "multi-label"
KINDS = {
    SINGLE: ("classification", {}),
    MULTI: ("classification", {"multi_label": True}),
    "detection": ("detection", {}),
    "instance": ("segmentation", {"segmentation": "instance"}),
    "semantic": ("segmentation", {"segmentation": "semantic"}),
    "keypoints": ("keypoints", {}),
}
POINTS = ("north", "west", "east")
EVERYWHERE = {
    "random", "least_confidence", "margin", "entropy", "density", "divergence", "kcenter", "typiclust", "probcover", "margin_diverse",
    "maxherding", "uherding", "flip",
}  # fmt: skip
WHOLE = EVERYWHERE | {"bald", "vote_entropy", "dropquery", "badge"}
OBJECTS = EVERYWHERE | {"difficult_boxes", "ppal"}
OFFERED = {
    SINGLE: WHOLE, MULTI: WHOLE | {"most_doubtful", "top_doubtful", "cardinality"}, "detection": OBJECTS,
    "instance": OBJECTS | {"flip_masks"}, "keypoints": OBJECTS | {"flip_points", "unsure_points"},
    "semantic": EVERYWHERE | {"ppal", "patches"},
}  # fmt: skip


def picture(number):
    """A square somewhere, of a red that differs from picture to picture; every other one has a blue neighbour."""
    rng = np.random.default_rng([number, 3])
    pixels = rng.integers(0, 40, (HIGH, WIDE, 3)).astype(np.uint8)
    top, left = int(rng.integers(0, HIGH - SIDE)), int(rng.integers(0, WIDE - 2 * SIDE))
    pixels[top : top + SIDE, left : left + SIDE, 0] = 120 + 9 * number
    if number % 2:
        pixels[top : top + SIDE, left + SIDE : left + 2 * SIDE, 2] = 250 - 9 * number
    return pixels


def seen(body):
    """Read the picture that a request carries."""
    start = max(body.find(b"\x89PNG"), body.find(b"II*\x00"))
    return np.asarray(Picture.open(io.BytesIO(body[start:])).convert("RGB")).astype(float)


def things(pixels):
    """Find squares as (class, confidence, left, top, right, bottom): the nearer to the left, the surer."""
    found = []
    for channel in (0, 2):
        rows, columns = np.nonzero(pixels[..., channel] > 100)
        if len(rows):
            left, top, right, bottom = (float(v) for v in (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
            sure = 0.95 - 0.5 * left / WIDE - 0.2 * (pixels[..., channel].max() / 255) ** 4
            found.append((channel // 2, float(np.clip(sure, 0.1, 0.95)), left, top, right, bottom))
    return found


def looks_at(kind, bias):
    """A model of a task, so much surer of what is blue than another one."""

    def respond(body):
        found = [(label, min(0.97, sure + bias * label), *around) for label, sure, *around in things(seen(body))]
        if kind in (SINGLE, MULTI):
            sure = {f"class {label}": sure for label, sure, *_ in found}
            one, other = sure.get("class 0", 0.05), sure.get("class 1", 0.05)
            if kind == SINGLE:
                one, other = one / (one + other), other / (one + other)
            return items({"kind": "classification", "scores": {"class 0": one, "class 1": other}})
        if kind == "semantic":
            shares = np.full((2, HIGH, WIDE), 0.05)
            shares[0] = 0.95
            for label, sure, left, top, right, bottom in found:
                shares[:, int(top) : int(bottom), int(left) : int(right)] = 1 - sure
                shares[label, int(top) : int(bottom), int(left) : int(right)] = sure
            return Reply(json.dumps((shares / shares.sum(axis=0)).tolist()).encode())
        entries = []
        for label, sure, left, top, right, bottom in found:
            common = {"class": f"class {label}", "score": sure}
            if kind == "detection":
                entries.append({"kind": "box", **common, "xyxy": [left, top, right, bottom]})
            elif kind == "instance":
                ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
                entries.append({"kind": "polygon", **common, "polygons": [[ring]]})
            else:
                places = zip(POINTS, (((left + right) / 2, top), (left, (top + bottom) / 2), (right, bottom)), strict=True)
                points = [{"name": name, "x": x, "y": y, "v": 2, "confidence": sure / 2} for name, (x, y) in places]
                entries.append({"kind": "keypoints", **common, "points": points})
        return items(*entries)

    return respond


def shape_of(kind, left, top, right, bottom):
    if kind in (SINGLE, MULTI):
        return {"type": "whole"}
    if kind == "keypoints":
        return {"type": "points", "points": [{"name": name, "x": left + n, "y": top + n, "v": 2} for n, name in enumerate(POINTS)]}
    if kind == "detection":
        return {"type": "box", "x": left, "y": top, "width": right - left, "height": bottom - top, "rotation": 0}
    return {"type": "polygon", "polygons": [[[[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]]]}


@pytest.fixture(params=list(KINDS))
def kind(request):
    """What is labeled."""
    return request.param


@pytest.fixture
def campaign(kind, make_campaign, data_dir, shared_embeddings, annotator, settings):
    """Pictures of a task, some of them labeled."""
    settings.MODEL_NETWORKS = ["127.0.0.0/8"]
    (data_dir / "embeddings").symlink_to(shared_embeddings)
    task, options = KINDS[kind]
    made = make_campaign("Squares", task=task, labels=("red", "blue"), settings=options)
    if kind == "keypoints":
        for label in made.labels.all():
            label.skeleton = {"points": [{"name": name, "x": 0.5, "y": 0.5} for name in POINTS], "edges": [], "flip": [["west", "east"]]}
            label.save()
    labels = list(made.labels.all())
    for number in range(POOL + LABELED):
        image = add_chip(made, Chip(f"{number}", picture(number), np.zeros((1, 1), bool), (1, 0, 0, 0, 1, 0), ""))
        made.images.filter(pk=image.pk).update(width=WIDE, height=HIGH)
        image.refresh_from_db()
        if number >= POOL:
            found = things(picture(number).astype(float))
            found = found[number % 2 : number % 2 + 1] if kind == SINGLE else found
            submit(image, annotator, [{"label": labels[label].pk, "shape": shape_of(kind, *around)} for label, _, *around in found])
    return made


@pytest.fixture
def asked(kind, campaign, make_external, manager):
    """A model at an address, and an ensemble of it and another one."""
    labels = list(campaign.labels.all())
    common = {"multi_label": kind == MULTI, "protocol": "scaneo" if kind == "semantic" else "winnow"}
    with Endpoint(looks_at(kind, 0.0)) as first, Endpoint(looks_at(kind, 0.08 if kind == "semantic" else 0.25)) as second:
        one, other = make_external(campaign, *labels), make_external(campaign, *labels)
        for model, url in ((one, first.url), (other, second.url)):
            type(model).objects.filter(pk=model.pk).update(url=url, **common)
        both = create_ensemble(user=manager, campaign=campaign, name="Both", members=[{"model": one.pk}, {"model": other.pk}])
        yield {"one": one, "both": both}


def begin(client, campaign, strategy, **more):
    body = {"strategy": strategy, "size": 3, "audit_share": 0, "prefill": False, **more}
    return client.post(f"/api/v1/campaigns/{campaign.pk}/rounds", body, format="json")


def ranked(client, campaign, strategy, **more):
    """Return a round's ranking."""
    reply = begin(client, campaign, strategy, **more)
    assert reply.status_code == 202, reply.json()
    run = execute_now(Round.objects.get(campaign=campaign, number=reply.json()["number"]).run)
    assert run.state == RunState.SUCCEEDED, f"{strategy}: {run.error}"
    return client.get(f"/api/v1/campaigns/{campaign.pk}/rounds/{reply.json()['number']}/ranking").json()["results"]


def test_what_is_offered_ranks_by_real_answers_and_what_is_not_is_refused(kind, campaign, asked, manager, as_user):
    client = as_user(manager)
    offered = {each["name"] for each in client.get(f"/api/v1/strategies?campaign={campaign.pk}").json()}
    assert offered == OFFERED[kind]
    for name, strategy in STRATEGIES.items():
        if name not in offered:
            refused = begin(client, campaign, name, model=asked["one"].pk)
            assert (refused.status_code, refused.json()["code"]) == (422, "unsuited_strategy")
            continue
        # An ensemble is shown to be asked where answers are compared; BALD needs its members, or a head.
        several = strategy.needs & {"head", "flip", "committee"}
        for model in ("both",) if "head" in strategy.needs else ("one", "both") if several else ("one",):
            ranking = ranked(client, campaign, name, model=asked[model].pk)
            assert len(ranking) == POOL, name
            scores = [each["score"] for each in ranking]
            assert scores == sorted(scores, reverse=True), name
            assert all(each["why"] for each in ranking)
            doubts = [each["parts"].get("uncertainty") for each in ranking]
            if "model" in strategy.needs:
                assert len({round(doubt, 6) for doubt in doubts}) > 1, f"{name} by {model} tells the images apart"
            if "flip" in strategy.needs:
                assert 0 < max(doubts) < 0.95, f"{name} by {model}: the answers about mirror images are laid back on the images"


@pytest.mark.parametrize("kind", ["detection"], indirect=True)
def test_what_members_of_an_ensemble_see_in_the_mirror_is_never_kept_as_what_they_said(campaign, asked, manager, as_user):
    client = as_user(manager)
    first = ranked(client, campaign, "flip", model=asked["both"].pk)
    Prediction.objects.filter(model=asked["one"]).delete()
    again = ranked(client, campaign, "flip", model=asked["both"].pk)
    assert [(each["image"], each["score"]) for each in again] == [(each["image"], each["score"]) for each in first]
    assert not Prediction.objects.filter(model=asked["one"]).exists()


@pytest.mark.parametrize("kind", [SINGLE], indirect=True)
def test_a_head_that_keeps_no_answers_is_compared_with_the_mirror_all_the_same(campaign, manager, as_user):
    training = start_training(user=manager, campaign=campaign, config={"method": "fast_head", "epochs": 2})
    assert execute_now(training.run).state == RunState.SUCCEEDED
    training.refresh_from_db()
    assert not Prediction.objects.filter(model=training.model).exists()
    ranking = ranked(as_user(manager), campaign, "flip", model=training.model_id)
    assert len({each["parts"]["uncertainty"] for each in ranking}) > 1


@pytest.mark.parametrize("kind", [SINGLE], indirect=True)
def test_what_a_round_lacks_is_said_before_it_begins(campaign, asked, manager, as_user):
    client = as_user(manager)

    def refusal(strategy, **more):
        reply = begin(client, campaign, strategy, **more)
        assert reply.status_code == 422
        return reply.json()["code"]

    assert refusal("bald", model=asked["one"].pk) == "no_head"
    assert refusal("bald", train=True, training={"method": "fine_tune"}) == "no_head"
    campaign.campaign_models.all().delete()
    assert refusal("bald") == "no_model"
    assert refusal("divergence", train=True) == "no_committee"
    assert refusal("kcenter", cost_aware=True) == "no_model"
    assert refusal("kcenter", balanced=True) == "no_model"


@pytest.mark.parametrize("kind", [SINGLE, MULTI], indirect=True)
def test_images_that_are_expected_to_get_quick_labels_come_first_where_that_is_preferred(
    kind, campaign, asked, manager, as_user, annotator
):
    red, blue = campaign.labels.all()
    for own in AnnotationSet.objects.filter(image__campaign=campaign, state="submitted"):
        labels = {each["label"] for each in own.annotations}
        for label in labels:
            own.label_uses.create(label_id=label, count=1, whole=True)
        spent = 600.0 if blue.pk in labels else 0.5
        own.efforts.create(
            campaign=campaign, user=annotator, shape="whole", origin="human", object_count=len(labels), active_s=spent, actions=1,
            submitted_at=timezone.now(),
        )  # fmt: skip
    seconds = seconds_a_label(campaign, [red.pk, blue.pk, None])
    assert seconds[1] > max(seconds[0], seconds[2])
    ranking = ranked(as_user(manager), campaign, "kcenter", model=asked["one"].pk, cost_aware=True)
    cheapness = {int(each["image"]["name"]): each["parts"]["cheapness"] for each in ranking}
    assert min(cheapness[n] for n in cheapness if not n % 2) > max(cheapness[n] for n in cheapness if n % 2), "every other one is blue"
    assert [int(each["image"]["name"]) % 2 for each in ranking[:2]] == [0, 0]
