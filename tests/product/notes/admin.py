"""The operators' page of how much each tenant writes."""

from product.notes.models import Usage

from operations.admin.base import ReadOnlyAdmin
from operations.admin.site import site


class UsageAdmin(ReadOnlyAdmin):
    list_display = ["schema_name", "notes"]
    fields = ["schema_name", "notes"]
    ordering = ["schema_name"]


site.register(Usage, UsageAdmin)
