"""What the floor refuses."""

from math import ceil


class TaskError(Exception):
    """The root of this app's refusals."""


class TenantMissingError(TaskError):
    """A task was called without a tenant, or came to a worker without one."""


class TenantUnknownError(TaskError):
    """A task names a schema that belongs to no tenant."""


class TenantClosedError(TaskError):
    """A task names a tenant that is suspended."""


class PayloadGoneError(TaskError):
    """A payload was erased or has expired: its message can't be sent any more."""


class AttemptsUsedUpError(TaskError):
    """Whoever tried to send a letter died of it, the last time as well."""


class SealBrokenError(TaskError):
    """Nothing opens what was sealed: its key is gone, or it was made for another place."""


class MailServerAwayError(TaskError):
    """The mail server is left alone for now, or has taken as many letters as it allows."""


class RateLimitedError(TaskError):
    """Somebody does something too often. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too often: try again in {retry_after} seconds.")
        self.retry_after = retry_after

    @property
    def minutes(self) -> int:
        """How long to wait, as a sentence says it: rather too long than too short."""
        return max(1, ceil(self.retry_after / 60))
