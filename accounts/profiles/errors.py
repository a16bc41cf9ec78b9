"""Refusals of profiles' services."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


class PicturesBusyError(Exception):
    """Too many pictures wait to be decoded: another attempt can succeed."""
