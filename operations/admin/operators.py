"""Adding, deactivating and reactivating operators, who are the users of the public schema."""

from copy import copy
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy as _
from unfold.enums import ActionVariant
from unfold.forms import UserCreationForm

from accounts.access.requests import MemberRequest
from accounts.models import User
from accounts.users.errors import AccountError
from accounts.users.forms import EmailField
from operations.admin.base import ReadOnlyAdmin, action, back_to, by_id, confirmation, display
from operations.admin.site import site
from operations.errors import OperatorExistsError
from operations.operators import add_operator, deactivate_operator, reactivate_operator


class OperatorForm(UserCreationForm):
    """A new operator's address and name, with a first password."""

    class Meta:
        model = User
        fields = ["email", "full_name"]
        field_classes: dict[str, type[forms.Field]] = {"email": EmailField}

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email=email).exists():
            raise ValidationError(OperatorExistsError.sentence)
        return email


class OperatorAdmin(ReadOnlyAdmin):
    """Operators change their own name, address and password, under "Change password"."""

    list_display = ["full_name", "email", "state", "last_login", "joined_at"]
    search_fields = ["full_name", "email"]
    ordering = ["full_name", "email"]
    fields = ["full_name", "email", "is_active", "last_login", "joined_at"]
    add_form = OperatorForm
    add_fieldsets = [(None, {"fields": ["email", "full_name", "password1", "password2"]})]
    actions_detail = ["deactivate", "reactivate"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Title the list "Operators" as in the menu: in a tenant this model is its members."""
        named = copy(self.opts)
        named.verbose_name_plural = _("Operators")
        context = {"title": _("Operators"), "opts": named, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> "type[forms.ModelForm[User]]":
        if obj is None:
            kwargs["form"] = self.add_form
        form: type[forms.ModelForm[User]] = super().get_form(request, obj, change, **kwargs)
        return form

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Add the operator through the service, which also creates address and profile."""
        data = form.cleaned_data
        made = add_operator(
            email=data["email"], password=data["password1"], full_name=data["full_name"]
        )
        obj.__dict__.update(made.__dict__)

    @display(description=_("Status"), label={"active": "success", "inactive": "danger"})
    def state(self, operator: User) -> tuple[str, Any]:
        return ("active", _("Active")) if operator.is_active else ("inactive", _("Deactivated"))

    # --- Actions ---

    def has_deactivate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        others = User.objects.active().exclude(pk=request.user.pk)
        return object_id is None or by_id(others, object_id).exists()

    def has_reactivate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        inactive = User.objects.filter(is_active=False)
        return object_id is None or by_id(inactive, object_id).exists()

    @action(
        description=_("Deactivate"),
        icon="person_off",
        variant=ActionVariant.DANGER,
        permissions=["deactivate"],
        dialog=confirmation(
            _("Deactivate this operator?"),
            _("Their sessions end at once. They can be reactivated."),
            _("Deactivate"),
        ),
    )
    def deactivate(self, request: MemberRequest, _form: Any, object_id: str) -> HttpResponse:
        operator = get_object_or_404(User, pk=object_id)
        try:
            deactivate_operator(operator=operator, by=request.user)
        except AccountError as refusal:
            messages.error(request, str(refusal))
        else:
            self._report(request, operator, gettext("Deactivated."))
        return _page_of(request, operator)

    @action(
        description=_("Reactivate"),
        icon="person",
        variant=ActionVariant.SUCCESS,
        permissions=["reactivate"],
        dialog=confirmation(
            _("Reactivate this operator?"), _("Their password is still valid."), _("Reactivate")
        ),
    )
    def reactivate(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        operator = get_object_or_404(User, pk=object_id)
        reactivate_operator(operator=operator)
        self._report(request, operator, gettext("Reactivated."))
        return _page_of(request, operator)

    def _report(self, request: HttpRequest, operator: User, what: str) -> None:
        self.note(request, operator, what)
        messages.success(request, f"{operator}: {what}")


def _page_of(request: HttpRequest, operator: User) -> HttpResponse:
    return back_to(request, reverse("admin:accounts_user_change", args=[operator.pk]))


site.register(User, OperatorAdmin)
