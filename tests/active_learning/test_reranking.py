"""Rankings that follow the labels: a plan, a submit, a run, and the queue's new order, with real pictures and real weights."""

import datetime
from datetime import UTC

import pytest
from django_q.models import OrmQ

from active_learning import tasks
from active_learning.models import Agreement, AuditPick, Evaluation, RankedImage, Round, RoundPlan, RoundState
from active_learning.services import plans, redrafting, reranking
from active_learning.services.plans import PlanForm, consider, set_plan, tend_plans
from active_learning.services.rounds import RoundOptions, start_round
from campaigns.errors import InvalidInput, NotAllowed
from campaigns.models import AnnotationSet, Image, Run, RunState
from campaigns.queue import lease_next
from campaigns.runs import RunContext, claim_run, execute_claimed, execute_now, sweep_runs
from campaigns.services.annotations import Change, open_annotation_set, save_annotations, submit_annotation_set
from models_registry.models import CampaignModel
from tests.active_learning.answers import box, store
from tests.active_learning.conftest import LABELED, POOL

pytestmark = pytest.mark.django_db
EVERY = 3


def truth(image):
    return image.reference.annotations[0]["label"]


def hand_in(image, user):
    """Label an image rightly, as the labeling page does."""
    said = {"id": "a", "label": truth(image), "shape": {"type": "whole"}, "origin": "human", "review": "accepted", "confidence": None}
    own = open_annotation_set(user=user, image=image)
    own = save_annotations(user=user, image=image, version=own.version, change=Change(upsert=(said,)))
    submit_annotation_set(user=user, image=image, version=own.version)
    image.refresh_from_db()


def label_next(campaign, user, count):
    for _ in range(count):
        hand_in(lease_next(user=user, campaign=campaign).image, user)


def order_of(round_):
    return list(RankedImage.objects.filter(round=round_).order_by("rank").values_list("image_id", flat=True))


@pytest.fixture
def opened(coast, manager):
    """A round of the whole pool by lot, and a plan to rank again after every three labels."""
    round_ = start_round(user=manager, campaign=coast, strategy="uherding", size=POOL, seed=3)
    assert execute_now(round_.run).state == RunState.SUCCEEDED
    set_plan(user=manager, campaign=coast, form=PlanForm(every=EVERY))
    round_.refresh_from_db()
    return round_


class TestRankingAgain:
    def test_after_every_few_submits_the_queue_has_another_order_that_the_new_labels_made(self, opened, coast, annotator):
        before = order_of(opened)
        label_next(coast, annotator, EVERY - 1)
        assert consider(coast) is None
        label_next(coast, annotator, 1)
        assert OrmQ.objects.count()  # the submit told the queue by itself
        run = execute_now(consider(coast))
        assert run.state == RunState.SUCCEEDED, run.error
        assert run.result["refitted"] is True
        assert (run.result["ranked"], run.result["labeled"]) == (POOL - EVERY, LABELED + EVERY)
        after = order_of(opened)
        assert after[:EVERY] == before[:EVERY]  # what is labeled keeps its place in the round
        assert sorted(after) == sorted(before)
        assert after[EVERY:] != before[EVERY:]
        queue = Image.objects.filter(campaign=coast).pool().order_by("-priority", "id").values_list("pk", flat=True)
        assert list(queue) == after[EVERY:]
        first = RankedImage.objects.get(round=opened, rank=EVERY + 1)
        assert "uncertainty" in first.parts
        scores = list(RankedImage.objects.filter(round=opened, rank__gt=EVERY).order_by("rank").values_list("score", flat=True))
        assert scores == sorted(scores, reverse=True)
        assert Round.objects.get(campaign=coast).state == RoundState.OPEN

    def test_the_image_that_somebody_has_open_stays_theirs(self, opened, coast, annotator, manager):
        held = lease_next(user=manager, campaign=coast).image
        label_next(coast, annotator, EVERY)
        execute_now(consider(coast))
        held.refresh_from_db()
        assert held.leased_by == manager
        assert lease_next(user=manager, campaign=coast, resume=True).image == held

    def test_labels_that_come_in_while_it_ranks_are_ranked_by_the_same_run(self, opened, coast, annotator, monkeypatch):
        label_next(coast, annotator, EVERY)
        run, rewrite, passes = consider(coast), reranking.rewrite, []

        def slow(round_, places):
            rewrite(round_, places)
            passes.append(len(places))
            if len(passes) == 1:
                label_next(coast, annotator, EVERY + 1)
                assert consider(coast) is None  # never two at a time

        monkeypatch.setattr(reranking, "rewrite", slow)
        assert execute_now(run).result["labeled"] == LABELED + 2 * EVERY + 1
        assert len(passes) == 2
        assert consider(coast) is None
        assert Run.objects.filter(kind="rerank").count() == 1

    def test_two_workers_that_hear_of_submits_at_once_start_one_run(self, opened, coast, annotator, monkeypatch):
        label_next(coast, annotator, EVERY)
        stale = plans.plan_of(coast)
        assert consider(coast) is not None
        monkeypatch.setattr(plans, "is_ranking", lambda campaign: False)
        monkeypatch.setattr(plans, "plan_of", lambda campaign: stale)
        assert consider(coast) is None
        assert Run.objects.filter(kind="rerank").count() == 1

    def test_a_killed_run_is_taken_up_again_and_leaves_the_order_whole(self, opened, coast, annotator, settings, monkeypatch):
        label_next(coast, annotator, EVERY)
        run, before = consider(coast), order_of(opened)
        claimed = claim_run(run.pk)
        monkeypatch.setattr(reranking, "write_rows", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            reranking.execute_reranking(RunContext(claimed))
        assert order_of(opened) == before
        monkeypatch.undo()
        Run.objects.filter(pk=run.pk).update(heartbeat_at=datetime.datetime(2020, 1, 1, tzinfo=UTC))
        sweep_runs()
        execute_claimed(claim_run(run.pk))
        run.refresh_from_db()
        assert (run.state, run.attempts) == (RunState.SUCCEEDED, 2)
        assert order_of(opened) != before

    def test_a_worker_that_was_taken_for_dead_leaves_the_order_to_the_one_that_took_over(self, opened, coast, annotator, monkeypatch):
        label_next(coast, annotator, EVERY)
        run, ranking, before = consider(coast), reranking.rank, order_of(opened)

        def slow(*args, **kwargs):
            places = ranking(*args, **kwargs)
            Run.objects.filter(pk=run.pk).update(claim="another worker")
            return places

        monkeypatch.setattr(reranking, "rank", slow)
        execute_claimed(claim_run(run.pk))
        assert order_of(opened) == before
        assert Run.objects.get(pk=run.pk).state == RunState.RUNNING

    def test_an_image_removed_while_it_ranks_is_passed_over(self, opened, coast, annotator, monkeypatch):
        label_next(coast, annotator, EVERY)
        run, ranking = consider(coast), reranking.rank
        gone = order_of(opened)[-1]

        def meanwhile(*args, **kwargs):
            Image.objects.get(pk=gone).delete()
            return ranking(*args, **kwargs)

        monkeypatch.setattr(reranking, "rank", meanwhile)
        ended = execute_now(run)
        assert ended.state == RunState.SUCCEEDED, ended.error
        assert gone not in order_of(opened) and len(order_of(opened)) == POOL - 1

    def test_a_round_that_opens_meanwhile_keeps_its_own_ranking(self, opened, coast, annotator, monkeypatch):
        label_next(coast, annotator, EVERY)
        run, rewrite = consider(coast), reranking.rewrite

        def late(round_, places):
            Round.objects.filter(pk=round_.pk).update(state=RoundState.CLOSED)
            rewrite(round_, places)

        before = order_of(opened)
        monkeypatch.setattr(reranking, "rewrite", late)
        ended = execute_now(run)
        assert (ended.state, order_of(opened)) == (RunState.FAILED, before)
        assert "Another round opened" in ended.error

    def test_each_ranking_is_measured_on_the_held_back_images_and_compared_with_the_one_before(self, opened, coast, annotator):
        for _ in range(2):
            label_next(coast, annotator, EVERY)
            execute_now(consider(coast))
        points = list(Evaluation.objects.filter(campaign=coast).values_list("labeled", flat=True))
        assert points == [LABELED + EVERY, LABELED + 2 * EVERY]
        last = Evaluation.objects.filter(campaign=coast).last()
        assert last.metrics["accuracy"] > 0.6
        assert "accuracy" in last.random_metrics
        agreement = Agreement.objects.get(campaign=coast)
        assert agreement.compared == POOL - 2 * EVERY
        assert -1 <= agreement.kappa <= 1

    def test_without_an_open_round_the_first_begins(self, coast, manager, annotator):
        set_plan(user=manager, campaign=coast, form=PlanForm(every=EVERY, strategy="maxherding", size=7))
        label_next(coast, annotator, EVERY)
        ended = execute_now(consider(coast))
        assert "round 1 began" in ended.result["message"]
        assert Round.objects.get(campaign=coast).size == 7

    def test_a_task_without_a_fast_head_is_ranked_again_by_what_is_stored(
        self, make_campaign, data_dir, shared_embeddings, make_external, manager, annotator, coast
    ):
        coast.task = "detection"
        coast.save(update_fields=["task"])
        model = make_external(coast, *coast.labels.all())
        waiting = list(coast.images.filter(state="unlabeled").exclude(split="test"))
        store(model, {image: box(0, 0.3 + 0.02 * n) for n, image in enumerate(waiting)})
        round_ = start_round(user=manager, campaign=coast, strategy="maxherding", size=POOL)
        assert execute_now(round_.run).state == RunState.SUCCEEDED
        Round.objects.filter(pk=round_.pk).update(strategy="uherding", model=model, model_version=model.version)
        set_plan(user=manager, campaign=coast, form=PlanForm(every=1))
        plan = RoundPlan.objects.get(campaign=coast)
        RoundPlan.objects.filter(pk=plan.pk).update(last_revision=0)
        ended = execute_now(consider(coast))
        assert (ended.state, ended.result["refitted"]) == (RunState.SUCCEEDED, False), ended.error
        assert "uncertainty" in RankedImage.objects.filter(round=round_).first().parts


class TestDraftsOfWhatComesNext:
    """A new ranking drafts anew what it asks next."""

    @pytest.fixture
    def taught(self, coast, manager):
        """An open round with a model of its own, whose drafts wait on every image, and a plan."""
        options = RoundOptions(train=True, training={"method": "fast_head", "epochs": 2, "validation": 0})
        round_ = start_round(user=manager, campaign=coast, strategy="uherding", size=POOL, seed=3, options=options)
        assert execute_now(round_.run).state == RunState.SUCCEEDED
        set_plan(user=manager, campaign=coast, form=PlanForm(every=EVERY))
        round_.refresh_from_db()
        return round_

    @staticmethod
    def drafts(campaign):
        sets = AnnotationSet.objects.filter(image__campaign=campaign, author=None)
        return {each.image_id: each.annotations for each in sets}

    def test_they_come_from_the_new_head_and_are_right_more_often(self, taught, coast, annotator):
        before = self.drafts(coast)
        label_next(coast, annotator, EVERY)
        run = execute_now(consider(coast))
        assert run.result["drafted"] == POOL - EVERY
        after = self.drafts(coast)
        waiting = list(coast.images.filter(state="unlabeled").exclude(split="test").select_related("reference"))
        for image in waiting:
            (drafted,) = after[image.pk]
            assert drafted["model"] == {"id": taught.model_id, "name": taught.model.name, "version": f"1+{LABELED + EVERY}"}
            assert (drafted["origin"], drafted["review"]) == ("prediction", "draft")
        right = [sum(said[image.pk][0]["label"] == truth(image) for image in waiting) for said in (before, after)]
        assert right[1] >= right[0]
        assert after != before

    def test_an_image_that_somebody_has_open_or_has_worked_on_keeps_what_it_had(self, taught, coast, annotator, manager):
        held = lease_next(user=manager, campaign=coast).image
        edited = coast.images.get(pk=order_of(taught)[-1])
        mine = open_annotation_set(user=manager, image=edited)
        said = {"id": "a", "label": truth(edited), "shape": {"type": "whole"}, "origin": "human", "review": "accepted", "confidence": None}
        mine = save_annotations(user=manager, image=edited, version=mine.version, change=Change(upsert=(said,)))
        before = self.drafts(coast)
        label_next(coast, annotator, EVERY)
        run = execute_now(consider(coast))
        after = self.drafts(coast)
        assert (after[held.pk], after[edited.pk]) == (before[held.pk], before[edited.pk])
        assert run.result["drafted"] == POOL - EVERY - 2
        mine.refresh_from_db()
        assert any(each["id"] == "a" for each in mine.annotations)

    def test_no_more_than_the_next_few_are_drafted(self, taught, coast, annotator, monkeypatch):
        monkeypatch.setattr(redrafting, "AHEAD", 4)
        label_next(coast, annotator, EVERY)
        assert execute_now(consider(coast)).result["drafted"] == 4
        after, ahead = self.drafts(coast), order_of(taught)[EVERY:]
        fresh = [image for image in ahead if after[image][0]["model"]["version"] != "1"]
        assert fresh == ahead[:4]

    def test_where_the_round_wanted_no_drafts_none_are_made(self, taught, coast, annotator):
        Run.objects.filter(pk=taught.run_id).update(params={**taught.run.params, "prefill": False})
        before = self.drafts(coast)
        label_next(coast, annotator, EVERY)
        assert execute_now(consider(coast)).result["drafted"] == 0
        assert self.drafts(coast) == before

    def test_a_model_that_was_detached_drafts_no_more(self, taught, coast, annotator):
        CampaignModel.objects.filter(campaign=coast).delete()
        label_next(coast, annotator, EVERY)
        run = execute_now(consider(coast))
        assert (run.state, run.result["drafted"]) == (RunState.SUCCEEDED, 0), run.error


class TestRandomPicks:
    def test_picks_stay_picks_while_the_order_changes_around_them(self, coast, manager, annotator):
        round_ = start_round(user=manager, campaign=coast, strategy="uherding", size=POOL, seed=3)
        Run.objects.filter(pk=round_.run_id).update(params={**round_.run.params, "audit_share": 0.25})
        round_.run.refresh_from_db()
        execute_now(round_.run)
        set_plan(user=manager, campaign=coast, form=PlanForm(every=1))
        drawn = set(AuditPick.objects.filter(round=round_).values_list("image_id", flat=True))
        assert len(drawn) == round(0.25 * POOL)
        asked = []
        for _ in range(8):
            label_next(coast, annotator, 1)
            asked.append(AnnotationSet.objects.order_by("-submitted_at").first().image_id)
            execute_now(consider(coast))
        assert [place for place, image in enumerate(asked) if image in drawn] == [2, 6]  # the middle of every four
        known = AuditPick.objects.get(image=asked[6])
        assert known.predicted is not None
        assert known.labeled == LABELED + 6

    def test_what_was_predicted_before_the_label_is_not_changed_after_it(self, opened, coast, annotator, pool):
        image = pool[0]
        AuditPick.objects.all().delete()
        AuditPick.objects.create(campaign=coast, image=image, round=opened, predicted=[], labeled=18, asked_at=opened.opened_at)
        hand_in(image, annotator)
        label_next(coast, annotator, EVERY)
        execute_now(consider(coast))
        assert AuditPick.objects.get(image=image).predicted == []


class TestThePlan:
    @pytest.mark.parametrize("role", ["reviewer", "annotator", "viewer"])
    def test_only_who_manages_the_campaign_sets_it(self, coast, role, request):
        with pytest.raises(NotAllowed):
            set_plan(user=request.getfixturevalue(role), campaign=coast, form=PlanForm(every=5))

    @pytest.mark.parametrize("wrong", [{"every": -1}, {"at_least": 0}, {"size": 0}, {"strategy": "guess"}, {"zone": "Nowhere/At all"}])
    def test_nonsense_is_refused(self, wrong):
        with pytest.raises(InvalidInput):
            PlanForm(**wrong)

    def test_a_campaign_without_a_plan_hears_of_no_submit(self, coast, annotator, pool):
        hand_in(pool[0], annotator)
        assert OrmQ.objects.count() == 0
        assert tasks.tend_plans() == 0

    def test_a_submit_that_nobody_heard_of_is_ranked_by_the_minute(self, opened, coast, annotator):
        label_next(coast, annotator, EVERY)
        OrmQ.objects.all().delete()
        assert tend_plans() == 1
        assert tend_plans() == 0

    def test_a_nightly_round_begins_once_at_its_hour_if_enough_is_new(self, coast, manager, annotator):
        form = PlanForm(nightly=True, at=datetime.time(2, 0), zone="Europe/Berlin", at_least=2, strategy="maxherding", size=5)
        plan = set_plan(user=manager, campaign=coast, form=form)
        RoundPlan.objects.filter(pk=plan.pk).update(looked_on=datetime.date(2031, 1, 1))
        assert tend_plans(datetime.datetime(2031, 1, 2, 0, 59, tzinfo=UTC)) == 0  # 1:59 in Berlin
        assert tend_plans(datetime.datetime(2031, 1, 2, 1, 0, tzinfo=UTC)) == 1
        round_ = Round.objects.get(campaign=coast)
        assert (round_.strategy, round_.size, round_.run.params["train"]) == ("maxherding", 5, True)
        assert tend_plans(datetime.datetime(2031, 1, 2, 5, 0, tzinfo=UTC)) == 0
        plan.refresh_from_db()
        assert plan.note == f"2031-01-02 Round 1 began with {LABELED} new labels."
        RoundPlan.objects.filter(pk=plan.pk).update(looked_on=datetime.date(2040, 1, 1))  # a clock that ran ahead, and was put right since
        assert tend_plans(datetime.datetime(2031, 1, 3, 3, 0, tzinfo=UTC)) == 0
        plan.refresh_from_db()
        assert plan.note == "2031-01-03 No round: 0 of at least 2 new labels."

    def test_a_plan_without_a_strategy_takes_what_suits_the_campaign_when_the_round_begins(self, coast, manager):
        plan = set_plan(user=manager, campaign=coast, form=PlanForm(nightly=True, at_least=1))
        RoundPlan.objects.filter(pk=plan.pk).update(looked_on=None)
        coast.task = "segmentation"  # with labels there, patches suit it best
        coast.save(update_fields=["task"])
        assert tend_plans(datetime.datetime(2031, 1, 2, 3, 0, tzinfo=UTC)) == 1
        assert Round.objects.get(campaign=coast).strategy == "patches"

    def test_a_night_with_too_few_labels_says_so(self, opened, coast, manager, annotator):
        plan = set_plan(user=manager, campaign=coast, form=PlanForm(nightly=True, at_least=2))
        RoundPlan.objects.filter(pk=plan.pk).update(looked_on=None)
        hand_in(coast.images.filter(state="unlabeled").exclude(split="test").first(), annotator)
        assert tend_plans(datetime.datetime(2031, 1, 2, 3, 0, tzinfo=UTC)) == 0
        plan.refresh_from_db()
        assert "1 of at least 2 new labels" in plan.note

    def test_a_round_that_cannot_begin_says_why_and_stops_nobody_else(self, coast, manager):
        plan = set_plan(user=manager, campaign=coast, form=PlanForm(nightly=True, at_least=1))
        RoundPlan.objects.filter(pk=plan.pk).update(looked_on=None)
        coast.memberships.filter(user=manager).update(role="viewer")
        assert tend_plans(datetime.datetime(2031, 1, 2, 3, 0, tzinfo=UTC)) == 0
        plan.refresh_from_db()
        assert "No round:" in plan.note
        assert "role" in plan.note

    def test_a_plan_set_after_its_hour_begins_tomorrow(self, coast, manager):
        plan = set_plan(user=manager, campaign=coast, form=PlanForm(nightly=True, at=datetime.time(0, 0), at_least=1))
        assert plan.looked_on is not None
        assert tend_plans() == 0


class TestTheApi:
    def test_the_plan_is_read_and_written_with_how_many_labels_are_new(self, coast, manager, as_user, annotator, pool):
        client = as_user(manager)
        path = f"/api/v1/campaigns/{coast.pk}/round-plan"
        assert client.get(path).json()["every"] == 0
        answer = client.put(path, {"every": 5, "nightly": True, "at": "03:30", "zone": "Europe/Berlin"})
        assert answer.status_code == 200, answer.json()
        hand_in(pool[0], annotator)
        told = client.get(path).json()
        assert (told["every"], told["at"], told["new_labels"], told["refits"]) == (5, "03:30", 1, True)
        assert client.put(path, {"zone": "Mars"}).status_code == 422
