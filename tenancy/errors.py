"""The errors that the engine raises."""

from math import ceil


class TenancyError(Exception):
    """The base class of this app's errors."""


class TenantMissingError(TenancyError):
    """There is no tenant in the context, or a task came to a worker without one."""


class TenantUnknownError(TenancyError):
    """A schema belongs to no tenant."""


class TenantSuspendedError(TenancyError):
    """The tenant of a task is suspended."""


class SchemaBusyError(TenancyError):
    """Another transaction uses the schema, or a backup reads it: it can't be dropped now."""


class DecryptionError(TenancyError):
    """No key decrypts the content: its key is gone, or it belongs to another context."""


class ForeignFileError(TenancyError):
    """A row names a file of another tenant."""


class RateLimitedError(TenancyError):
    """A rate limit is exceeded. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too often: try again in {retry_after} seconds.")
        self.retry_after = retry_after

    @property
    def minutes(self) -> int:
        """How long to wait, rounded up to whole minutes."""
        return max(1, ceil(self.retry_after / 60))


class SchemaMigrationError(TenancyError):
    """A run of schema migrations ends."""


class SchemaLockedError(TenancyError):
    """Another worker is migrating this schema."""


class StepError(TenancyError):
    """A step of a schema's migration failed and was rolled back; its cause says why."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step
