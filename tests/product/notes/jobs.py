"""Background work of notes: each night a tenant's notes are counted."""

from celery import shared_task
from product.notes.models import Note, Usage

from tenancy.task_base import TenantTask


@shared_task(base=TenantTask)
def count_notes():
    Usage.objects.update_or_create(defaults={"notes": Note.objects.count()})
