"""The refusals that a developer reads as a sentence instead of a traceback."""


class StackError(Exception):
    """Something keeps the stack from working here; its text says what, and what to do."""
