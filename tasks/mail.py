"""E-mails: rendered from a folder of templates, in the recipient's language, and sent."""

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

from tasks import addresses, mailserver
from tasks.models import Message
from tasks.policies import Audience, Policy, all_policies, policy_of
from tasks.smtp import SmtpConnection
from tenancy import rate_limits, roles
from tenancy.context import current_workspace, is_public, public_context
from tenancy.rate_limits import Budget, everywhere, here


@dataclass(frozen=True)
class EmailContent:
    """An e-mail to render: the templates of `mail/<template>/`, filled with `context`."""

    template: str
    to: str
    language: str
    context: dict[str, Any] = field(default_factory=dict)

    def as_payload(self) -> dict[str, Any]:
        """Return the e-mail as JSON-able data, for an encrypted payload."""
        return asdict(self)


def render(content: EmailContent) -> EmailMultiAlternatives:
    """Render subject, text and HTML with inlined CSS, in the e-mail's language."""
    with override(content.language):
        context = {**_surroundings(), **content.context, "language": content.language}
        subject = render_to_string(f"mail/{content.template}/subject.txt", context)
        text = render_to_string(f"mail/{content.template}/body.txt", context)
        html = render_to_string(f"mail/{content.template}/body.html", context)
    email = EmailMultiAlternatives(
        subject=_in_header(subject),
        body=text.strip() + "\n",
        from_email=formataddr((_in_header(context["workspace_name"]), settings.DEFAULT_FROM_EMAIL)),
        # The function that the forms ask: what can't be sent is refused there.
        to=[addresses.canonical(content.to)],
    )
    email.attach_alternative(_inliner().inline(html), "text/html")
    return email


def send(message: Message, content: EmailContent, smtp: SmtpConnection) -> None:
    """Send the e-mail under the message's stable Message-ID.

    Raises `RateLimitedError` when the recipient gets too many such e-mails, and the backend's
    error when the mail server refuses it.
    """
    is_member = _is_member(message, content)
    budgets = budgets_of(
        policy=policy_of(message.task), kind=message.kind, recipient=content.to, is_member=is_member
    )
    rate_limits.spend(*budgets)
    email = render(content)
    email.extra_headers["Message-ID"] = message.message_id
    email.extra_headers["Auto-Submitted"] = "auto-generated"
    # Providers may rewrite the header; anymail passes them this as well.
    email.metadata = {"message_id": str(message.pk)}  # type: ignore[attr-defined]  # anymail's, untyped.
    with mailserver.conversation():
        smtp.send(email)


def _in_header(text: str) -> str:
    """Return a text for a header: on one line, and without encoded words (RFC 2047).

    An encoded word in a name could be decoded into an address, or any other name.
    """
    return " ".join(text.split()).replace("=?", "= ?")


def budgets_of(*, policy: Policy, kind: str, recipient: str, is_member: bool) -> tuple[Budget, ...]:
    """Return the budgets that an e-mail is counted against, in the context of its tenant.

    No tenant can use up another one's budget: a member's e-mails are counted for their own
    tenant alone, and each kind apart, so that resets that a visitor requests leave room for
    codes. E-mails to an unconfirmed address have a small budget for each tenant, and a wide
    one for all of them, so that the service is no spam relay.
    """
    address = addresses.mailbox(addresses.normalise(recipient))
    if policy.audience == Audience.ANYONE:
        key: tuple[str, ...] = (address, kind)
        return (here("mail_stranger", *key), everywhere("mail_stranger_all", *key))
    if policy.audience == Audience.INVITED:
        return (here("mail_invitation", address), everywhere("mail_invitation_all", address))
    if is_member:
        return (here("mail_member", address, kind),)
    return (here("mail_newcomer", address), everywhere("mail_newcomer_all", address))


def all_budgets_of(recipient: str) -> tuple[Budget, ...]:
    """Return the budgets that limit a recipient's e-mails, from all tenants and from this one."""
    every = (
        budgets_of(policy=policy, kind=policy.kind, recipient=recipient, is_member=is_member)
        for policy in all_policies().values()
        for is_member in (False, True)
    )
    return tuple(dict.fromkeys(chain.from_iterable(every)))


def _is_member(message: Message, content: EmailContent) -> bool:
    """Whether an e-mail goes to the confirmed address of the message's user."""
    if message.user_id is None:
        return False
    # The relay's role can't read users: for an operator's e-mail, the operators' role does.
    with public_context(roles.operator()) if is_public() else nullcontext():
        person = content.context.get("user")
        # The delivery may have loaded the user just now.
        if getattr(person, "pk", None) != message.user_id:
            person = get_user_model().objects.filter(pk=message.user_id).first()
        return bool(
            person and person.is_verified and person.email == addresses.normalise(content.to)
        )


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
