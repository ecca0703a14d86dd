"""Campaigns, their labels and their people."""

from __future__ import annotations

import itertools
import re
import shutil
import time
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone

from campaigns.attributes import InvalidAttribute, checked_definitions
from campaigns.errors import Conflict, InvalidInput, NotFound
from campaigns.geometry import WHOLE, InvalidShape, Skeleton
from campaigns.leaving import clear, clearings_of
from campaigns.models import UNFINISHED, Campaign, Image, ImageState, Label, Membership, Reference, Role, Run, RunState, Split, Task, User
from campaigns.options import CampaignOptions
from campaigns.permissions import MANAGE, require_role
from campaigns.runs import log_path
from campaigns.services.accounts import create_account
from campaigns.services.label_trees import check_parent
from campaigns.storage import folder

# Colours that stay apart for most kinds of colour blindness (Okabe and Ito 2008, then Tableau's).
PALETTE = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#b3a100", "#8c564b", "#7f7f7f", "#9467bd")
HOTKEYS = "123456789"
REMOVALS = 4
REMOVAL_PAUSE_S = 0.6  # in which a run looks whether it goes on


def create_campaign(
    *, user: User, name: str, task: str, labels: list[dict[str, Any]], instructions: str = "", settings: dict[str, Any] | None = None
) -> Campaign:
    """Make a campaign; its maker is its owner."""
    checked = _checked_options(task, settings or {})
    with transaction.atomic():
        campaign = Campaign.objects.create(
            name=checked_text(name, "name"), task=task, instructions=instructions, settings=checked, created_by=user
        )
        Membership.objects.create(campaign=campaign, user=user, role=Role.OWNER)
        for label in labels:
            _add_label(campaign, **label)
    return campaign


def update_campaign(*, user: User, campaign: Campaign, **changes: Any) -> Campaign:
    """Change name, instructions or settings; the task stays, since annotations were made for it."""
    require_role(user, campaign, MANAGE)
    if "settings" in changes:
        changes["settings"] = _checked_options(campaign.task, {**campaign.settings, **changes["settings"]})
    if "name" in changes:
        changes["name"] = checked_text(changes["name"], "name")
    if changes.pop("task", campaign.task) != campaign.task:
        raise Conflict("The task of a campaign cannot change; make another campaign.", code="task_is_fixed")
    Campaign.objects.filter(pk=campaign.pk).update(**changes)
    campaign.refresh_from_db()
    return campaign


def delete_campaign(*, user: User, campaign: Campaign) -> None:
    """Remove a campaign with everything in it; owners only."""
    require_role(user, campaign, (Role.OWNER,))
    files, clearings = [folder("images") / str(campaign.pk)], clearings_of(campaign)
    for run in Run.objects.filter(campaign=campaign):
        files += [log_path(run.pk), folder("exports") / str(run.pk)]
    _end_runs_of(campaign)
    for attempt in itertools.count(1):
        try:
            Campaign.objects.get(pk=campaign.pk).delete()
            break
        except IntegrityError:  # a run wrote something of it at the same moment; it has heard by now that it is over
            if attempt == REMOVALS:
                raise
            time.sleep(REMOVAL_PAUSE_S)
    for file in files:
        shutil.rmtree(file, ignore_errors=True) if file.is_dir() else file.unlink(missing_ok=True)
    clear(clearings)


def _end_runs_of(campaign: Campaign) -> None:
    """Take the campaign's runs from their workers, which hear of it at their next progress report."""
    Run.objects.filter(campaign=campaign, state__in=UNFINISHED).update(state=RunState.CANCELLED, claim="", finished_at=timezone.now())


def count_images(campaigns: list[int]) -> dict[int, dict[str, int]]:
    """Count images by state for each campaign; ``held_back`` are those whose known truth measures models, which nobody is asked."""
    counts: dict[int, dict[str, int]] = {pk: {"images": 0, "held_back": 0, **dict.fromkeys(ImageState.values, 0)} for pk in campaigns}
    for row in Image.objects.filter(campaign__in=campaigns).order_by().values("campaign", "state").annotate(n=Count("pk")):
        counts[row["campaign"]][row["state"]] = row["n"]
        counts[row["campaign"]]["images"] += row["n"]
    held_back = Reference.objects.filter(image__campaign__in=campaigns, image__split=Split.TEST, image__state=ImageState.UNLABELED)
    for row in held_back.order_by().values("image__campaign").annotate(n=Count("pk")):
        counts[row["image__campaign"]]["held_back"] = row["n"]
    return counts


def create_label(*, user: User, campaign: Campaign, **fields: Any) -> Label:
    """Add a label; colour and key are chosen where none are given."""
    require_role(user, campaign, MANAGE)
    return _add_label(campaign, **fields)


def _add_label(campaign: Campaign, *, name: str, color: str = "", hotkey: str | None = None, **fields: Any) -> Label:
    existing = list(campaign.labels.all())
    taken = {label.hotkey for label in existing}
    if hotkey is None:
        hotkey = next((key for key in HOTKEYS if key not in taken), "")
    color = color or PALETTE[len(existing) % len(PALETTE)]
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        raise InvalidInput(f"{color!r} is no colour; write it as #rrggbb.", code="invalid_color")
    fields.setdefault("position", len(existing))
    fields = checked_fields(fields)
    check_parent(campaign.pk, None, fields.get("parent_id"))
    try:
        with transaction.atomic():
            return Label.objects.create(campaign=campaign, name=checked_text(name, "name", 100), color=color, hotkey=hotkey, **fields)
    except IntegrityError as error:
        raise clash(name, hotkey) from error


def checked_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Check what a label asks of its objects, and of their points."""
    checked = dict(fields)
    if "group" in fields:
        checked["group"] = fields["group"].strip()
    try:
        if "attributes" in fields:
            checked["attributes"] = checked_definitions(fields["attributes"])
        if "skeleton" in fields:
            skeleton = Skeleton.from_document(fields["skeleton"])
            checked["skeleton"] = skeleton.as_document() if skeleton else {}
    except InvalidAttribute as error:
        raise InvalidInput(str(error), code="invalid_attribute", errors=[{"field": "attributes", "detail": str(error)}]) from error
    except InvalidShape as error:
        raise InvalidInput(str(error), code="invalid_skeleton", errors=[{"field": "skeleton", "detail": str(error)}]) from error
    return checked


def _checked_options(task: str, settings: dict[str, Any]) -> dict[str, Any]:
    options = CampaignOptions.from_document(settings)
    if task == Task.CLASSIFICATION and set(options.shapes or ()) - {WHOLE}:
        raise InvalidInput("A classification says labels of whole images; its shapes cannot be chosen.", code="shapes_do_not_fit")
    return options.as_document()


def clash(name: str, hotkey: str) -> Conflict:
    """Return the error that another label has the name or the key."""
    return Conflict(f"Another label has the name {name!r} or the key {hotkey!r}; choose another.", code="label_clash")


def add_member(*, user: User, campaign: Campaign, username: str, role: str, password: str = "") -> Membership:
    """Give a person a role; with a password, a new account is made for that person."""
    require_role(user, campaign, MANAGE)
    _check_grant(user, campaign, role)
    person = User.objects.filter(username=username).first()
    with transaction.atomic():
        if person is None:
            if not password:
                raise NotFound(f"Nobody here is called {username!r}. Send a password along to make the account.", code="no_such_person")
            person = create_account(username=username, password=password)
        elif password:
            raise Conflict(f"{username!r} has an account already; leave the password out.", code="name_taken")
        if Membership.objects.filter(campaign=campaign, user=person).exists():
            raise Conflict(f"{username!r} is a member already; change the role instead.", code="member_already")
        return Membership.objects.create(campaign=campaign, user=person, role=role)


def _check_grant(user: User, campaign: Campaign, role: str) -> None:
    if role == Role.OWNER:
        require_role(user, campaign, (Role.OWNER,))


def change_role(*, user: User, membership: Membership, role: str) -> Membership:
    """Give a member another role; only owners make or unmake owners, and one always remains."""
    require_role(user, membership.campaign, MANAGE)
    _check_grant(user, membership.campaign, role)
    _check_grant(user, membership.campaign, membership.role)
    with transaction.atomic():
        _keep_an_owner(membership, leaving=role != Role.OWNER)
        Membership.objects.filter(pk=membership.pk).update(role=role)
    membership.refresh_from_db()
    return membership


def remove_member(*, user: User, membership: Membership) -> None:
    """Take a person off the campaign; what that person labeled stays."""
    require_role(user, membership.campaign, MANAGE)
    _check_grant(user, membership.campaign, membership.role)
    with transaction.atomic():
        _keep_an_owner(membership, leaving=True)
        membership.delete()


def _keep_an_owner(membership: Membership, *, leaving: bool) -> None:
    others = Membership.objects.select_for_update().filter(campaign=membership.campaign_id, role=Role.OWNER).exclude(pk=membership.pk)
    if leaving and membership.role == Role.OWNER and not others.exists():
        raise Conflict("A campaign needs an owner; make somebody else owner first.", code="last_owner")


def checked_text(value: str, field: str, limit: int = 200) -> str:
    """Return a name without blanks around it; raises InvalidInput when it is empty or too long."""
    text = value.strip()
    if not text or len(text) > limit:
        raise InvalidInput(
            f"The {field} needs 1 to {limit} characters.", code="invalid_name", errors=[{"field": field, "detail": "empty or too long"}]
        )
    return text
