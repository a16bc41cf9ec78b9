"""System checks: what apps add to the operators' console."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import Error, register
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template
from django.urls import NoReverseMatch, reverse

from operations.panels import OperatorLink, operator_links, operator_panels


@register()
def panels_have_templates(**_: Any) -> list[Error]:
    """Report E001 for a panel whose template can't be loaded."""
    return [
        Error(
            f"The operators' panel “{panel.name}” has no template: {fault}.",
            hint="Name a template below the app's folder `templates`.",
            id="operations.E001",
        )
        for panel in operator_panels
        for fault in _faults_of(panel.template)
    ]


@register()
def links_lead_somewhere(**_: Any) -> list[Error]:
    """Report E002 for a link without one address, or with a name that no page has."""
    return [
        Error(
            f"The operators' link “{link.name}” leads nowhere.",
            hint="Give it the `url_name` of a page of the base host, or else a `url`.",
            id="operations.E002",
        )
        for link in operator_links
        if not _leads(link)
    ]


def _faults_of(template: str) -> Iterator[str]:
    try:
        get_template(template)
    except (TemplateDoesNotExist, TemplateSyntaxError) as error:
        yield f"{template} ({type(error).__name__})"


def _leads(link: OperatorLink) -> bool:
    if not link.url_name:
        return bool(link.url)
    try:
        reverse(link.url_name, urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    except NoReverseMatch:
        return False
    return not link.url
