"""What the product declares: for members, the sign-up, the nights and operators."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Sum
from product.notes.jobs import count_notes
from product.notes.models import Note, Usage

from accounts.access.permissions import Permission, permissions
from accounts.console.navigation import Link, main_links, settings_tabs
from accounts.console.panels import Panel, panels
from accounts.users.models import Role
from operations.panels import OperatorLink, OperatorPanel, operator_links, operator_panels
from tasks.schedules import Schedule, schedules
from tenancy.rate_limits import RateLimit, declared_limits
from tenants.signup.added_fields import SignUpField, sign_up_fields


def count(_request):
    return {"count": Note.objects.count()}


permissions.register(Permission("notes.delete", "delete notes", (Role.OWNER,)))
main_links.register(Link("notes", "Notes", "notes", position=50))
settings_tabs.register(Link("notes", "Notes", "console:settings-notes", permission="notes.delete"))
panels.register(Panel("notes.count", "notes/_count.html", count, max_queries=1))


def save_first(*, owner, value, **_):
    if "spam" in value:
        raise ValidationError("That is no note.")
    Note.objects.create(author=owner, text=value)


def usage(_request):
    return {"notes": Usage.objects.aggregate(sum=Sum("notes", default=0))["sum"]}


sign_up_fields.register(
    SignUpField(
        "notes.first", lambda: forms.CharField(label="First note", required=False), save_first
    )
)
schedules.register(Schedule("notes.count", count_notes, hour=2))
declared_limits.register(RateLimit("notes.add", "20/hour"))
operator_panels.register(OperatorPanel("notes.usage", "notes/_usage.html", usage, max_queries=1))
operator_links.register(
    OperatorLink("notes.usage", "Notes", "note", url_name="admin:notes_usage_changelist")
)
