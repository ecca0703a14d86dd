"""Rounds: from labels to a queue, through real runs, real pictures and real weights."""

import math

import numpy as np
import pytest

from active_learning.models import Evaluation, RankedImage, Round, RoundState, TrainingRun
from active_learning.services import rounds as rounds_module
from active_learning.services.answers import read_answers
from active_learning.services.ranking import UNANSWERED, write_ranking
from active_learning.services.rounds import RoundOptions, execute_round, start_round, state_of
from active_learning.services.training import start_training
from campaigns.errors import Conflict, InvalidInput, NotAllowed, NotFound
from campaigns.models import AnnotationSet, Image, ImageState, Run, RunState
from campaigns.queue import lease_next
from campaigns.runs import RunContext, cancel_run, claim_run, execute_claimed, execute_now, retry_run, sweep_runs
from inference.models import Prediction
from inference.predictors import Picture
from inference.services.ensembles import create_ensemble
from inference.services.local import load_predictor
from models_registry.models import CampaignModel, RegisteredModel
from models_registry.services import choose_checkpoint
from models_registry.services.mapping import set_temperature
from tests.active_learning.answers import box, classified, store
from tests.active_learning.chips import chips, label_image
from tests.active_learning.conftest import HELD_BACK, LABELED, POOL
from tests.inference.endpoint import Endpoint, Reply, dead_url, items

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loopback_models(settings):
    settings.MODEL_NETWORKS = ["127.0.0.0/8"]


def made(campaign, user, **asked):
    """Open a round and return it as it stands."""
    round_ = start_round(user=user, campaign=campaign, **{"size": 6, "strategy": "random", **asked})
    run = execute_now(round_.run)
    assert run.state == RunState.SUCCEEDED, run.error
    round_.refresh_from_db()
    return round_


def order_of(round_):
    return list(RankedImage.objects.filter(round=round_).order_by("rank").values_list("image_id", flat=True))


def leased(campaign, user, count):
    held = []
    for _ in range(count):
        lease = lease_next(user=user, campaign=campaign, exclude=held)
        assert lease is not None
        held.append(lease.image.pk)
    return held


class TestTheCheckpointThatAnswers:
    """A round asks the checkpoint that its version stands for, whatever somebody chooses meanwhile."""

    def test_another_checkpoint_chosen_while_a_round_is_made_leaves_its_answers_of_one_kind(self, coast, pool, manager, monkeypatch):
        training = start_training(user=manager, campaign=coast, config={"method": "fast_head", "epochs": 30, "patience": 30})
        assert execute_now(training.run).state == RunState.SUCCEEDED
        training.refresh_from_db()
        model = training.model
        pictures = [Picture(chip_pixels(image), image.width, image.height, image.pk, image.sha256) for image in pool]
        best, last = (
            confidences(each.as_document() for each in load_predictor(model, role).predict(pictures)) for role in ("best", "last")
        )
        assert not np.allclose(best, last, atol=1e-3)
        round_ = start_round(user=manager, campaign=coast, strategy="margin", size=POOL, model=model)
        rank = rounds_module.rank

        def meanwhile(*args, **kwargs):
            choose_checkpoint(user=manager, attached=CampaignModel.objects.get(campaign=coast, model=model), role="last")
            return rank(*args, **kwargs)

        monkeypatch.setattr(rounds_module, "rank", meanwhile)
        assert execute_now(round_.run).state == RunState.SUCCEEDED
        model.refresh_from_db()
        assert (model.version, round_.model_version) == ("1-last", "1")
        stored = dict(Prediction.objects.filter(model=model, model_version="1").values_list("image_id", "document"))
        assert confidences(stored[image.pk] for image in pool) == pytest.approx(best, abs=1e-6)
        assert not Prediction.objects.filter(model=model, model_version="1-last").exists()
        # What is asked for after the choice is asked of the last one, under its own version.
        again = made(coast, manager, strategy="margin", size=POOL, model=model)
        assert again.model_version == "1-last"
        stored = dict(Prediction.objects.filter(model=model, model_version="1-last").values_list("image_id", "document"))
        assert confidences(stored[image.pk] for image in pool) == pytest.approx(last, abs=1e-6)

    def test_an_ensemble_whose_member_changes_while_a_round_is_made_ends_it_with_what_to_do(self, coast, manager, make_external):
        labels = list(coast.labels.all())
        one, other = make_external(coast, *labels, version="1"), make_external(coast, *labels, version="1")
        both = create_ensemble(user=manager, campaign=coast, name="Both", members=[{"model": one.pk}, {"model": other.pk}])
        round_ = start_round(user=manager, campaign=coast, strategy="margin", size=POOL, model=both)
        RegisteredModel.objects.filter(pk=one.pk).update(version="2")
        run = execute_now(round_.run)
        assert run.state == RunState.FAILED
        assert "A member of Both was changed while this was being made. Begin again" in run.error
        assert not Prediction.objects.filter(model=both).exists()


def confidences(documents):
    """What answers say of the classes: (N, K)."""
    return np.array([[score["confidence"] for score in each["items"][0]["scores"]] for each in documents])


def chip_pixels(image):
    return next(chip.pixels for chip in chips() if chip.name == image.name)


class TestTheQueue:
    @pytest.mark.parametrize("strategy", ["random", "kcenter", "typiclust", "maxherding", "uherding"])
    def test_the_labeling_queue_follows_the_ranking_exactly(self, coast, pool, manager, annotator, strategy):
        round_ = made(coast, manager, strategy=strategy)
        assert (round_.state, round_.pool_size) == (RoundState.OPEN, POOL)
        assert sorted(order_of(round_)) == [image.pk for image in pool]
        assert leased(coast, annotator, POOL) == order_of(round_)

    def test_eight_people_in_turn_get_the_images_in_the_order_of_the_ranking(self, coast, manager, make_user):
        order = order_of(made(coast, manager))
        people = [make_user(f"person-{n}") for n in range(8)]
        for person in people:
            coast.memberships.create(user=person, role="annotator")
        held = {person: [] for person in people}
        got = []
        for turn in range(16):
            person = people[turn * 3 % 8]
            image = lease_next(user=person, campaign=coast, exclude=held[person]).image.pk
            held[person].append(image)
            got.append(image)
        assert got == order[:16]

    def test_images_that_join_later_come_after_those_ranked(self, coast, manager, annotator, make_image):
        order = order_of(made(coast, manager))
        late = make_image(coast)
        assert leased(coast, annotator, POOL + 1) == [*order, late.pk]

    def test_what_is_labeled_or_held_back_is_never_ranked(self, coast, manager):
        ranked = set(order_of(made(coast, manager)))
        assert not ranked & set(coast.images.filter(split="test").values_list("pk", flat=True))
        assert not ranked & set(coast.images.exclude(state="unlabeled").values_list("pk", flat=True))


class TestStarting:
    @pytest.mark.parametrize("role", ["reviewer", "annotator", "viewer"])
    def test_only_who_manages_the_campaign_opens_a_round(self, coast, role, request):
        with pytest.raises(NotAllowed):
            start_round(user=request.getfixturevalue(role), campaign=coast, size=5, strategy="random")

    def test_a_stranger_sees_no_campaign(self, coast, stranger):
        with pytest.raises(NotFound):
            start_round(user=stranger, campaign=coast, size=5, strategy="random")

    def test_a_round_cannot_be_opened_while_another_is_being_made(self, coast, manager):
        first = start_round(user=manager, campaign=coast, size=5, strategy="random")
        with pytest.raises(Conflict, match="Round 1"):
            start_round(user=manager, campaign=coast, size=5, strategy="random")
        cancel_run(first.run)
        assert start_round(user=manager, campaign=coast, size=5, strategy="random").number == 2
        first.refresh_from_db()
        assert first.state == RoundState.FAILED

    def test_opening_the_next_round_closes_the_former(self, coast, manager):
        first, second = made(coast, manager), made(coast, manager, seed=1)
        first.refresh_from_db()
        assert (first.state, second.state) == (RoundState.CLOSED, RoundState.OPEN)
        assert first.closed_at == second.opened_at
        assert Round.objects.filter(campaign=coast, state=RoundState.OPEN).count() == 1

    def test_a_strategy_that_ranks_by_a_model_says_that_there_is_none(self, coast, manager):
        with pytest.raises(InvalidInput, match="begin with MaxHerding"):
            start_round(user=manager, campaign=coast, size=5, strategy="margin")

    def test_a_model_of_another_campaign_is_refused(self, coast, manager):
        elsewhere = RegisteredModel.objects.create(name="Elsewhere", task="classification", protocol="winnow")
        with pytest.raises(InvalidInput, match="not attached"):
            start_round(user=manager, campaign=coast, size=5, strategy="margin", model=elsewhere)

    def test_training_without_a_label_is_refused_before_a_run_is_made(self, labels, manager, make_image):
        campaign = labels["coast"].campaign
        make_image(campaign)
        with pytest.raises(InvalidInput, match="Nothing is labeled"):
            start_round(user=manager, campaign=campaign, size=5, strategy="margin", options=RoundOptions(train=True))
        assert not Run.objects.exists()

    def test_an_empty_pool_is_said_and_so_is_an_empty_campaign(self, labels, manager, make_image):
        campaign = labels["coast"].campaign
        with pytest.raises(InvalidInput, match="no images yet"):
            start_round(user=manager, campaign=campaign, size=5, strategy="random")
        make_image(campaign, state=ImageState.SUBMITTED)
        with pytest.raises(InvalidInput, match="labeled already"):
            start_round(user=manager, campaign=campaign, size=5, strategy="random")

    @pytest.mark.parametrize("wrong", [{"size": 0}, {"size": 5, "strategy": "guess"}])
    def test_a_size_of_nothing_and_an_unknown_strategy_are_refused(self, coast, manager, wrong):
        with pytest.raises(InvalidInput):
            start_round(user=manager, campaign=coast, **{"strategy": "random", **wrong})

    @pytest.mark.parametrize("share", [-0.1, 0.6, float("nan"), "half"])
    def test_an_audit_of_no_sensible_share_is_refused(self, share):
        with pytest.raises(InvalidInput, match="audit_share"):
            RoundOptions(audit_share=share)


class TestTrainingAndRanking:
    def test_one_round_trains_ranks_by_the_new_model_drafts_and_measures(self, coast, manager, annotator):
        round_ = made(coast, manager, strategy="margin", options=RoundOptions(train=True, audit_share=0))
        assert round_.model is not None
        assert TrainingRun.objects.get(run=round_.run).model == round_.model
        ranking = list(RankedImage.objects.filter(round=round_))
        scores = [each.score for each in ranking]
        assert scores == sorted(scores, reverse=True)
        assert ranking[0].parts["uncertainty"] == pytest.approx(scores[0], abs=1e-5)
        assert all(each.why for each in ranking)
        assert Prediction.objects.filter(model=round_.model).count() == POOL + HELD_BACK
        first = Image.objects.get(pk=ranking[0].image_id)
        assert AnnotationSet.objects.get(image=first, author=None).annotations[0]["model"]["id"] == round_.model_id
        assert not AnnotationSet.objects.filter(author=None, image__split="test").exists()
        evaluation = Evaluation.objects.get(round=round_)
        assert (evaluation.labeled, evaluation.held_back) == (LABELED, HELD_BACK)
        assert leased(coast, annotator, POOL) == order_of(round_)

    def test_the_second_round_learns_from_what_the_first_asked(self, coast, manager, annotator):
        first = made(coast, manager, strategy="typiclust")
        truth = {image.pk: image.reference.annotations[0]["label"] for image in coast.images.select_related("reference")}
        for image in leased(coast, annotator, 6):
            label_image(Image.objects.get(pk=image), annotator, truth[image])
        second = made(coast, manager, strategy="uherding", options=RoundOptions(train=True))
        assert second.pool_size == POOL - 6
        assert not set(order_of(first)[:6]) & set(order_of(second))
        assert Evaluation.objects.get(round=second).labeled == LABELED + 6

    def test_a_part_of_the_round_is_drawn_at_random_to_check_the_model(self, coast, manager):
        round_ = made(coast, manager, strategy="kcenter", size=10, options=RoundOptions(audit_share=0.2))
        drawn = [each.rank for each in RankedImage.objects.filter(round=round_) if each.parts["audit"]]
        assert len(drawn) == 2
        assert max(drawn) <= 10

    def test_the_same_seed_gives_the_same_ranking(self, coast, manager):
        first, second, third = (made(coast, manager, strategy="typiclust", seed=seed) for seed in (3, 3, 4))
        assert order_of(first) == order_of(second)
        assert order_of(second) != order_of(third)


class TestModelsFromOutside:
    def test_answers_rank_through_the_label_mapping(self, coast, pool, labels, manager, make_external):
        # Classes 0 and 1 are both ocean: a model that wavers between them does not waver between labels.
        model = make_external(coast, labels["ocean"], labels["ocean"], labels["coast"])
        sure, torn, half = classified(0.1, 0.1, 0.8), classified(0.5, 0.5, 0.0), classified(0.3, 0.2, 0.5)
        store(model, {image: half if n == 4 else torn if n == 2 else sure for n, image in enumerate(pool)})
        order = order_of(made(coast, manager, strategy="margin", model=model, options=RoundOptions(audit_share=0)))
        assert order[0] == pool[4].pk
        assert order[-1] == pool[2].pk

    def test_certainty_of_a_class_without_a_label_is_not_doubt(self, coast, pool, labels, manager, make_external):
        model = make_external(coast, labels["ocean"], labels["coast"], None)
        store(model, {image: classified(0.4, 0.35, 0.25) if n == 1 else classified(0.01, 0.01, 0.98) for n, image in enumerate(pool)})
        round_ = made(coast, manager, strategy="entropy", model=model, options=RoundOptions(audit_share=0))
        first, last = (RankedImage.objects.filter(round=round_).order_by(order).first() for order in ("rank", "-rank"))
        assert first.image_id == pool[1].pk
        assert "ocean (0.40)" in first.why
        assert last.why == "The model is sure that it is something else (0.98)."

    def test_a_calibrated_model_ranks_by_its_calibrated_probabilities(self, coast, pool, labels, manager, make_external):
        model = make_external(coast, labels["ocean"], labels["coast"])
        store(model, {image: classified(0.8, 0.2) if n == 1 else classified(0.99, 0.01) for n, image in enumerate(pool)})
        set_temperature(user=manager, attached=model.campaign_models.get(), temperature=2.0)
        calm = math.sqrt(0.8) / (math.sqrt(0.8) + math.sqrt(0.2))  # logits halved
        round_ = made(coast, manager, strategy="least_confidence", model=model, options=RoundOptions(audit_share=0))
        first = RankedImage.objects.filter(round=round_).order_by("rank").first()
        assert (first.image_id, first.score) == (pool[1].pk, pytest.approx(2 * (1 - calm)))
        answers = read_answers(campaign=coast, model=model, version=model.version, images=coast.images.all())
        assert answers.probabilities.argmax(axis=1).tolist() == [0] * POOL
        model.version = "another"  # the temperature was fitted to the one before
        store(model, {pool[0]: classified(0.8, 0.2)})
        other = read_answers(campaign=coast, model=model, version=model.version, images=coast.images.all())
        assert other.probabilities[0].tolist() == pytest.approx([0.8, 0.2])

    def test_images_that_the_model_failed_on_come_last_and_say_so(self, coast, pool, labels, manager, make_external):
        broken = pool[3].name.encode()

        def respond(body):
            return Reply(b"no json") if broken in body else items({"kind": "classification", "scores": {"class 0": 0.4, "class 1": 0.6}})

        with Endpoint(respond) as endpoint:
            model = make_external(coast, labels["ocean"], labels["coast"], url=endpoint.url, options={"retries": 0})
            round_ = made(coast, manager, strategy="least_confidence", model=model)
        last = RankedImage.objects.filter(round=round_).order_by("-rank").first()
        assert (last.image_id, last.why) == (pool[3].pk, UNANSWERED)
        assert Prediction.objects.filter(model=model, image__in=pool).count() == POOL - 1

    def test_a_dead_model_fails_the_run_and_leaves_the_queue_alone(self, coast, labels, manager, make_external):
        before = made(coast, manager)
        model = make_external(coast, labels["ocean"], labels["coast"], url=dead_url(), options={"retries": 0})
        round_ = start_round(user=manager, campaign=coast, size=5, strategy="margin", model=model)
        run = execute_now(round_.run)
        assert run.state == RunState.FAILED
        assert "does not answer" in run.error
        round_.refresh_from_db()
        before.refresh_from_db()
        assert (state_of(round_), before.state) == ("failed", RoundState.OPEN)

    def test_boxes_rank_by_the_least_sure_of_them(self, make_campaign, make_image, manager, make_external):
        campaign = make_campaign("Ships", task="detection", labels=("Ship", "Buoy"))
        ship = campaign.labels.first()
        images = [make_image(campaign) for _ in range(5)]
        model = make_external(campaign, ship, None)
        store(model, {
            images[0]: [box(0, 0.99), box(0, 0.98)], images[1]: [box(0, 0.55), box(0, 0.97)], images[2]: [box(1, 0.5)],
            images[3]: [box(0, 0.8)], images[4]: [box(0, None)],
        })  # fmt: skip
        round_ = made(campaign, manager, strategy="entropy", model=model, options=RoundOptions(audit_share=0))
        # The buoy has no label, so nothing of interest was found there; a box without confidence says nothing.
        assert order_of(round_) == [images[n].pk for n in (3, 1, 0, 2, 4)]
        why = dict(RankedImage.objects.filter(round=round_).values_list("image", "why"))
        assert why[images[1].pk] == "The model found 2 objects and is least sure of one, Ship (0.55)."
        assert why[images[4].pk] == UNANSWERED


class TestCrashes:
    def test_running_a_round_again_changes_nothing(self, coast, manager):
        round_ = made(coast, manager, strategy="margin", options=RoundOptions(train=True))

        def everything():
            return (
                list(RankedImage.objects.order_by("pk").values_list("pk", "image", "rank", "score")),
                list(Image.objects.order_by("pk").values_list("pk", "priority")),
                list(Evaluation.objects.values_list("pk", "metrics")),
                list(RegisteredModel.objects.values_list("pk", "version")),
                list(AnnotationSet.objects.order_by("pk").values_list("pk", "version")),
                Prediction.objects.count(),
            )

        before = everything()
        Run.objects.filter(pk=round_.run_id).update(state=RunState.LOST)
        assert execute_now(round_.run).state == RunState.SUCCEEDED
        assert everything() == before

    @pytest.mark.parametrize("step", ["know_pool", "rank", "write_ranking", "open_round", "evaluate_round"])
    def test_a_round_that_lost_its_worker_at_any_step_ends_as_if_nothing_had_happened(self, coast, manager, monkeypatch, settings, step):
        class PowerCut(BaseException):
            pass

        def dark(*args, **kwargs):
            raise PowerCut

        calm = order_of(made(coast, manager, strategy="uherding", seed=9))
        round_ = start_round(user=manager, campaign=coast, size=6, strategy="uherding", seed=9, options=RoundOptions(train=False))
        with monkeypatch.context() as patch:
            patch.setattr(rounds_module, step, dark)
            with pytest.raises(PowerCut):
                execute_claimed(claim_run(round_.run_id))
        settings.LOST_AFTER_S = 0
        assert sweep_runs() == 1
        assert Run.objects.get(pk=round_.run_id).state == RunState.QUEUED
        assert execute_now(round_.run).state == RunState.SUCCEEDED
        round_.refresh_from_db()
        assert round_.state == RoundState.OPEN
        assert order_of(round_) == calm

    @pytest.mark.parametrize("step", ["write_ranking", "keep_picks", "answer"])
    def test_images_removed_while_it_ranks_are_passed_over_and_the_others_keep_their_order(self, coast, manager, monkeypatch, step):
        calm = order_of(made(coast, manager, strategy="uherding", seed=9))
        gone = [calm[0], calm[3], calm[-1]]
        goes_on = getattr(rounds_module, step)

        def meanwhile(*args, **kwargs):
            if step == "keep_picks":
                gone[:] = args[1][:1]
            Image.objects.filter(pk__in=gone).delete()
            return goes_on(*args, **kwargs)

        monkeypatch.setattr(rounds_module, step, meanwhile)
        round_ = made(coast, manager, strategy="uherding", seed=9, options=RoundOptions(audit_share=0.5))
        ranks = list(RankedImage.objects.filter(round=round_).order_by("rank").values_list("rank", flat=True))
        assert not set(gone) & set(order_of(round_))
        assert gone and len(ranks) == len(calm) - len(gone)
        assert ranks == list(range(1, len(ranks) + 1)) or step != "write_ranking"

    @pytest.mark.parametrize("opened", [False, True])
    def test_a_worker_that_was_taken_for_dead_writes_nothing_over_the_ranking_of_the_one_that_took_over(
        self, coast, manager, monkeypatch, opened
    ):
        round_ = start_round(user=manager, campaign=coast, size=6, strategy="uherding", seed=9, options=RoundOptions(train=False))
        ranking, orders = rounds_module.rank, []

        def slow(*args, **kwargs):
            places = ranking(*args, **kwargs)
            with monkeypatch.context() as patch:
                patch.setattr(rounds_module, "rank", ranking)
                Run.objects.filter(pk=round_.run_id).update(state=RunState.LOST, claim="")
                if opened:
                    execute_claimed(claim_run(round_.run_id))
                    orders.append(order_of(round_))
            return places[::-1]

        monkeypatch.setattr(rounds_module, "rank", slow)
        execute_claimed(claim_run(round_.run_id))
        assert [order_of(round_)] == (orders or [[]])
        assert Run.objects.get(pk=round_.run_id).state == (RunState.SUCCEEDED if opened else RunState.LOST)
        with pytest.raises(Conflict if opened else AssertionError, match="open or closed" if opened else "nobody"):
            write_ranking(round_, [])
            raise AssertionError("nobody has opened it")

    def test_another_try_at_a_round_that_a_later_one_has_come_after_is_refused(self, coast, manager, monkeypatch):
        first = start_round(user=manager, campaign=coast, size=6, strategy="uherding", options=RoundOptions(train=False))
        with monkeypatch.context() as patch:
            patch.setattr(rounds_module, "rank", lambda *args, **kwargs: 1 / 0)
            assert execute_now(first.run).state == RunState.FAILED
        later = made(coast, manager, strategy="uherding")
        run = execute_now(retry_run(Run.objects.get(pk=first.run_id)))
        assert (run.state, f"Round {later.number} came after this one" in run.error) == (RunState.FAILED, True)
        later.refresh_from_db()
        assert later.state == RoundState.OPEN

    def test_a_round_lost_after_its_training_does_not_train_again(self, coast, manager):
        round_ = start_round(user=manager, campaign=coast, size=6, strategy="margin", options=RoundOptions(train=True))
        run = claim_run(round_.run_id)
        context = RunContext(run)
        execute_round(context)
        Round.objects.filter(pk=round_.pk).update(state=RoundState.RANKING, model=None, model_version="")
        Run.objects.filter(pk=run.pk).update(state=RunState.LOST)
        assert execute_now(run).state == RunState.SUCCEEDED
        assert CampaignModel.objects.filter(campaign=coast).count() == 1

    def test_a_failed_round_can_be_tried_again(self, coast, pool, labels, manager, make_external):
        model = make_external(coast, labels["ocean"], labels["coast"], url=dead_url(), options={"retries": 0})
        round_ = start_round(user=manager, campaign=coast, size=5, strategy="margin", model=model)
        assert execute_now(round_.run).state == RunState.FAILED
        store(model, {image: classified(0.4, 0.6) for image in pool})
        store(model, {image: classified(0.4, 0.6) for image in coast.images.filter(split="test")})
        assert execute_now(retry_run(Run.objects.get(pk=round_.run_id))).state == RunState.SUCCEEDED
        round_.refresh_from_db()
        assert round_.state == RoundState.OPEN

    def test_a_cancelled_round_leaves_the_queue_alone(self, coast, manager):
        before = list(Image.objects.order_by("pk").values_list("priority", flat=True))
        round_ = start_round(user=manager, campaign=coast, size=6, strategy="kcenter")
        run = claim_run(round_.run_id)
        cancel_run(run)
        execute_claimed(run)
        run.refresh_from_db()
        assert run.state == RunState.CANCELLED
        assert list(Image.objects.order_by("pk").values_list("priority", flat=True)) == before
        assert state_of(Round.objects.get(pk=round_.pk)) == "failed"


def test_an_image_that_cannot_be_read_comes_last_with_the_reason(coast, pool, manager, settings):
    from campaigns.storage import image_path

    image = pool[5]
    Image.objects.filter(pk=image.pk).update(sha256="f" * 64)
    image_path(image).write_bytes(b"not a picture")
    round_ = made(coast, manager, strategy="kcenter")
    last = RankedImage.objects.filter(round=round_).order_by("-rank").first()
    assert last.image_id == image.pk
    assert last.why.startswith("Asked last: ")


def test_scores_never_rise_along_the_ranking(coast, pool, manager, labels, make_external):
    model = make_external(coast, labels["ocean"], labels["coast"], labels["land"])
    rng = np.random.default_rng(0)
    store(model, {image: classified(*rng.dirichlet(np.ones(3))) for image in pool[:-2]})
    for strategy in ("margin", "margin_diverse", "uherding", "random"):
        round_ = start_round(user=manager, campaign=coast, size=8, strategy=strategy, model=model, options=RoundOptions(audit_share=0.3))
        execute_now(round_.run)
        scores = list(RankedImage.objects.filter(round=round_).order_by("rank").values_list("score", flat=True))
        assert len(scores) == POOL
        assert scores == sorted(scores, reverse=True), strategy
