"""Letters: rendered from a folder of templates, in the reader's language, and sent."""

from dataclasses import asdict, dataclass, field
from email.utils import formataddr
from functools import cache
from typing import Any

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import override

from tasks import ratelimits
from tasks.models import Message
from tasks.workspace import current_workspace, is_public

ASKED_FOR_BY_ANYBODY = ("workspaces", "unknown_account")


@dataclass(frozen=True)
class Letter:
    """What a delivery has to say: the templates of `mail/<template>/`, filled with `context`."""

    template: str
    to: str
    language: str
    context: dict[str, Any] = field(default_factory=dict)

    def as_payload(self) -> dict[str, Any]:
        """Return the letter as JSON-able data, for a sealed payload."""
        return asdict(self)


def render(letter: Letter) -> EmailMultiAlternatives:
    """Render subject, text and HTML with inlined CSS, in the letter's language."""
    with override(letter.language):
        context = {**_surroundings(), **letter.context, "language": letter.language}
        subject = render_to_string(f"mail/{letter.template}/subject.txt", context)
        text = render_to_string(f"mail/{letter.template}/body.txt", context)
        html = render_to_string(f"mail/{letter.template}/body.html", context)
    email = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=text.strip() + "\n",
        from_email=formataddr((context["workspace_name"], settings.DEFAULT_FROM_EMAIL)),
        to=[letter.to],
    )
    email.attach_alternative(_inliner().inline(html), "text/html")
    return email


def send(message: Message, letter: Letter) -> None:
    """Send the letter under the message's stable Message-ID.

    Raises `RateLimitedError` when its reader gets too many letters, from all tenants
    together, and whatever the mail server's refusal raises.
    """
    ratelimits.hit(_budget_of(message), letter.to.lower())
    email = render(letter)
    email.extra_headers["Message-ID"] = message.message_id
    email.extra_headers["Auto-Submitted"] = "auto-generated"
    # Providers may rewrite the header; anymail hands them this beside it.
    email.metadata = {"message_id": str(message.pk)}  # type: ignore[attr-defined]
    email.send()


def _budget_of(message: Message) -> str:
    """Return the limit that a letter counts against: what any stranger can ask for has one
    of its own, or it could use up the reader's codes.
    """
    return "stranger" if message.kind in ASKED_FOR_BY_ANYBODY else "recipient"


def _surroundings() -> dict[str, Any]:
    product = {"product_name": settings.PRODUCT_NAME, "base_origin": settings.BASE_ORIGIN}
    if is_public():
        return {**product, "workspace_name": settings.PRODUCT_NAME}
    workspace = current_workspace()
    return {
        **product,
        "workspace_name": workspace.name,
        "workspace_origin": workspace.origin,
    }


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)
