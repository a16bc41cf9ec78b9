"""What can go wrong with one schema, and with all."""


class FleetError(Exception):
    """The whole run ends."""


class ClaimedError(Exception):
    """Another worker is at this schema."""


class StepError(Exception):
    """A step failed and was taken back; its cause says why."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step
