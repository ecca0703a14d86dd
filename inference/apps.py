"""The Django application."""

from django.apps import AppConfig


class InferenceConfig(AppConfig):
    """Tell Django about the application."""

    name = "inference"

    def ready(self) -> None:
        """Make the run kind known, and the protocols to the registry, which must not import this floor."""
        from campaigns.runs import RunKind, register_kind
        from inference.protocols import PROTOCOLS
        from models_registry.protocols import ProtocolName, register_protocols

        register_kind(RunKind(name="inference", execute="inference.services.execute_inference", resumable=True))
        register_protocols(ProtocolName(each.name, each.title, each.tasks, each.check_options) for each in PROTOCOLS.values())
