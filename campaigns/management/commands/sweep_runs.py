"""``manage.py sweep_runs``: recover the runs of vanished workers, and keep doing so on a schedule; see that old images get measured."""

from typing import Any

from django.core.management.base import BaseCommand
from django_q.models import Schedule

from campaigns.runs import sweep_runs
from campaigns.services.measuring import measure_all_later


class Command(BaseCommand):
    """Sweep once, see to the schedule, and queue what an earlier version did not measure."""

    help = "Recover the runs of vanished workers now, and every minute from the workers."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the schedule if it is missing, then sweep."""
        Schedule.objects.get_or_create(
            name="sweep runs",
            defaults={"func": "campaigns.tasks.sweep_runs", "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1},
        )
        self.stdout.write(f"{sweep_runs()} lost")
        measure_all_later()
