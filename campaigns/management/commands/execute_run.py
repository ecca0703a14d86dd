"""``manage.py execute_run ID CLAIM``: do a claimed run's work. Started by a worker, not by hand."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from campaigns.models import Run
from campaigns.runs import execute_claimed
from campaigns.supervision import die_with_parent


class Command(BaseCommand):
    """Execute one claimed run in this process."""

    help = "Do a claimed run's work (started by a worker)."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the run, the claim that owns it, and the worker's process id."""
        parser.add_argument("run_id", type=int)
        parser.add_argument("claim")
        parser.add_argument("--parent", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        """Execute the run unless another worker owns it."""
        if options["parent"]:
            die_with_parent(options["parent"])
        run = Run.objects.select_related("campaign", "created_by").filter(pk=options["run_id"], claim=options["claim"]).first()
        if run is not None:
            execute_claimed(run)
