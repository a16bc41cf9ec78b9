"""Files of tenants: stored below their schema's name, and served to be saved only."""

import re
import uuid
from pathlib import PurePath
from typing import Any

from django.apps import apps
from django.core import checks
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.fields.files import FieldFile
from django.db.models.signals import post_delete
from django.http import FileResponse, Http404
from django.template.defaultfilters import filesizeformat
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _

from tenancy.context import current_schema, is_public
from tenancy.errors import ForeignFileError
from tenancy.tables import is_tenant_row

EXTENSION = re.compile(r"\.[a-z0-9]{1,10}")


class TenantFieldFile(FieldFile):
    """The file of one row. It is opened and deleted in the row's own tenant alone.

    The column may hold any path, so it is compared with schema, table and key on each use: a copied
    row has to store a file of its own.
    """

    field: "TenantFileField"
    _committed: bool  # False for an upload that isn't stored yet.

    def _require_file(self) -> None:
        """Raise `ForeignFileError` for another row's path. Django calls it before each use."""
        super()._require_file()  # type: ignore[misc]  # Not in the stubs.
        if not self.is_own:
            raise ForeignFileError(self.name)

    @property
    def is_own(self) -> bool:
        """Whether the path is one of this row's, or an upload's name still."""
        if not self._committed:
            return True
        try:
            start = self.field.start_of_names(self.instance)
        except ForeignFileError:
            return False
        name = str(self.name)
        return name.startswith(start) and "/" not in name[len(start) :]

    @property
    def url(self) -> str:
        """No address: files are served by a view. Raises `AttributeError`."""
        # Django's form widget shows no link then. Any other error would be a 500.
        raise AttributeError("A tenant's file has no URL: write a view that returns download().")

    def save(self, name: str, content: Any, save: bool = True) -> None:
        """Store a new file. Raises `ValidationError` when limit or validators refuse it.

        Raises `ForeignFileError` for a row of another tenant than the context's.
        """
        content.name = content.name or name
        self.field.refuse_too_large(content.size)
        self.field.run_validators(content)
        super().save(name, content, save)

    def delete(self, save: bool = True) -> None:
        """Empty the field, and delete the file when the transaction commits."""
        if not self:
            return
        self.close()
        if self.is_own:
            storage, name = self.storage, str(self.name)
            transaction.on_commit(lambda: storage.delete(name), robust=True)
        self.name = None
        setattr(self.instance, self.field.attname, "")
        if save:
            self.instance.save(update_fields=[self.field.name])


class TenantFileField(models.FileField):
    """A file below its schema's name, named by its row's key, at random, and by its extension.

    For models based on `TenantModel` or `TenantRow`. `max_bytes` is required, and holds for each
    way of saving, as the validators do: a file that one of them refuses is not stored, and saving
    raises `ValidationError`. The file is deleted with its row, after the commit; all below the
    schema's name is deleted with the tenant. Call `delete` on a file before you replace it. A view
    serves it by `download`.
    """

    attr_class = TenantFieldFile

    def __init__(self, *args: Any, max_bytes: int = 0, **options: Any) -> None:
        self.max_bytes = max_bytes
        super().__init__(*args, **{"max_length": 160, **options})

    def deconstruct(self) -> Any:
        """Leave the limit out: it changes nothing in the database."""
        name, path, args, options = super().deconstruct()
        options.pop("upload_to", None)
        return name, path, args, options

    def check(self, **options: Any) -> list[checks.CheckMessage]:
        found = super().check(**options)
        if self.max_bytes <= 0:
            hint = "Say how large a file may be, in bytes: max_bytes=5 * 1024 * 1024."
            found.append(
                checks.Error(f"{self} has no max_bytes.", hint=hint, obj=self, id="tenancy.E009")
            )
        return found

    def contribute_to_class(self, cls: Any, name: str, *args: Any, **options: Any) -> None:
        super().contribute_to_class(cls, name, *args, **options)
        if not cls._meta.abstract:
            self.delete_with_rows_of(cls)

    def delete_with_rows_of(self, model: type[models.Model]) -> None:
        """Delete the file of each row that is deleted through this model."""
        post_delete.connect(self._delete_file, sender=model)

    def generate_filename(self, instance: Any, filename: Any) -> str:
        extension = EXTENSION.fullmatch(PurePath(filename).suffix.lower())
        name = f"{uuid.uuid4().hex}{extension[0] if extension else ''}"
        return f"{self.start_of_names(instance)}{name}"

    def start_of_names(self, instance: Any) -> str:
        """Return how the path of each of a row's files begins: schema, table and key.

        Raises `ForeignFileError` for a row of another tenant than the context's. In public, jobs
        and operators work on all tenants' rows.
        """
        schema_name = current_schema()
        if is_tenant_row(self.model) and instance.schema_name != schema_name:
            if not is_public():
                raise ForeignFileError(f"The row {instance.pk} belongs to another tenant.")
            schema_name = instance.schema_name
        table = self.model._meta.db_table  # noqa: SLF001  # Documented by Django.
        return f"{schema_name}/{table}/{getattr(instance.pk, 'hex', instance.pk)}-"

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        if value and not value._committed:  # noqa: SLF001  # As `FileField.pre_save` asks it.
            self.refuse_too_large(value.size)

    def refuse_too_large(self, size: int) -> None:
        """Raise `ValidationError` for more bytes than `max_bytes`."""
        if self.max_bytes and size > self.max_bytes:
            raise ValidationError(
                _("This file is larger than %(size)s. Choose a smaller one."),
                code="too_large",
                params={"size": filesizeformat(self.max_bytes)},
            )

    def _delete_file(self, instance: Any, **_: Any) -> None:
        getattr(instance, self.attname).delete(save=False)


def download(file: FieldFile, *, filename: str) -> FileResponse:
    """Return a response that saves the file under a name, and never shows it as a page.

    Raises `Http404` where there is no file, or it is another tenant's. No cache keeps it.
    """
    try:
        content = file.open("rb").file  # Read outside the context, once the response is sent.
    except (ValueError, OSError, ForeignFileError) as error:
        raise Http404(f"{filename} has no file.") from error
    response = FileResponse(content, as_attachment=True, filename=filename)
    # OWASP ASVS 3.2.1: no browser may run what a user uploaded in the context of the host.
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(response, private=True, no_store=True)
    return response


def file_fields() -> list[tuple[type[models.Model], TenantFileField]]:
    """Return the file fields of all installed models, each with its model."""
    return [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.concrete_fields  # noqa: SLF001  # Documented by Django.
        if isinstance(field, TenantFileField)
    ]


def delete_files_with_proxies() -> None:
    """Delete the files of rows that are deleted through a proxy model, too.

    Called once all models are loaded: signals name the proxy as their sender.
    """
    for model, field in file_fields():
        if model._meta.proxy:  # noqa: SLF001  # Documented by Django.
            field.delete_with_rows_of(model)
