"""The fields that apps add to the sign-up form."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tenancy.registry import Registry
from tenants.signup.errors import SignUpFieldError, SignUpFieldUnknownError


@dataclass(frozen=True)
class SignUpField:
    """A field of the sign-up form, shown below the service's own.

    `name` is its name in the form. `field` returns a new form field each time; one that uploads a
    file is refused by `check`. `save` is called as `save(tenant=…, owner=…, value=…)` in the
    transaction that opens the tenant, in the tenant's context, once its owner exists; `value` is
    what the field's `clean` returned. A `ValidationError` that it raises is shown beside the
    field; after any exception nothing is left of the sign-up.

    `save` isn't called for a tenant that is opened without a value, as by the command line.
    """

    name: str
    field: Callable[[], forms.Field]
    save: Callable[..., None]
    position: int = 100


sign_up_fields: Registry[SignUpField] = Registry("sign-up field")


def clean(name: str, value: Any) -> Any:
    """Return what the form would make of a value.

    Raises `SignUpFieldUnknownError`, and `SignUpFieldError` for a value that the field refuses.
    """
    refuse_unknown([name])
    try:
        return sign_up_fields[name].field().clean(value)
    except ValidationError as error:
        raise SignUpFieldError(name, error.messages) from error


def refuse_unknown(names: Iterable[str]) -> None:
    """Raise `SignUpFieldUnknownError` for a name that no app has declared."""
    if unknown := sorted(name for name in names if name not in sign_up_fields):
        raise SignUpFieldUnknownError(unknown, [field.name for field in sign_up_fields])


def save_all(extra: Mapping[str, Any], *, tenant: Any, owner: Any) -> None:
    """Save the values by their fields' names.

    Raises `SignUpFieldUnknownError` and `SignUpFieldError`.
    """
    refuse_unknown(extra)
    for field in sign_up_fields:
        if field.name in extra:
            try:
                field.save(tenant=tenant, owner=owner, value=extra[field.name])
            except ValidationError as error:
                raise SignUpFieldError(field.name, error.messages) from error
