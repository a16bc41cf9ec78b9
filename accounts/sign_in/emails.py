"""The e-mails of sign-in: codes, links to choose a password, and notices of changes."""

from datetime import timedelta
from functools import partial

from allauth.account import app_settings
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tasks.deliveries import delivery, secret_content
from tasks.mail import EmailContent
from tasks.models import Message
from tasks.policies import Audience, Category

# An e-mail expires with what it carries: the code, the link, the news.
_CODE_EXPIRES_IN = timedelta(seconds=app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT)
_LINK_EXPIRES_IN = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
_secret = partial(delivery, category=Category.ACCOUNT, is_secret=True)


@_secret("email_confirmation_code", _("Code to confirm an address"), expires_in=_CODE_EXPIRES_IN)
def send_code(message: Message) -> EmailContent:
    """Send the code that confirms an address."""
    return secret_content(message)


@_secret("password_reset", _("Link to choose a password"), expires_in=_LINK_EXPIRES_IN)
def send_password_reset(message: Message) -> EmailContent:
    """Send the link to choose a new password."""
    return secret_content(message)


@_secret(
    "unknown_account",
    _("Answer to an unknown address"),
    audience=Audience.ANYONE,
    expires_in=_LINK_EXPIRES_IN,
)
def send_unknown_account(message: Message) -> EmailContent:
    """Tell an address without an account that it has none."""
    return secret_content(message)


@_secret("notice", _("Notice about the account"), expires_in=timedelta(days=3))
def send_notice(message: Message) -> EmailContent:
    """Notify a user of a change to their account."""
    return secret_content(message)
