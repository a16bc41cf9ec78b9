"""A message's kind, state and error, in words for administrators without SMTP knowledge."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from tasks.models import Message
from tasks.policies import policy_of

State = Message.State


@dataclass(frozen=True)
class StateWords:
    """A state's name, and the CSS class of its tag."""

    name: str
    tag: str = ""


# The values of `last_error`: an exception's name, sometimes with the SMTP reply code.
_ERRORS = {
    "SMTPRecipientsRefused": gettext_lazy("The mail server refuses the address. Is it right?"),
    "SMTPSenderRefused": gettext_lazy("The mail server doesn't accept e-mails from this service."),
    "SMTPAuthenticationError": gettext_lazy("The mail server didn't let this service in."),
    "SMTPDataError": gettext_lazy("The mail server refused the e-mail."),
    "SMTPServerDisconnected": gettext_lazy("The mail server hung up in the middle."),
    "SMTPConnectError": gettext_lazy("The mail server could not be reached."),
    "ConnectionRefusedError": gettext_lazy("The mail server could not be reached."),
    "gaierror": gettext_lazy("The mail server could not be found."),
    "TimeoutError": gettext_lazy("The mail server did not answer in time."),
    "PayloadGoneError": gettext_lazy("Its link had ended before it could be sent."),
    "Expired": gettext_lazy("Its link had ended before it could be sent."),
    "Replaced": gettext_lazy("A newer invitation took its place."),
    "Revoked": gettext_lazy("The invitation was revoked before it could be sent."),
    "AttemptsUsedUpError": gettext_lazy("Each attempt ended in the middle."),
    "DoesNotExist": gettext_lazy("The person it was meant for is gone."),
}  # fmt: skip


def kind(message: Message) -> str:
    """Return the name of the message's kind."""
    return str(policy_of(message.task).label or _("Notice about the account"))


def state(message: Message) -> StateWords:
    """Return the state's name and colour."""
    match message.state:
        case State.SENT:
            return StateWords(_("Sent"), "tag-success")
        case State.FAILED:
            return StateWords(_("Retrying"), "tag-warning")
        case State.DEAD:
            return StateWords(_("Failed"), "tag-danger")
        case State.CANCELLED:
            return StateWords(_("Cancelled"))
        case State.SENDING:
            return StateWords(_("Sending"))
        case _:
            return StateWords(_("Queued"))


def explanation(message: Message) -> str:
    """Return what the state means for the delivery."""
    match message.state:
        case State.SENT:
            return _("The mail server has taken it.")
        case State.FAILED:
            return _retried(message)
        case State.DEAD:
            return _given_up(message)
        case State.CANCELLED:
            return _("It was cancelled before it was sent.")
        case State.SENDING:
            return _("The mail server is taking it at this moment.")
        case _:
            return _("It is sent within seconds, as a rule.")


def error(message: Message) -> str:
    """Return the error of the last attempt, in words; empty without one."""
    if not message.last_error:
        return ""
    name = message.last_error.split()[0]
    return str(_ERRORS.get(name) or _("Something went wrong (%(error)s).") % {"error": name})


def _retried(message: Message) -> str:
    when = date_format(timezone.localtime(message.due_at), "DATETIME_FORMAT")
    if message.last_error:
        return _("It could not be sent yet. The next attempt is due %(when)s.") % {"when": when}
    return _("It is held back for a while. The next attempt is due %(when)s.") % {"when": when}


def _given_up(message: Message) -> str:
    if not message.attempts:
        return _("It was not sent, and will not be.")
    return ngettext(
        "It was tried %(count)d time, and will not be tried again by itself.",
        "It was tried %(count)d times, and will not be tried again by itself.",
        message.attempts,
    ) % {"count": message.attempts}
