"""What people do with models: register, change, attach, map."""

from models_registry.services.current import (
    changes_among,
    choose_checkpoint,
    current_model,
    model_before,
    promote_model,
    promotions_of,
    roll_back,
)
from models_registry.services.mapping import attach_model, attached_model, detach_model, mapping_document, set_mapping
from models_registry.services.models import check_steps, create_model, delete_model, update_model
from models_registry.services.policy import egress_policy
from models_registry.services.promptable import promptable_files, start_adding_promptable

__all__ = [
    "attach_model", "attached_model", "changes_among", "check_steps", "choose_checkpoint", "create_model", "current_model",
    "delete_model", "detach_model", "egress_policy", "mapping_document", "model_before", "promote_model", "promotions_of",
    "promptable_files", "roll_back", "set_mapping", "start_adding_promptable", "update_model",
]  # fmt: skip
