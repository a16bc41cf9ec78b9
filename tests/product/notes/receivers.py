"""What the product does when a user is created: the first note."""

from django.conf import settings
from django.db.models.signals import post_save
from django.dispatch import receiver
from product.notes.models import Note

from tenancy.context import is_public


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def write_first_note(*, instance, created, **_):
    if created and not is_public():
        Note.objects.create(author=instance, text=f"Hello, {instance.full_name}")
