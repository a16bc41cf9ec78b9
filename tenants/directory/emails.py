"""The e-mail that lists a visitor's workspaces."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from tasks.deliveries import delivery, secret_content
from tasks.mail import EmailContent
from tasks.models import Message
from tasks.policies import Audience, Category


@delivery(
    "workspaces",
    _("List of workspaces"),
    Category.SERVICE,
    audience=Audience.ANYONE,
    is_secret=True,
    expires_in=timedelta(hours=24),
    visitors_may_enqueue=True,
)
def send_workspaces(message: Message) -> EmailContent:
    """Send a visitor the workspaces of the address they typed."""
    return secret_content(message)
