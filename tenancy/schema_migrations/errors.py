"""The errors of one schema, and of the whole run."""


class SchemaMigrationError(Exception):
    """The whole run ends."""


class SchemaLockedError(Exception):
    """Another worker is migrating this schema."""


class StepError(Exception):
    """A step failed and was rolled back; its cause says why."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step
