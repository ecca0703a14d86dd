"""The column of a large JSON document."""

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class DocumentField(models.JSONField):
    """JSON that the database takes as it is.

    Django lets SQLite parse each text that it writes into a JSON column, to see that it is JSON. Of the document of an image with
    thousands of polygons that is most of the time of a save; its text is written by ``DocumentEncoder`` alone, which writes no other.
    """

    def db_check(self, connection: BaseDatabaseWrapper) -> None:
        """Ask for no check."""
