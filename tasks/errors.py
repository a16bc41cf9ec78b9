"""Errors of the outbox and its deliveries."""


class TaskError(Exception):
    """The base class of this app's errors."""


class PayloadGoneError(TaskError):
    """A payload was erased or has expired, so its message can't be sent."""


class AttemptsUsedUpError(TaskError):
    """The process died during each attempt to send the message."""


class MailServerAwayError(TaskError):
    """The mail server is paused after a failure, or its rate limit is used up."""
