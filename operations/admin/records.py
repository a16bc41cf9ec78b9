"""The log of the operators' actions in the console."""

from django.contrib.admin.models import LogEntry
from django.utils.translation import gettext_lazy as _

from operations.admin.base import ReadOnlyAdmin, display
from operations.admin.site import site


class RecordAdmin(ReadOnlyAdmin):
    """The log is read-only."""

    list_display = ["action_time", "user", "object_repr", "what"]
    list_display_links = None
    list_select_related = ["user", "content_type"]
    search_fields = ["object_repr", "user__email", "user__full_name"]
    ordering = ["-action_time"]

    @display(description=_("What"))
    def what(self, entry: LogEntry) -> str:
        return str(entry.get_change_message() or entry.get_action_flag_display())


site.register(LogEntry, RecordAdmin)
