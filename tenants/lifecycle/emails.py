"""The e-mail that announces the deletion of an unconfirmed tenant."""

from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from tasks.deliveries import delivery
from tasks.mail import EmailContent
from tasks.models import Message
from tasks.policies import Category


@delivery("deletion_notice", _("Notice of deletion"), Category.SERVICE)
def send_deletion_notice(message: Message) -> EmailContent:
    """Tell an owner with an unconfirmed address when their workspace is deleted."""
    user = User.objects.get(pk=message.user_id)
    deleted_at = datetime.fromisoformat(message.arguments["deleted_at"])
    context = {"user": user, "deleted_at": localtime(deleted_at, user.zone)}
    return EmailContent("deletion_notice", to=user.email, language=user.language, context=context)
