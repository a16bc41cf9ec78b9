"""Letters: rendered from a folder of templates, in the reader's language, and sent."""

from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from email.utils import formataddr
from functools import cache
from itertools import chain
from typing import Any

import css_inline
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import override

from tasks import mailserver, ratelimits
from tasks.lines import Line
from tasks.models import Message
from tasks.ratelimits import Budget, everywhere, here
from tasks.roles import DatabaseRole
from tasks.workspace import current_workspace, is_public, public_context

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
        subject=_in_header(subject),
        body=text.strip() + "\n",
        from_email=formataddr((_in_header(context["workspace_name"]), settings.DEFAULT_FROM_EMAIL)),
        to=[letter.to],
    )
    email.attach_alternative(_inliner().inline(html), "text/html")
    return email


def send(message: Message, letter: Letter, line: Line) -> None:
    """Send the letter under the message's stable Message-ID.

    Raises `RateLimitedError` when its reader gets too many such letters, and whatever the
    mail server's refusal raises.
    """
    is_member = _is_member(message, letter)
    ratelimits.spend(*budgets_of(kind=message.kind, reader=letter.to, is_member=is_member))
    email = render(letter)
    email.extra_headers["Message-ID"] = message.message_id
    email.extra_headers["Auto-Submitted"] = "auto-generated"
    # Providers may rewrite the header; anymail hands them this beside it.
    email.metadata = {"message_id": str(message.pk)}  # type: ignore[attr-defined]  # anymail's, untyped.
    with mailserver.conversation():
        line.send(email)


def _in_header(text: str) -> str:
    """Return a text for a header: on one line, and with nothing that would be decoded.

    An encoded word (RFC 2047) in somebody's name could turn into an address, or any name.
    """
    return " ".join(text.split()).replace("=?", "= ?")


def budgets_of(*, kind: str, reader: str, is_member: bool) -> tuple[Budget, ...]:
    """Return what a letter is counted against, in the context of its tenant.

    No tenant can use up what another one needs: a member's letters are counted for their
    own tenant alone, and each kind apart, so that resets that a stranger asks for leave
    room for codes. What goes to an address that nobody has confirmed has a small budget
    for each tenant, and a wide one for all of them: we are nobody's spam relay.
    """
    reader = reader.lower()
    if kind in ASKED_FOR_BY_ANYBODY:
        return (here("mail_stranger", reader, kind), everywhere("mail_stranger_all", reader, kind))
    if kind == "invitation":
        return (here("mail_invitation", reader), everywhere("mail_invitation_all", reader))
    if is_member:
        return (here("mail_member", reader, kind),)
    return (here("mail_newcomer", reader), everywhere("mail_newcomer_all", reader))


def shared_budgets_of(reader: str) -> tuple[Budget, ...]:
    """Return what holds letters to a reader back, from all tenants and from this one."""
    kinds = ("invitation", "welcome", *ASKED_FOR_BY_ANYBODY)
    strangers = (budgets_of(kind=kind, reader=reader, is_member=False) for kind in kinds)
    codes = ("email_confirmation_code", "password_reset", "welcome")
    members = (budgets_of(kind=kind, reader=reader, is_member=True) for kind in codes)
    return tuple(chain.from_iterable([*strangers, *members]))


def _is_member(message: Message, letter: Letter) -> bool:
    """Whether a letter goes to the confirmed address of somebody's own account."""
    if message.user_id is None:
        return False
    # Whoever moves the outbox on sees no people: an operator's letter asks as one of them.
    with public_context(DatabaseRole.OPERATOR) if is_public() else nullcontext():
        return _is_confirmed(message, letter)


def _is_confirmed(message: Message, letter: Letter) -> bool:
    person = letter.context.get("user")
    # Whoever has written the letter has just looked them up.
    if getattr(person, "pk", None) != message.user_id:
        person = get_user_model().objects.filter(pk=message.user_id).first()
    return bool(person and person.is_verified and person.email == letter.to.lower())


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
