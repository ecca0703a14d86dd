"""Embeddings: a vector per image that says what it looks like. No Django here.

The networks and the store live in ``models_registry.networks``, because inference uses them too; these are the names
that active learning goes by. ``Backbone`` imports torch, so it is fetched when somebody asks for it.
"""

from typing import TYPE_CHECKING, Any

from models_registry.networks.store import EmbeddingStore, MissingEmbeddings, content_key

if TYPE_CHECKING:
    from models_registry.networks.backbones import Backbone

__all__ = ["Backbone", "EmbeddingStore", "MissingEmbeddings", "content_key"]


def __getattr__(name: str) -> Any:
    if name == "Backbone":
        from models_registry.networks.backbones import Backbone

        return Backbone
    raise AttributeError(name)
