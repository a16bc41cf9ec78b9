"""The table."""

from django.db import models


class Note(models.Model):
    """A line of text; a later migration adds its colour."""

    text = models.CharField(max_length=100)
    colour = models.CharField(max_length=20, default="", db_default="")

    def __str__(self) -> str:
        return self.text
