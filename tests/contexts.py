"""How tests look into the shared tables: as operators, who may see all of them."""

from contextlib import AbstractContextManager

from tasks import workspace
from tasks.roles import DatabaseRole


def public_context() -> AbstractContextManager[None]:
    """Work in public for the block, as an operator."""
    return workspace.public_context(DatabaseRole.OPERATOR)
