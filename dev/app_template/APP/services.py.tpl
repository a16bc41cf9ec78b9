"""Adding ${names}."""

from django.db import transaction

from accounts.users.models import Role, User
from product.${app}.emails import send_${model}_added
from product.${app}.models import ${Model}
from tasks import outbox


@transaction.atomic
def add_${model}(*, name: str, user: User) -> ${Model}:
    """Add a ${name}, and enqueue an e-mail to each other owner of the tenant."""
    ${model} = ${Model}.objects.create(name=name, added_by=user)
    for owner in User.objects.active().filter(role=Role.OWNER).exclude(pk=user.pk):
        outbox.enqueue(send_${model}_added, user_id=owner.pk, ${model}_id=str(${model}.pk))
    return ${model}
