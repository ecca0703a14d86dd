"""The ground floor: campaigns, people, labels, images, annotations and background runs."""

from campaigns.models.annotation import AnnotationSet, LabelUse, Revision, SetState
from campaigns.models.campaign import Campaign, Label, Membership, Role, Task
from campaigns.models.idempotency import IdempotencyKey
from campaigns.models.image import Image, ImageState, Reference, Skip, Split
from campaigns.models.people import ApiToken, User
from campaigns.models.run import UNFINISHED, ItemState, Run, RunItem, RunState

__all__ = [
    "UNFINISHED",
    "AnnotationSet",
    "ApiToken",
    "Campaign",
    "IdempotencyKey",
    "Image",
    "ImageState",
    "ItemState",
    "Label",
    "LabelUse",
    "Membership",
    "Reference",
    "Revision",
    "Role",
    "Run",
    "RunItem",
    "RunState",
    "SetState",
    "Skip",
    "Split",
    "Task",
    "User",
]
