"""Notes, in each tenant's schema."""

import uuid

from django.conf import settings
from django.db import models


class Note(models.Model):
    """A note of one member, which all members see."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    text = models.CharField(max_length=200)

    def __str__(self):
        return self.text
