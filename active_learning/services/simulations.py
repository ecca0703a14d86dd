"""Simulate: ask a labeled campaign again by several strategies, and show how many labels each would have taken.

A background run that writes one curve after the other, by strategy and seed: what a cancel or a crash leaves is kept, and the next
attempt goes on with the curves that are missing.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from active_learning.acquisition.strategies import STRATEGIES
from active_learning.models import SimulatedCurve, Simulation
from active_learning.progress.replay import Summary, beyond_chance, can_replay, default_budgets, labels_to_reach, replay, summary
from active_learning.services.kinds import kind_of
from active_learning.services.ranking import strategy_named
from active_learning.services.replays import HELD_SHARE, LEAST_IMAGES, gather_replay
from campaigns.errors import InvalidInput, NotFound
from campaigns.models import Campaign, Image, ImageState, Run, Split, User
from campaigns.permissions import MANAGE, VIEW, require_role
from campaigns.runs import RunContext, enqueue_run

KIND: Final = "simulation"
BASELINE: Final = "random"
MOST_SEEDS: Final = 20
MOST_BUDGETS: Final = 40
METRICS: Final = {"classification": "accuracy", "semantic": "miou"}
FIGURE_OF: Final = {"accuracy": "accuracy", "miou": "mean IoU", "map_50": "mAP at an overlap of 0.5"}


@dataclass(frozen=True)
class SimulationForm:
    """Which strategies, how many seeds, and the numbers of labels at which is measured.

    Empty budgets take a ladder up to half of the images.
    """

    strategies: tuple[str, ...]
    seeds: int = 5
    budgets: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.strategies:
            raise InvalidInput("strategies: choose at least one.", code="invalid_simulation")
        for name in self.strategies:
            strategy_named(name)
        if not 1 <= self.seeds <= MOST_SEEDS:
            raise InvalidInput(f"seeds lies between 1 and {MOST_SEEDS}.", code="invalid_simulation")
        rising = all(a < b for a, b in itertools.pairwise(self.budgets))
        if len(self.budgets) > MOST_BUDGETS or not rising or any(budget < 1 for budget in self.budgets):
            raise InvalidInput(
                f"budgets: at most {MOST_BUDGETS} numbers of labels, from 1 on, each above the one before.", code="invalid_simulation"
            )


def start_simulation(*, user: User, campaign: Campaign, form: SimulationForm) -> Simulation:
    """Queue a simulation of a campaign's labeled images. Random is always among the strategies, for the others to be compared with."""
    require_role(user, campaign, MANAGE)
    kind = kind_of(campaign)
    _check_strategies(form.strategies, kind)
    pool, held = labeled_counts(campaign)
    if pool + held < LEAST_IMAGES:
        raise InvalidInput(f"A simulation takes at least {LEAST_IMAGES} labeled images; there are {pool + held}.", code="too_few_labels")
    budgets = [budget for budget in form.budgets if budget <= pool] if form.budgets else default_budgets(max(10, pool // 2), kind)
    if not budgets:
        raise InvalidInput(f"budgets: {pool} labeled images can be asked for, fewer than the first budget.", code="invalid_simulation")
    strategies = list(dict.fromkeys([BASELINE, *form.strategies]))
    params = {"strategies": strategies, "seeds": form.seeds, "budgets": budgets}
    with transaction.atomic():
        run = enqueue_run(user=user, kind=KIND, campaign=campaign, params=params, total=len(strategies) * form.seeds)
        return Simulation.objects.create(run=run, **params)


def _check_strategies(names: Sequence[str], kind: str) -> None:
    for name in names:
        strategy = strategy_named(name)
        if can_replay(strategy, kind):
            continue
        reason = "it is for other tasks"
        if strategy.suits(kind):
            reason = f"it needs {', '.join(sorted(strategy.needs | strategy.measures))}, and the fast head does not give all of it"
        raise InvalidInput(f"{strategy.title} cannot be simulated here: {reason}.", code="strategy_not_simulated")


def labeled_counts(campaign: Campaign) -> tuple[int, int]:
    """Return how many labeled images a simulation can ask for, and how many are held back; without any held back, 30 % will be."""
    done = Image.objects.filter(campaign=campaign, state__in=(ImageState.SUBMITTED, ImageState.ACCEPTED)) | Image.objects.filter(
        campaign=campaign, reference__isnull=False
    )
    held = done.filter(split=Split.TEST).distinct().count()
    pool = done.exclude(split=Split.TEST).distinct().count()
    return (pool, held) if held else (pool - round(HELD_SHARE * pool), round(HELD_SHARE * pool))


def execute_simulation(context: RunContext) -> dict[str, object]:
    """Draw the curves that are missing; called again after a crash, it goes on with the next."""
    simulation = Simulation.objects.filter(run=context.run).first()
    campaign = context.run.campaign
    if simulation is None or campaign is None:
        raise NotFound("What this run was to simulate was removed.")
    context.give_way()
    again = gather_replay(context, campaign)
    wanted = [(strategy, seed) for seed in range(simulation.seeds) for strategy in simulation.strategies]
    there = set(simulation.curves.values_list("strategy", "seed"))
    for strategy, seed in wanted:
        if (strategy, seed) in there:
            continue
        context.give_way()  # nobody waits for a simulation, and it may take hours
        message = f"{STRATEGIES[strategy].title}, seed {seed + 1} of {simulation.seeds}"
        context.progress(done=len(there), total=len(wanted), message=message, force=True)
        material = again.at(seed)
        budgets = [min(budget, len(material.embeddings)) for budget in simulation.budgets]
        drawn = replay(material, STRATEGIES[strategy], budgets, seed=seed, on_step=context.progress)
        SimulatedCurve.objects.get_or_create(simulation=simulation, strategy=strategy, seed=seed, defaults={"accuracies": drawn})
        there.add((strategy, seed))
    context.progress(done=len(wanted), total=len(wanted), force=True)
    return {"curves": len(wanted), "images": len(again)}


@dataclass(frozen=True)
class StrategyResult:
    """One strategy's curve over the seeds that are done; ``reached_with``: labels that make it as good as random is at the last budget."""

    strategy: str
    title: str
    summary: Summary
    reached_with: float | None
    sentence: str


@dataclass(frozen=True)
class SimulationResult:
    """What came out so far; ``random_accuracy``: that of random picks at the last budget. ``metric``: accuracy, miou or map_50."""

    metric: str
    budgets: tuple[int, ...]
    strategies: tuple[StrategyResult, ...]
    random_accuracy: float | None


def metric_of(campaign: Campaign) -> str:
    """Return what the simulations of a campaign measure."""
    return METRICS.get(kind_of(campaign), "map_50")


def result_of(simulation: Simulation) -> SimulationResult:
    """Sum up the curves that are done."""
    budgets = tuple(simulation.budgets)
    by_strategy: dict[str, dict[int, list[float]]] = {}
    for strategy, seed, accuracies in simulation.curves.order_by("seed").values_list("strategy", "seed", "accuracies"):
        by_strategy.setdefault(strategy, {})[seed] = accuracies
    summaries = {name: summary(list(by_strategy[name].values())) for name in simulation.strategies if name in by_strategy}
    baseline = summaries.get(BASELINE)
    wanted = baseline.mean[-1] if baseline is not None else None
    assert simulation.run.campaign is not None
    metric = metric_of(simulation.run.campaign)
    results = tuple(_result(name, found, budgets, wanted, by_strategy, FIGURE_OF[metric]) for name, found in summaries.items())
    return SimulationResult(metric, budgets, results, wanted)


def _result(
    name: str,
    found: Summary,
    budgets: Sequence[int],
    wanted: float | None,
    by_strategy: Mapping[str, Mapping[int, Sequence[float]]],
    figure: str,
) -> StrategyResult:
    title = STRATEGIES[name].title if name in STRATEGIES else name
    if name == BASELINE or wanted is None:
        return StrategyResult(name, title, found, None, "")
    reached = labels_to_reach(budgets, found.mean, wanted)
    last = budgets[-1]
    if reached is None:
        sentence = f"{title} does not reach with {last:,} images what random reaches with them ({figure} {100 * wanted:.1f} %)."
    else:
        sentence = f"{title} reaches with {round(reached):,} images what random reaches with {last:,} ({figure} {100 * wanted:.1f} %)."
    told = chance_sentence(beyond_chance(by_strategy[name], by_strategy[BASELINE]), budgets)
    return StrategyResult(name, title, found, reached, f"{sentence} {told}")


def chance_sentence(verdicts: Sequence[int] | None, budgets: Sequence[int]) -> str:
    """Say where a strategy is better or worse than random by more than chance; verdicts: as ``beyond_chance`` returns them."""
    if verdicts is None:
        return "With one seed nobody can tell whether that is chance."
    told = []
    for verdict, word in ((1, "Better"), (-1, "Worse")):
        at = [f"{budget:,}" for budget, each in zip(budgets, verdicts, strict=True) if each == verdict]
        if at:
            listed = at[0] if len(at) == 1 else f"{', '.join(at[:-1])} and {at[-1]}"
            told.append(f"{word} than random beyond chance with {listed}.")
    return " ".join(told) or "Nowhere does it differ from random by more than chance."


def simulations_of(*, user: User, campaign: Campaign) -> QuerySet[Simulation]:
    """Return a campaign's simulations, newest first."""
    require_role(user, campaign, VIEW)
    return Simulation.objects.filter(run__campaign=campaign).select_related("run", "run__created_by", "run__campaign").order_by("-run_id")


def simulation_of(run: Run) -> Simulation:
    """Return the simulation that a run carries; raises NotFound."""
    found = Simulation.objects.filter(run=run).select_related("run", "run__created_by", "run__campaign").first()
    if found is None:
        raise NotFound("This run simulates nothing.")
    return found


def table_of(simulation: Simulation) -> list[list[object]]:
    """Return all curves as a table with a head: strategy, seed, labels, and what was measured."""
    assert simulation.run.campaign is not None
    rows: list[list[object]] = [["strategy", "seed", "labels", metric_of(simulation.run.campaign)]]
    for strategy, seed, accuracies in simulation.curves.order_by("strategy", "seed").values_list("strategy", "seed", "accuracies"):
        rows += [[strategy, seed, labels, round(value, 6)] for labels, value in zip(simulation.budgets, accuracies, strict=True)]
    return rows
