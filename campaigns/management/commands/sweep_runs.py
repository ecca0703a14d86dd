"""``manage.py sweep_runs``: recover the runs of vanished workers, and keep doing so on a schedule; see that old images get measured."""

from typing import Any

from django.core.management.base import BaseCommand

from campaigns.runs import sweep_runs
from campaigns.schedules import write_schedule
from campaigns.services.measuring import measure_all_later


class Command(BaseCommand):
    """Sweep once, see to the schedule, and queue what an earlier version did not measure."""

    help = "Recover the runs of vanished workers now, and every minute from the workers."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the schedule, then sweep."""
        write_schedule()
        self.stdout.write(f"{sweep_runs()} lost")
        measure_all_later()
