"""System checks: keys that are missing, weak or used twice, and schedules that can't run."""

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import Error, Tags, register

from tasks.schedules import schedules
from tenancy.task_base import TenantTask

MIN_DIRECTORY_KEY = 32
# The width of the column that holds a schedule's name.
MAX_NAME = 100
# Different characters of a key. One in five random keys of 64 hexadecimal digits lacks a digit;
# none lacks nine.
FEWEST = 8
# Parts of keys in examples and unedited templates.
DEFAULTS = ("insecure", "change", "example", "secret", "key-of-44-characters")


@register(Tags.security)
def payload_keys_are_keys(**_: Any) -> list[Error]:
    """Report E001 if there is no payload key, or one that Fernet can't use."""
    if not settings.PAYLOAD_KEYS:
        return [Error("PAYLOAD_KEYS is empty.", hint=_HOW, id="tasks.E001")]
    return [
        Error(f"Key {number} of PAYLOAD_KEYS is no Fernet key.", hint=_HOW, id="tasks.E001")
        for number, key in enumerate(settings.PAYLOAD_KEYS, start=1)
        if not _is_fernet(key)
    ]


@register(Tags.security)
def keys_differ(**_: Any) -> list[Error]:
    """Report E002 if two keys are the same: a leak of one would be a leak of the other."""
    keys = [
        settings.SECRET_KEY,
        *settings.SECRET_KEY_FALLBACKS,
        settings.DIRECTORY_KEY,
        *settings.PAYLOAD_KEYS,
    ]
    if len(set(keys)) == len(keys):
        return []
    names = "SECRET_KEY, SECRET_KEY_FALLBACKS, DIRECTORY_KEY and PAYLOAD_KEYS"
    hint = "Give each purpose a key of its own, and list each key once."
    return [Error(f"Two keys among {names} are the same.", hint=hint, id="tasks.E002")]


@register(Tags.security)
def keys_are_no_defaults(**_: Any) -> list[Error]:
    """Report E003 if a production key is too short, or is a published example."""
    if not settings.PRODUCTION:
        return []
    lists = {
        "PAYLOAD_KEYS": settings.PAYLOAD_KEYS,
        "SECRET_KEY_FALLBACKS": settings.SECRET_KEY_FALLBACKS,
    }
    weak = [name for name, keys in lists.items() if any(map(_is_known, keys))]
    if len(settings.DIRECTORY_KEY) < MIN_DIRECTORY_KEY or _is_known(settings.DIRECTORY_KEY):
        weak.append("DIRECTORY_KEY")
    return [
        Error(f"{name} holds a key that is short, or a default.", hint=_HOW, id="tasks.E003")
        for name in weak
    ]


@register()
def schedules_can_run(**_: Any) -> list[Error]:
    """Report E004 for a schedule whose task or hour is none."""
    hint = "Schedule(name, task, hour): a task of base TenantTask, and an hour from 0 to 23."
    return [
        Error(f"The schedule “{each.name}” can't run: {fault}.", hint=hint, id="tasks.E004")
        for each in schedules
        for fault, is_so in {
            f"{each.task!r} is no TenantTask": not isinstance(each.task, TenantTask),
            f"its hour is {each.hour}": each.hour not in range(24),
            f"its name has over {MAX_NAME} characters": len(each.name) > MAX_NAME,
        }.items()
        if is_so
    ]


_HOW = "docs/operations/runbook.md, under Keys, says how to make one."


def _is_known(key: str) -> bool:
    """Whether a key is an example, or repeats a few characters."""
    is_monotonous = len(set(key)) < min(FEWEST, len(key) // 4)
    return is_monotonous or any(word in key.lower() for word in DEFAULTS)


def _is_fernet(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True
