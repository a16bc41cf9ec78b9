"""Base classes and helpers of the console's pages, which change data through services only."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from django.contrib.admin import ModelAdmin as DjangoModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold import decorators
from unfold.admin import ModelAdmin
from unfold.dataclasses import ActionDialog
from unfold.paginator import InfinitePaginator

F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M", bound=Model)


class Decorator(Protocol):
    """The type of Unfold's decorators: they keep the function's type."""

    def __call__(self, **options: Any) -> Callable[[F], F]: ...


action: Decorator = decorators.action
display: Decorator = decorators.display


class ReadOnlyAdmin(ModelAdmin):
    """A read-only list and detail page; changes are actions that call services."""

    list_per_page = 50
    list_filter_submit = True
    # Counting millions of rows would delay the page.
    show_full_result_count = False
    paginator = InfinitePaginator

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Model | None:
        """Return the row with this id. An empty `from_field`, which a form may send, is None."""
        found: Model | None = super().get_object(request, object_id, from_field or None)
        return found

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Model]
    ) -> HttpResponse | None:
        """Raise `BadRequest` for a selected value that can't be a primary key."""
        for selected in request.POST.getlist(ACTION_CHECKBOX_NAME):
            if not is_id(self.model, selected):
                raise BadRequest(selected)
        response: HttpResponse | None = super().response_action(request, queryset)
        return response

    def note(self, request: HttpRequest, obj: Model, what: str) -> None:
        """Write a `LogEntry` of the change in the operator's name."""
        DjangoModelAdmin.log_change(self, request, obj, what)


def is_id(model: type[Model], word: Any) -> bool:
    """Whether a value can be a primary key of the model."""
    try:
        model._meta.pk.to_python(word)  # noqa: SLF001  # Django documents it.
    except ValidationError:
        return False
    return True


def by_id(rows: "QuerySet[M]", object_id: Any) -> "QuerySet[M]":
    """Filter the rows by an id from a URL; empty if the value can't be an id."""
    return rows.filter(pk=object_id) if is_id(rows.model, object_id) else rows.none()


def confirmation(
    title: Any, description: Any, button: Any, *, form_class: Any = None
) -> ActionDialog:
    """Return the dialog in which an operator confirms an action; the action itself is a POST."""
    return ActionDialog(
        title=title, description=description, form_class=form_class, form_submit_text=button
    )


def back_to(request: HttpRequest, url: str) -> HttpResponse:
    """Redirect after a dialog that htmx has posted, or after a plain form."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)
