"""The Django application."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from inference.protocols.base import Protocol
    from models_registry.options import ModelOptions


class InferenceConfig(AppConfig):
    """Tell Django about the application."""

    name = "inference"

    def ready(self) -> None:
        """Make the run kind known, and the protocols to the registry, which must not import this floor."""
        from django.conf import settings

        from campaigns.announcing import Listener, register_listener
        from campaigns.runs import RunKind, register_kind
        from campaigns.schedules import Chore, register_chore
        from inference.protocols import PROTOCOLS
        from inference.protocols.onnx_file import ALL_TASKS, ONNX
        from models_registry.protocols import ProtocolName, register_protocols

        register_kind(RunKind(name="inference", execute="inference.services.execute_inference", resumable=True))
        register_kind(RunKind(name="predict", execute="inference.services.later.execute_prediction", resumable=True))
        register_kind(RunKind(name="comparison", execute="inference.services.comparisons.execute_comparison", resumable=True))
        wants, task = "inference.services.webhooks.wants_submissions", "inference.tasks.tell_of_submit"
        listens = Listener("webhook", wants, task, each=True)
        register_listener(listens)
        register_chore(Chore("sweep agents", "inference.tasks.sweep_agents", 10))
        register_chore(Chore("check models", "inference.tasks.check_models", settings.MODEL_CHECK_MINUTES))
        register_chore(Chore("deliver webhooks", "inference.tasks.deliver_webhooks", 1))
        register_chore(Chore("remove waiting pictures", "inference.tasks.remove_waiting_pictures", 60))
        register_protocols(
            ProtocolName(each.name, each.title, each.tasks, each.check_options, partial(_image_form, each), has_address=not each.pulled)
            for each in PROTOCOLS.values()
        )
        register_protocols([ProtocolName(ONNX.name, ONNX.title, ALL_TASKS, ONNX.check_options, external=False)])


def _image_form(protocol: Protocol, options: ModelOptions, task: str) -> str:
    from inference.wire import ModelCard

    return protocol.form_of(ModelCard("", task, options=options))
