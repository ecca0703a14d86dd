"""Ways of speaking to models. To add one, write its module and name it here."""

from inference.protocols.agent import Agent
from inference.protocols.base import Protocol
from inference.protocols.cvat import Cvat
from inference.protocols.huggingface import HuggingFace
from inference.protocols.label_studio import LabelStudio
from inference.protocols.mapped import MappedJson
from inference.protocols.oip import OpenInference
from inference.protocols.roboflow import Roboflow
from inference.protocols.scaneo import Scaneo
from inference.protocols.winnow import WinnowJson, WinnowMultipart

_SPOKEN: tuple[Protocol, ...] = (
    WinnowMultipart(),
    WinnowJson(),
    MappedJson(),
    Scaneo(),
    LabelStudio(),
    OpenInference(),
    HuggingFace(),
    Roboflow(),
    Cvat(),
    Agent(),
)
PROTOCOLS: dict[str, Protocol] = {protocol.name: protocol for protocol in _SPOKEN}
"""Protocols of external models by name. Models of our own ("local") answer in the process: ``inference.predictors``."""
