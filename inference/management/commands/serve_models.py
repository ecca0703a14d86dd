"""Answer for models of our own, beside the web server: started by ``manage.py serve``, or by hand in a deployment of one's own."""

import logging

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from inference.interactive.process import Answers, Desk, serve
from inference.interactive.wire import socket_path
from inference.serving.client import SOCKET


class Command(BaseCommand):
    """Answer the predict API's questions to models that were trained or uploaded here."""

    help = "Answer the predict API's questions to models of our own, until the process is ended."
    requires_system_checks: list[str] = []

    def handle(self, **_: object) -> None:
        """Serve; the networks come with the first question."""
        logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        if serve(socket_path(settings.DATA_DIR, SOCKET), _answers, Desk(at_once=2)):
            raise CommandError("Another process already answers for the models of this data directory.")


def _answers() -> Answers:
    from inference.serving.answers import ModelAnswers  # the networks come with it

    return ModelAnswers()
