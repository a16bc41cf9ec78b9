"""The outbox: each message's delivery state, and the resending of failed ones."""

import re
from collections.abc import Callable, Iterable
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _, ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter, TextFilter
from unfold.enums import ActionVariant

from operations.admin.base import ReadOnlyAdmin, action, back_to, by_id, confirmation, display
from operations.admin.site import site
from tasks import outbox
from tasks.errors import PayloadGoneError
from tasks.models import Message
from tenants.models import Tenant

State = Message.State
# The states that can be resent; a sent message is never sent again.
RETRIABLE = (State.FAILED, State.DEAD)
UUID_DIGITS = re.compile(r"[0-9a-fA-F]{32}")


def _counted(text: Callable[[int], str]) -> Any:
    """Return a lazy label that counts the resendable dead messages when it is rendered."""

    def label() -> str:
        count = Message.objects.dead().resendable().count()
        return text(count) % {"count": intcomma(count)}

    return lazy(label, str)()


class TenantFilter(TextFilter):
    """Filters by a typed subdomain: a list of thousands of tenants would be unusable."""

    title = _("tenant's address")
    parameter_name = "tenant"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        if not self.value():
            return queryset
        schemas = Tenant.objects.filter(slug__iexact=self.value()).values("schema_name")
        return queryset.filter(schema_name__in=schemas)


class MessageAdmin(ReadOnlyAdmin):
    """Shows the delivery state of messages, never their content."""

    list_display = ["kind", "tenant", "progress", "attempts", "last_error", "created_at", "due"]
    list_filter = [("state", ChoicesDropdownFilter), ("kind", FieldTextFilter), TenantFilter]
    search_fields = ["kind", "last_error", "schema_name"]
    search_help_text = _("Kind, error, schema, or a message's or person's id")
    ordering = ["-created_at", "pk"]
    actions = ["resend_selected"]
    actions_list = ["resend_all_dead"]
    actions_detail = ["resend_one"]
    fieldsets = [
        (None, {"fields": ["kind", "tenant", "state", "attempts", "last_error"]}),
        (_("Times"), {"fields": ["created_at", "due", "sent_at", "expires_at"]}),
        (_("Identity"), {"fields": ["id", "schema_name", "user_id", "key", "task", "arguments"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Defer the payloads; annotate each tenant's name and key."""
        messages_: QuerySet[Message] = super().get_queryset(request).defer("payload")
        tenants = Tenant.objects.filter(schema_name=OuterRef("schema_name"))
        return messages_.annotate(
            tenant_name=Subquery(tenants.values("name")[:1]),
            tenant_pk=Subquery(tenants.values("pk")[:1]),
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        """Look a UUID up as the id of a message or a user."""
        if UUID_DIGITS.fullmatch(search_term.replace("-", "")):
            return queryset.filter(pk=search_term) | queryset.filter(user_id=search_term), False
        found: tuple[QuerySet[Message], bool] = super().get_search_results(
            request, queryset, search_term
        )
        return found

    # --- Columns ---

    @display(description=_("Tenant"))
    def tenant(self, message: Any) -> Any:
        """Link to the tenant, whose name and key `get_queryset` annotates."""
        if message.tenant_pk is None:
            return None
        url = reverse("admin:tenants_tenant_change", args=[message.tenant_pk])
        return format_html('<a href="{}" class="underline">{}</a>', url, message.tenant_name)

    @display(
        description=_("State"),
        ordering="state",
        label={
            State.SENT.value: "success",
            State.FAILED.value: "warning",
            State.DEAD.value: "danger",
            State.SENDING.value: "info",
        },
    )
    def progress(self, message: Message) -> tuple[str, str]:
        return message.state, message.get_state_display()

    @display(description=_("Next attempt"), ordering="due_at")
    def due(self, message: Message) -> Any:
        return message.due_at if message.state in State.undelivered() else None

    # --- Actions ---

    def has_resend_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        retriable = Message.objects.filter(state__in=RETRIABLE)
        return object_id is None or by_id(retriable, object_id).exists()

    @action(
        description=_("Send again"),
        icon="send",
        variant=ActionVariant.PRIMARY,
        permissions=["resend"],
        dialog=confirmation(
            _("Send this message again?"), _("It gets new attempts, from now on."), _("Send again")
        ),
    )
    def resend_one(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        self._resend(request, [get_object_or_404(Message, pk=object_id)])
        return back_to(request, reverse("admin:tasks_message_change", args=[object_id]))

    @admin.action(description=_("Send again"))
    def resend_selected(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self._resend(request, queryset.filter(state__in=RETRIABLE).defer(None))

    @action(
        description=_counted(
            lambda count: ngettext(
                "Resend the failed message", "Resend all %(count)s failed messages", count
            )
        ),
        icon="forward_to_inbox",
        dialog=confirmation(
            _counted(
                lambda count: ngettext(
                    "Resend the failed message?", "Resend all %(count)s failed messages?", count
                )
            ),
            _("They get new attempts and are sent as fast as the mail server accepts them."),
            _("Send again"),
        ),
    )
    def resend_all_dead(self, request: HttpRequest, _form: Any) -> HttpResponse:
        dead = Message.objects.dead()
        if count := outbox.resend_all(messages=dead):
            # One entry in the operator's name for all messages of the action.
            LogEntry.objects.create(
                user_id=cast("UUID", request.user.pk),
                content_type=ContentType.objects.get_for_model(Message),
                object_repr=f"{count} failed messages",
                action_flag=CHANGE,
                change_message="Sent again.",
            )
        self._report(request, count, dead.count())
        return back_to(request, reverse("admin:tasks_message_changelist"))

    def _resend(self, request: HttpRequest, chosen: Iterable[Message]) -> None:
        sent = erased = 0
        for message in chosen:
            try:
                outbox.resend(message=message)
            except PayloadGoneError:
                erased += 1
            else:
                sent += 1
                self.note(request, message, "Sent again.")
        self._report(request, sent, erased)

    def _report(self, request: HttpRequest, sent: int, erased: int) -> None:
        text = ngettext("%d message is sent again.", "%d messages are sent again.", sent)
        (messages.success if sent else messages.info)(request, text % sent)
        if erased:
            text = ngettext(
                "%d message can't be sent again: its content is erased. Create a new one.",
                "%d messages can't be sent again: their content is erased. Create new ones.",
                erased,
            )
            messages.warning(request, text % erased)


site.register(Message, MessageAdmin)
