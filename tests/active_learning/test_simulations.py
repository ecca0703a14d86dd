"""A labeled campaign asked again: the replay, the run, what a cancel and a crash leave, and the API."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from active_learning.acquisition.strategies import STRATEGIES
from active_learning.models import SimulatedCurve
from active_learning.progress.replay import (
    Material,
    beyond_chance,
    can_replay,
    default_budgets,
    labels_to_reach,
    replay,
    split_for_test,
    summary,
)
from active_learning.services import simulations
from active_learning.services.simulations import SimulationForm, chance_sentence, result_of, start_simulation
from active_learning.services.training import start_training
from active_learning.training.fast_head import Examples
from campaigns.errors import InvalidInput, NotAllowed
from campaigns.models import Run, RunState
from campaigns.runs import cancel_run, claim_run, execute_claimed, execute_now, retry_run
from tests.active_learning.conftest import HELD_BACK, LABELED, POOL

BUDGETS = (4, 12)
ASKED = ("random", "margin", "uherding")


def clusters(count=90, kinds=3, seed=0, *, multi=False):
    """Vectors around one centre a kind."""
    rng = np.random.default_rng(seed)
    centres, values = 3 * rng.standard_normal((kinds, 12)), np.arange(count) % kinds
    vectors = (centres[values] + rng.standard_normal((count, 12))).astype(np.float32)
    bits = np.eye(kinds, dtype=np.float32)[values]
    examples = Examples(vectors, bits if multi else values)
    return Material(examples.at(np.arange(30, count)), examples.at(np.arange(30)), kinds)


class TestTheReplay:
    @pytest.mark.parametrize("strategy", [name for name in STRATEGIES if can_replay(STRATEGIES[name])])
    def test_every_strategy_learns_from_what_it_asked_and_the_same_seed_gives_the_same_curve(self, strategy):
        material = clusters()
        drawn = replay(material, STRATEGIES[strategy], BUDGETS, seed=1)
        assert len(drawn) == len(BUDGETS)
        assert drawn[-1] > 0.7
        assert drawn == replay(material, STRATEGIES[strategy], BUDGETS, seed=1)

    @pytest.mark.parametrize("strategy", [*ASKED, "kcenter"])
    def test_a_strategy_begins_with_the_images_that_it_is_given_and_keeps_them(self, strategy):
        learned: list[list[int]] = []

        class Seen(Material):
            def learned(self, labeled):
                learned.append(list(labeled))
                return super().learned(labeled)

        plain, first = clusters(), [3, 17, 31, 45]
        replay(Seen(plain.pool, plain.test, plain.classes), STRATEGIES[strategy], BUDGETS, seed=2, first=first)
        assert learned[0] == first
        assert learned[1][:4] == first
        assert len(set(learned[1])) == BUDGETS[1]

    def test_images_with_several_labels_count_only_where_all_are_right(self):
        assert replay(clusters(multi=True), STRATEGIES["margin"], (6, 30), seed=0)[-1] > 0.8

    def test_labels_that_no_ranking_revealed_stay_hidden(self):
        material = clusters()
        wrong = Material(Examples(material.pool.embeddings, (material.pool.values + 1) % 3), material.test, 3)
        assert replay(wrong, STRATEGIES["random"], (30,), seed=0)[0] < 0.2  # it learns what the pool says, and nothing of the truth

    def test_a_budget_beyond_the_pool_takes_the_whole_pool(self):
        drawn = replay(clusters(), STRATEGIES["margin"], (60, 200, 300), seed=0)
        assert drawn[0] == drawn[1] == drawn[2]

    @given(st.integers(2, 200), st.floats(0.05, 0.9), st.integers(0, 99))
    def test_rows_to_ask_and_rows_to_measure_on_are_apart_and_together_all(self, count, share, seed):
        asked, measured = split_for_test(count, share, np.random.default_rng(seed))
        assert sorted([*asked, *measured]) == list(range(count))
        assert len(asked) and len(measured)

    @given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=8))
    def test_an_interval_holds_its_mean_and_stays_within_certainty(self, curves):
        found = summary(curves)
        for low, mean, high in zip(found.low, found.mean, found.high, strict=True):
            assert -1e-9 <= low <= mean + 1e-9
            assert mean - 1e-9 <= high <= 1 + 1e-9

    def test_the_interval_is_that_of_students_t(self):
        found = summary([[0.5], [0.6], [0.7]])
        assert found.high[0] - found.mean[0] == pytest.approx(4.303 * 0.1 / 3**0.5, abs=1e-3)

    def test_strategies_are_compared_seed_by_seed_and_chance_is_told_from_what_is_more(self):
        random = {0: [0.5, 0.6], 1: [0.7, 0.8], 2: [0.9, 0.7]}
        better = {seed: [first + 0.05 + seed / 1000, second - 0.02 + seed / 1000] for seed, (first, second) in random.items()}
        assert beyond_chance(better, random) == (1, -1), "although the seeds lie far apart"
        noisy = {0: [0.6, 0.6], 1: [0.6, 0.8], 2: [0.95, 0.7]}
        assert beyond_chance(noisy, random) == (0, 0)
        assert beyond_chance({0: [0.9, 0.9], 7: [1, 1]}, random) is None, "one seed in common tells nothing"
        assert chance_sentence((1, 0, 1), (10, 20, 40)) == "Better than random beyond chance with 10 and 40."
        assert chance_sentence((0, -1, 0), (10, 20, 1000)) == "Worse than random beyond chance with 20."
        assert "more than chance" in chance_sentence((0, 0), (10, 20))

    def test_labels_to_reach_are_read_between_the_budgets(self):
        assert labels_to_reach((10, 20), (0.5, 0.7), 0.6) == pytest.approx(15)
        assert labels_to_reach((10, 20), (0.5, 0.7), 0.4) == 10
        assert labels_to_reach((10, 20), (0.5, 0.7), 0.8) is None
        assert default_budgets(45) == [10, 20, 40]


@pytest.mark.django_db
class TestTheRun:
    def started(self, coast, user, **fields):
        return start_simulation(
            user=user, campaign=coast, form=SimulationForm(**{"strategies": ASKED[1:], "seeds": 2, "budgets": BUDGETS, **fields})
        )

    def test_curves_of_every_strategy_and_seed_come_out_with_what_each_would_have_saved(self, coast, manager):
        simulation = self.started(coast, manager)
        run = execute_now(simulation.run)
        assert run.state == RunState.SUCCEEDED, run.error
        assert run.result == {"curves": 6, "images": LABELED + HELD_BACK + POOL}
        found = result_of(simulation)
        assert [each.strategy for each in found.strategies] == list(ASKED)
        assert all(each.summary.seeds == 2 for each in found.strategies)
        assert found.random_accuracy == found.strategies[0].summary.mean[-1]
        assert all("what random reaches with" in each.sentence for each in found.strategies[1:])

    def test_a_cancel_keeps_the_curves_that_are_done_and_another_try_draws_only_the_others(self, coast, manager, monkeypatch):
        simulation, drawn = self.started(coast, manager), []

        def counted(material, strategy, budgets, *, seed, on_step):
            drawn.append((strategy.name, seed))
            if len(drawn) == 3:
                cancel_run(simulation.run)
                simulation.run.refresh_from_db()
            return replay(material, strategy, budgets, seed=seed)

        monkeypatch.setattr(simulations, "replay", counted)
        assert execute_now(simulation.run).state == RunState.CANCELLED
        assert SimulatedCurve.objects.filter(simulation=simulation).count() == 3
        assert [each.summary.seeds for each in result_of(simulation).strategies] == [1, 1, 1]
        retry_run(simulation.run)
        assert execute_now(simulation.run).state == RunState.SUCCEEDED
        assert len(drawn) == len(set(drawn)) == 6

    def test_a_killed_simulation_goes_on_with_the_next_curve(self, coast, manager, monkeypatch):
        simulation, drawn = self.started(coast, manager, seeds=1), []

        def dying(material, strategy, budgets, *, seed, on_step):
            drawn.append(strategy.name)
            if len(drawn) == 2:
                raise KeyboardInterrupt
            return replay(material, strategy, budgets, seed=seed)

        monkeypatch.setattr(simulations, "replay", dying)
        with pytest.raises(KeyboardInterrupt):
            execute_claimed(claim_run(simulation.run_id))
        simulation.run.__class__.objects.filter(pk=simulation.run_id).update(state=RunState.LOST)
        execute_claimed(claim_run(simulation.run_id))
        assert drawn == ["random", "margin", "margin", "uherding"]
        assert SimulatedCurve.objects.filter(simulation=simulation).count() == 3

    def test_it_lets_a_training_go_first_and_draws_the_other_curves_afterwards(self, coast, manager, monkeypatch):
        simulation, drawn = self.started(coast, manager, seeds=1), []

        def overtaken(material, strategy, budgets, *, seed, on_step):
            drawn.append(strategy.name)
            if len(drawn) == 1:
                start_training(user=manager, campaign=coast, config={})
            return replay(material, strategy, budgets, seed=seed)

        monkeypatch.setattr(simulations, "replay", overtaken)
        run = execute_now(simulation.run)
        assert (run.state, run.attempts, drawn) == (RunState.QUEUED, 0, ["random"])
        assert execute_now(run).state == RunState.QUEUED  # it still waits
        Run.objects.filter(kind="training").update(state=RunState.SUCCEEDED)
        assert execute_now(run).state == RunState.SUCCEEDED
        assert drawn == ["random", "margin", "uherding"]

    def test_without_held_back_images_another_part_is_measured_on_for_each_seed(self, coast, manager):
        coast.images.filter(split="test").update(split="")
        simulation = self.started(coast, manager, strategies=("margin",))
        assert execute_now(simulation.run).state == RunState.SUCCEEDED
        assert SimulatedCurve.objects.filter(simulation=simulation).count() == 4

    def test_only_who_manages_the_campaign_simulates(self, coast, reviewer):
        with pytest.raises(NotAllowed):
            self.started(coast, reviewer)

    def test_too_few_labels_are_said(self, manager, campaign):
        with pytest.raises(InvalidInput, match="at least 20 labeled images"):
            self.started(campaign, manager)

    @pytest.mark.parametrize("wrong", [{"strategies": ()}, {"seeds": 0}, {"seeds": 99}, {"budgets": (8, 4)}, {"budgets": (0, 4)}])
    def test_nonsense_is_refused(self, wrong):
        with pytest.raises(InvalidInput):
            SimulationForm(**{"strategies": ("margin",), **wrong})

    def test_the_api_starts_one_shows_it_and_hands_out_the_table(self, coast, manager, as_user):
        client, path = as_user(manager), f"/api/v1/campaigns/{coast.pk}/simulations"
        made = client.post(path, {"strategies": ["margin"], "seeds": 1, "budgets": [5, 10]})
        assert made.status_code == 202, made.json()
        simulation = client.get(path).json()["results"][0]
        assert (simulation["id"], simulation["curves"], simulation["random_accuracy"]) == (made.json()["id"], [], None)
        execute_now(coast.runs.get(pk=simulation["id"]))
        shown = client.get(f"/api/v1/simulations/{simulation['id']}").json()
        assert [len(each["mean"]) for each in shown["curves"]] == [2, 2]
        answer = client.get(f"/api/v1/simulations/{simulation['id']}.csv")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
        assert [(row["strategy"], row["labels"]) for row in rows] == [("margin", "5"), ("margin", "10"), ("random", "5"), ("random", "10")]
        assert client.post(path, {"strategies": ["guess"]}).status_code == 422
