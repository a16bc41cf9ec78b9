"""What each of the toy's tenants has in its schema."""

from django.db import models


class Note(models.Model):
    text = models.TextField()
    is_done = models.BooleanField(default=False)

    def __str__(self):
        return self.text
