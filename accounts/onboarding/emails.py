"""The e-mail that welcomes a new member."""

from django.utils.translation import gettext_lazy as _

from accounts.access.permissions import has_permission
from accounts.users.models import User
from tasks.deliveries import delivery
from tasks.mail import EmailContent
from tasks.models import Message
from tasks.policies import Category


@delivery("welcome", _("Welcome"), Category.ONBOARDING, admins_may_resend=True)
def send_welcome(message: Message) -> EmailContent:
    """Welcome a new member to their workspace."""
    user = User.objects.with_addresses().get(pk=message.user_id)
    context = {"user": user, "may_invite": has_permission(user, "members.invite")}
    return EmailContent("welcome", to=user.email, language=user.language, context=context)
