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
from models_registry.services.profiles import (
    change_profile,
    create_profile,
    delete_profile,
    fetch_profile,
    profiles_by_name,
    threshold_profiles,
)
from models_registry.services.promptable import promptable_files, start_adding_promptable

__all__ = [
    "attach_model", "attached_model", "change_profile", "changes_among", "check_steps", "choose_checkpoint", "create_model",
    "create_profile", "current_model", "delete_model", "delete_profile", "detach_model", "egress_policy", "fetch_profile",
    "mapping_document", "model_before", "profiles_by_name", "promote_model", "promotions_of", "promptable_files", "roll_back",
    "set_mapping", "start_adding_promptable", "threshold_profiles", "update_model",
]  # fmt: skip
