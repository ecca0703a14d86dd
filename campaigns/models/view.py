"""Saved views of the gallery."""

from django.conf import settings
from django.db import models

from campaigns.models.campaign import Campaign
from campaigns.querysets import ChildOfCampaignQuerySet


class SavedView(models.Model):
    """A filter with a name, a person's own or shared with the campaign. What it keeps is found out anew each time."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="views")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    filter = models.JSONField(default=dict)
    ordering = models.CharField(max_length=20, default="id")
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ChildOfCampaignQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["campaign", "author", "name"], name="a_persons_views_have_names")]

    def __str__(self) -> str:
        return self.name
