"""The dialog in which an operator confirms the permanent deletion of a tenant."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from tenants.models import Tenant


class DeletionForm(BaseDialogForm):
    """Requires the operator to type the subdomain, so that a click alone deletes nothing."""

    subdomain = forms.CharField(
        label=_("Type the subdomain"),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subdomain"].help_text = self._slug()

    def clean_subdomain(self) -> str:
        typed: str = self.cleaned_data["subdomain"].strip()
        if typed != self._slug():
            raise ValidationError(_("This isn't the subdomain of this tenant."))
        return typed

    def _slug(self) -> str:
        return str(Tenant.objects.values_list("slug", flat=True).get(pk=self.object_id))
