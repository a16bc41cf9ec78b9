"""Finding, viewing, suspending, resuming and deleting tenants."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.enums import ActionVariant

from operations.admin.base import action, back_to, by_id, confirmation, display
from operations.admin.canaries import CanaryAdmin, CanaryFilter, RevisionFilter
from operations.admin.changing import fits
from operations.admin.deletion import DeletionForm
from operations.admin.site import site
from tasks.models import Message
from tenants.lifecycle import services
from tenants.lifecycle.deletion import delete_tenant
from tenants.lifecycle.errors import TenantBusyError, TenantGoneError
from tenants.models import Domain, Tenant

Status = Tenant.Status


class DomainInline(TabularInline):
    """The hosts of a tenant."""

    model = Domain
    fields = readonly_fields = ["domain", "is_primary"]
    extra = 0
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TenantAdmin(CanaryAdmin):
    """Tenants are opened by sign-up or `open_tenant`: a form would create an incomplete one."""

    list_display = ["name", "host", "state", "people", "schema", "goes_first", "created_at"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("language", ChoicesDropdownFilter),
        RevisionFilter,
        CanaryFilter,
        ("created_at", RangeDateFilter),
    ]
    search_fields = ["name", "slug", "domains__domain", "schema_name"]
    search_help_text = _("Name, address or schema")
    ordering = ["-created_at", "-pk"]
    actions = ["suspend_selected", "resume_selected"]
    actions_detail = [
        "mark_as_canary",
        "unmark_as_canary",
        "suspend",
        "resume",
        "delete_permanently",
    ]
    inlines = [DomainInline]
    fieldsets = [
        (None, {"fields": ["name", "host", "status", "people"]}),
        (_("Messages"), {"fields": ["messages_by_state"]}),
        (_("Migrations"), {"fields": ["revision_text", "canary"]}),
        (
            _("Details"),
            {
                "fields": [
                    "language",
                    "time_zone",
                    "created_at",
                    "suspended_at",
                    "terms_version",
                    "schema_name",
                ]
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        return Tenant.objects.with_people_count().prefetch_related("domains")

    # --- Columns ---

    @display(description=_("Address"), ordering="slug")
    def host(self, tenant: Tenant) -> str:
        return format_html('<a href="{}" target="_blank" rel="noopener" class="underline">{}</a>',
                           tenant.origin, tenant.primary_host)  # fmt: skip

    @display(
        description=_("Status"),
        ordering="status",
        label={Status.ACTIVE.value: "success", Status.SUSPENDED.value: "danger"},
    )
    def state(self, tenant: Tenant) -> tuple[str, str]:
        return tenant.status, tenant.get_status_display()

    @display(description=_("People"), ordering="people_count")
    def people(self, tenant: Tenant) -> int:
        """Count the members in the directory: no operator's page reads a tenant's schema."""
        return int(tenant.people_count)

    @display(description=_("By state"))
    def messages_by_state(self, tenant: Tenant) -> str:
        counts = Message.objects.of_schema(tenant.schema_name).count_by_state()
        outbox = reverse("admin:tasks_message_changelist")
        rows = [
            (outbox, tenant.slug, state.value, state.label, counts[state.value])
            for state in Message.State
        ]
        link = '<a href="{}?tenant={}&amp;state__exact={}" class="underline">{}: {}</a>'
        return format_html_join(" · ", link, rows)

    # --- Actions ---

    def has_suspend_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return fits(object_id, status=Status.ACTIVE)

    def has_resume_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return fits(object_id, status=Status.SUSPENDED)

    def has_delete_permanently_permission(
        self, request: HttpRequest, object_id: Any = None
    ) -> bool:
        return fits(object_id)

    @action(
        description=_("Suspend"),
        icon="block",
        variant=ActionVariant.DANGER,
        permissions=["suspend"],
        dialog=confirmation(
            _("Suspend this tenant?"),
            _("Its people see a page that says so, until it is resumed. Nothing is deleted."),
            _("Suspend"),
        ),
    )
    def suspend(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        return self.change_one(request, object_id, services.suspend, gettext("Suspended."))

    @action(
        description=_("Resume"),
        icon="play_arrow",
        variant=ActionVariant.SUCCESS,
        permissions=["resume"],
        dialog=confirmation(
            _("Resume this tenant?"), _("Its people can sign in again at once."), _("Resume")
        ),
    )
    def resume(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        return self.change_one(request, object_id, services.resume, gettext("Resumed."))

    @action(
        description=_("Delete"),
        icon="delete_forever",
        variant=ActionVariant.DANGER,
        permissions=["delete_permanently"],
        dialog=confirmation(
            _("Delete this tenant permanently?"),
            _("Its people, messages and files are deleted. Only a backup restores them."),
            _("Delete permanently"),
            form_class=DeletionForm,
        ),
    )
    def delete_permanently(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        tenant = get_object_or_404(by_id(Tenant.objects.all(), object_id))
        try:
            delete_tenant(tenant=tenant)
        except (TenantBusyError, TenantGoneError) as refusal:
            messages.error(request, str(refusal))
            return back_to(request, reverse("admin:tenants_tenant_change", args=[object_id]))
        self.note(request, tenant, gettext("Deleted permanently."))
        messages.success(request, f"{tenant}: {gettext('Deleted permanently.')}")
        return back_to(request, reverse("admin:tenants_tenant_changelist"))

    @admin.action(description=_("Suspend"))
    def suspend_selected(
        self, request: HttpRequest, queryset: QuerySet[Tenant]
    ) -> HttpResponse | None:
        """List the tenants and ask for confirmation first."""
        if "confirmed" in request.POST:
            self.change_many(request, queryset, services.suspend, gettext("Suspended."))
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Suspend these tenants?"),
            "opts": self.opts,
            "tenants": list(queryset),
        }
        return TemplateResponse(request, "admin/suspend_selected.html", context)

    @admin.action(description=_("Resume"))
    def resume_selected(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        self.change_many(request, queryset, services.resume, gettext("Resumed."))


site.register(Tenant, TenantAdmin)
