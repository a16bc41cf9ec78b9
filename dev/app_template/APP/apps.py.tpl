"""${Title} of a tenant's members."""

from django.apps import AppConfig


class ${App}Config(AppConfig):
    name = "product.${app}"
