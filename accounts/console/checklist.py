"""The next steps of an administrator in a new tenant, as apps declare them."""

from collections.abc import Callable
from dataclasses import dataclass

from django_stubs_ext import StrOrPromise

from accounts.users.models import User
from tenancy.registry import Registry


@dataclass(frozen=True)
class ChecklistItem:
    """A task, the page to do it on by its URL name, and whether a user has done it."""

    name: str
    title: "StrOrPromise"
    reason: "StrOrPromise"
    url_name: str
    is_done: Callable[[User], bool]
    position: int = 100


checklist: Registry[ChecklistItem] = Registry("checklist item")
