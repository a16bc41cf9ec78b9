"""The product's panel of the console's first page."""

from product.notes.models import Note

from accounts.console.panels import Panel, panels


def count(_request):
    return {"count": Note.objects.count()}


panels.register(Panel("notes.count", "notes/_count.html", count, max_queries=1))
