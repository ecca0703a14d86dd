"""People and the tokens of their scripts."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person. The first account made is the owner of the deployment (``is_superuser``)."""


class ApiToken(models.Model):
    """A named key for scripts. Only its SHA-256 is kept; the token itself is shown once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list, help_text='What it may do: "read", "write"; empty means both.')
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} of {self.user_id}"


class Preferences(models.Model):
    """What a person chose for herself. ``version`` counts saves, so that two tabs do not overwrite each other."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="preferences")
    document = models.JSONField(default=dict, help_text="See campaigns.preferences.")
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"preferences of {self.user_id}, version {self.version}"
