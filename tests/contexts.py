"""How tests look into the shared tables: as operators, who may see all of them."""

from contextlib import AbstractContextManager

from tenancy import context
from tenants.roles import OPERATOR


def public_context() -> AbstractContextManager[None]:
    """Work in public for the block, as an operator."""
    return context.public_context(OPERATOR)
