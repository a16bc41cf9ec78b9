"""Pictures of people: re-encoded, so that nothing but pixels survives an upload."""

import logging
import subprocess  # nosec B404  # One program of ours.
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _

from accounts import picture_decoder
from accounts.errors import PicturesBusyError
from tasks.workspace import current_schema

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

logger = logging.getLogger(__name__)

CONTENT_TYPE = "image/webp"
SIDE = 512
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# Unpacked, that is 100 MB at most while one picture is read.
MAX_PIXELS = 25_000_000
# A JPEG's scans cost time however little they hold; an ordinary progressive one has ten. Within a
# scan no such bytes stand (ITU-T T.81, B.1.1.5), and in metadata hardly ever.
SCAN_MARKER, MAX_SCANS = b"\xff\xda", 64
JPEG = b"\xff\xd8"
# In seconds: the whole decoder, and the wait until one may start.
DECODER_TIMEOUT, SLOT_TIMEOUT = 10.0, 5.0
# So many decoders at once in each process.
_slots = threading.BoundedSemaphore(2)
_TOO_COSTLY = _(
    "This picture takes too long to read. Save it as an ordinary PNG or JPEG and choose that one."
)


def picture_path(_instance: Any, _filename: str) -> str:
    """Return a random name under the tenant's prefix; the uploaded one is not kept."""
    return f"{prefix_of(current_schema())}{uuid.uuid4().hex}.webp"


def is_of_this_tenant(path: str) -> bool:
    """Whether a file lies under the prefix of the tenant that is at work."""
    return path.startswith(prefix_of(current_schema()))


def reencode(upload: "UploadedFile[bytes]", *, max_bytes: int) -> "ContentFile[bytes]":
    """Return the upload as a square WebP of `SIDE` pixels, without metadata.

    Raises `ValidationError` when it is larger than `max_bytes`, no picture (an SVG is none), would
    unpack to more than `MAX_PIXELS` (OWASP ASVS 5.2.6) or costs more than the decoder may use, and
    `PicturesBusyError` when other pictures are being read for longer than `SLOT_TIMEOUT`.
    """
    if (upload.size or 0) > max_bytes:
        raise ValidationError(_("Choose a picture of at most 2 MB."))
    content = upload.read()
    if content.startswith(JPEG) and content.count(SCAN_MARKER) > MAX_SCANS:
        raise ValidationError(_TOO_COSTLY)
    with _slot():
        return ContentFile(_decoded(content), name="picture.webp")


def _decoded(content: bytes) -> bytes:
    """Decode in a process of its own; it gets nothing but the content, not even our environment."""
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
    if not _slots.acquire(timeout=SLOT_TIMEOUT):
        raise PicturesBusyError
    try:
        yield
    finally:
        _slots.release()


def prefix_of(schema_name: str) -> str:
    """Return where a schema's pictures lie."""
    return f"{schema_name}/pictures/"
