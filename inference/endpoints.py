"""A registered model as something that can be asked."""

from __future__ import annotations

from campaigns.errors import Conflict
from inference.calling import Endpoint
from inference.protocols import PROTOCOLS
from inference.steps import settled
from inference.wire import ModelCard, ModelClass
from models_registry.credentials import credential_headers, plain_secret
from models_registry.models import RegisteredModel
from models_registry.options import ModelOptions, OptionsRejected
from models_registry.services.policy import egress_policy

__all__ = ["egress_policy", "endpoint_of", "model_card"]


def model_card(model: RegisteredModel) -> ModelCard:
    """Return what protocols need to know of a model; raise Conflict when its stored options no longer hold."""
    try:
        options = settled(ModelOptions.from_document(model.options))
    except OptionsRejected as error:
        raise Conflict(f"The options of {model.name} cannot be used: {error}", code="invalid_options") from error
    classes = tuple(ModelClass(int(each["index"]), str(each["name"])) for each in model.classes)
    return ModelCard(model.url, model.task, classes, model.multi_label, model.name, model.version, options)


def endpoint_of(model: RegisteredModel) -> Endpoint:
    """Return how an external model is asked, credentials included."""
    protocol = PROTOCOLS.get(model.protocol)
    if protocol is None:
        raise Conflict(f"{model.name} speaks {model.protocol!r}, which this version does not know.", code="unknown_protocol")
    card = model_card(model)
    try:
        protocol.check_options(card.options, card.task)
    except OptionsRejected as error:
        raise Conflict(f"The options of {model.name} cannot be used: {error}", code="invalid_options") from error
    if protocol.secret_place(card).kind == "header":
        return Endpoint(protocol, card, credential_headers(model), model_id=model.pk)
    return Endpoint(protocol, card, secret=plain_secret(model), model_id=model.pk)
