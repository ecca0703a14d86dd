"""The ground floor: campaigns, people, labels, images, annotations and background runs."""

from campaigns.models.annotation import AnnotationSet, Effort, LabelUse, Revision, SetState
from campaigns.models.campaign import Campaign, Label, Membership, Role, Task
from campaigns.models.change import CampaignChange, ChangedSet, ChangeKind
from campaigns.models.idempotency import IdempotencyKey
from campaigns.models.image import Image, ImageState, Reference, Skip, Split, becoming
from campaigns.models.people import ApiToken, Preferences, User
from campaigns.models.run import UNFINISHED, ItemState, Run, RunItem, RunState
from campaigns.models.view import SavedView

__all__ = [
    "UNFINISHED",
    "AnnotationSet",
    "ApiToken",
    "Campaign",
    "CampaignChange",
    "ChangeKind",
    "ChangedSet",
    "Effort",
    "IdempotencyKey",
    "Image",
    "ImageState",
    "ItemState",
    "Label",
    "LabelUse",
    "Membership",
    "Preferences",
    "Reference",
    "Revision",
    "Role",
    "Run",
    "RunItem",
    "RunState",
    "SavedView",
    "SetState",
    "Skip",
    "Split",
    "Task",
    "User",
    "becoming",
]
