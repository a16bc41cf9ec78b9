"""Filters of the console's lists."""

from typing import Any

import django_filters as filters
from django import forms

MAX_SEARCH = 100
SEARCH = forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"})


class ListFilter(filters.FilterSet):
    """A filter in which each form field may stay empty."""

    @property
    def form(self) -> forms.Form:
        form: forms.Form = super().form
        form.hide_optional = True  # type: ignore[attr-defined]  # Read by the field's template.
        return form

    @property
    def said(self) -> dict[str, Any]:
        """The submitted values that are valid and not empty."""
        self.form.is_valid()
        return {name: value for name, value in self.form.cleaned_data.items() if value}

    @property
    def narrows(self) -> bool:
        """Whether the filter may hide rows."""
        return bool(self.said.keys() - {"sort"})
