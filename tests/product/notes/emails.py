"""The e-mail about a new note."""

from django.contrib.auth import get_user_model

from tasks.deliveries import delivery
from tasks.mail import EmailContent
from tasks.policies import Category


@delivery("note_added", "Note added", Category.SERVICE)
def send_note_added(message):
    user = get_user_model().objects.get(pk=message.user_id)
    return EmailContent("note_added", to=user.email, language=user.language)
