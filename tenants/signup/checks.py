"""System checks: the fields that apps add to the sign-up form."""

from typing import Any

from django.core.checks import Error, register

from tenants.signup.added_fields import sign_up_fields
from tenants.signup.forms import SignUpForm


@register()
def fields_can_be_added(**_: Any) -> list[Error]:
    """Report E001 for a field with the name of ours, and E002 for one that uploads a file."""
    clashes = [
        Error(
            f"The sign-up field “{each.name}” has the name of one of the service's own.",
            hint="Give it another name, such as “app.name”.",
            id="tenants.E001",
        )
        for each in sign_up_fields
        if each.name in SignUpForm.base_fields
    ]
    uploads = [
        Error(
            f"The sign-up field “{each.name}” uploads a file, which the page doesn't send.",
            hint="Ask for the file on a page of the new tenant.",
            id="tenants.E002",
        )
        for each in sign_up_fields
        if each.field().widget.needs_multipart_form
    ]
    return clashes + uploads
