"""What the workers do again and again: every application names its chores when it is ready, one command writes the schedule."""

from __future__ import annotations

from dataclasses import dataclass

from django_q.models import Schedule


@dataclass(frozen=True, slots=True)
class Chore:
    """A task by its dotted path, and how often (minutes)."""

    name: str
    task: str
    minutes: int


_CHORES: dict[str, Chore] = {}


def register_chore(chore: Chore) -> None:
    """Make a chore known; a second time changes nothing."""
    _CHORES[chore.name] = chore


def write_schedule() -> None:
    """Write the rows of all chores, and change those whose task or pace is another now."""
    for chore in _CHORES.values():
        fixed = {"func": chore.task, "schedule_type": Schedule.MINUTES, "minutes": chore.minutes}
        row, is_new = Schedule.objects.get_or_create(name=chore.name, defaults={**fixed, "repeats": -1})
        if not is_new and (row.func, row.minutes) != (chore.task, chore.minutes):
            Schedule.objects.filter(pk=row.pk).update(**fixed)
