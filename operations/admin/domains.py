"""Domains: which host belongs to which tenant."""

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from operations.admin.base import ReadOnlyAdmin, display
from operations.admin.site import site
from tenants.models import Domain


class DomainAdmin(ReadOnlyAdmin):
    """A searchable list of hosts."""

    list_display = ["domain", "owner", "is_primary"]
    list_filter = ["is_primary"]
    list_select_related = ["tenant"]
    search_fields = ["domain", "tenant__name", "tenant__slug"]
    search_help_text = _("Host or tenant")
    ordering = ["domain"]
    fields = ["domain", "owner", "is_primary"]

    @display(description=_("Tenant"), ordering="tenant__name")
    def owner(self, domain: Domain) -> str:
        url = reverse("admin:tenants_tenant_change", args=[domain.tenant_id])
        return format_html('<a href="{}" class="underline">{}</a>', url, domain.tenant.name)


site.register(Domain, DomainAdmin)
