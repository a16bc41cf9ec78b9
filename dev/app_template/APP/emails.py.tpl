"""The e-mail about a new ${name}."""

from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from product.${app}.models import ${Model}
from tasks.deliveries import delivery
from tasks.mail import EmailContent
from tasks.models import Message
from tasks.policies import Category
from tenancy.context import current_workspace


@delivery("${model}_added", _("New ${name}"), Category.SERVICE)
def send_${model}_added(message: Message) -> EmailContent:
    """Tell an owner of the tenant that a member has added a ${name}."""
    user = User.objects.get(pk=message.user_id)
    ${model} = ${Model}.objects.select_related("added_by").get(pk=message.arguments["${model}_id"])
    return EmailContent(
        "${model}_added",
        to=user.email,
        language=user.language,
        context={"${model}": ${model}, "url": f"{current_workspace().origin}/${path}/"},
    )
