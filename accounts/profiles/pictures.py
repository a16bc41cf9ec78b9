"""Profile pictures: re-encoded, so that only pixels survive an upload."""

import logging
import re
import subprocess  # nosec B404  # One program of ours.
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _

from accounts.profiles import picture_decoder
from accounts.profiles.errors import PicturesBusyError

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

logger = logging.getLogger(__name__)

CONTENT_TYPE = "image/webp"
SIDE = 512
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# Decoded, that is at most 100 MB for one picture.
MAX_PIXELS = 25_000_000
JPEG = b"\xff\xd8"
# Each scan of a JPEG costs time, however little it holds; an ordinary progressive one has ten.
SCAN_MARKER, MAX_SCANS = b"\xff\xda", 64
# The markers that a length follows. They don't occur within a scan (ITU-T T.81, B.1.1.5).
_SEGMENT = re.compile(rb"\xff[\xc0-\xcf\xda-\xfe]")
# In seconds: the timeout of the decoder, and of the wait for a slot.
DECODER_TIMEOUT, SLOT_TIMEOUT = 10.0, 5.0
# How many decoders may run at once in each process, and how many uploads may run or wait: the other
# threads are left to other pages.
_slots = threading.BoundedSemaphore(2)
_queue = threading.BoundedSemaphore(settings.PICTURES_AT_ONCE)
_TOO_COSTLY = _(
    "This picture takes too long to read. Save it as an ordinary PNG or JPEG and choose that one."
)


def reencode(upload: "UploadedFile[bytes]", *, max_bytes: int) -> "ContentFile[bytes]":
    """Return the upload as a square WebP of `SIDE` pixels, without metadata.

    Raises `ValidationError` when it is larger than `max_bytes`, no picture (an SVG is none), would
    decode to more than `MAX_PIXELS` (OWASP ASVS 5.2.6) or exceeds the decoder's limits, and
    `PicturesBusyError` when no slot is free within `SLOT_TIMEOUT`.
    """
    if (upload.size or 0) > max_bytes:
        raise ValidationError(_("Choose a picture of at most 2 MB."))
    content = upload.read()
    if content.startswith(JPEG) and scans_of(content) > MAX_SCANS:
        raise ValidationError(_TOO_COSTLY)
    with _slot():
        return ContentFile(_decoded(content), name="picture.webp")


def scans_of(content: bytes) -> int:
    """Count a JPEG's scans as libjpeg finds them: past what its segments hold."""
    scans = position = 0
    while marker := _SEGMENT.search(content, position):
        scans += marker[0] == SCAN_MARKER
        length = int.from_bytes(content[marker.end() : marker.end() + 2], "big")
        position = marker.end() + length
    return scans


def _decoded(content: bytes) -> bytes:
    """Decode in a separate process that gets the content only, and an empty environment."""
    program = Path(picture_decoder.__file__)
    command = [sys.executable, "-I", str(program), str(SIDE), str(MAX_PIXELS), *FORMATS]
    try:
        done = subprocess.run(  # noqa: S603  # nosec B603  # Its arguments are constants.
            command,
            input=content,
            capture_output=True,
            timeout=DECODER_TIMEOUT,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ValidationError(_TOO_COSTLY) from None
    match done.returncode:
        case 0:
            return done.stdout
        case picture_decoder.UNREADABLE:
            raise ValidationError(_("This is no picture we can read: use PNG, JPEG, WebP."))
        case picture_decoder.TOO_LARGE:
            raise ValidationError(_("This picture has too many pixels: choose a smaller one."))
        case code:
            logger.warning("The picture decoder ended with %d.", code)
            raise ValidationError(_TOO_COSTLY)


@contextmanager
def _slot() -> Iterator[None]:
    with _acquired(_queue, timeout=0), _acquired(_slots, timeout=SLOT_TIMEOUT):
        yield


@contextmanager
def _acquired(semaphore: threading.Semaphore, *, timeout: float) -> Iterator[None]:
    if not semaphore.acquire(timeout=timeout):
        raise PicturesBusyError
    try:
        yield
    finally:
        semaphore.release()
