"""Pictures of people: re-encoded, so that nothing but pixels survives an upload."""

import struct
import threading
import uuid
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from tasks.workspace import current_schema

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

CONTENT_TYPE = "image/webp"
SIDE = 512
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# Unpacked, that is 100 MB at most while one picture is read.
MAX_PIXELS = 25_000_000
# Of these, one at a time: together they would be as many as there are threads.
_unpacking = threading.Lock()
# What Pillow's decoders raise on files that are none, or are broken or hostile.
UNREADABLE = (
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)


def picture_path(_instance: Any, _filename: str) -> str:
    """Return a random name under the tenant's prefix; the uploaded one is not kept."""
    return f"{prefix_of(current_schema())}{uuid.uuid4().hex}.webp"


def is_of_this_tenant(path: str) -> bool:
    """Whether a file lies under the prefix of the tenant that is at work."""
    return path.startswith(prefix_of(current_schema()))


def reencode(upload: "UploadedFile[bytes]", *, max_bytes: int) -> "ContentFile[bytes]":
    """Return the upload as a square WebP of `SIDE` pixels, without metadata.

    Raises `ValidationError` when it is larger than `max_bytes`, no picture (an SVG is
    none), or would unpack to more than `MAX_PIXELS` (OWASP ASVS 5.2.6).
    """
    if (upload.size or 0) > max_bytes:
        raise ValidationError(_("Choose a picture of at most 2 MB."))
    try:
        with _unpacking, warnings.catch_warnings():
            # Pillow warns of metadata that it skips, and so do we.
            warnings.simplefilter("ignore", UserWarning)
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            square = _square(Image.open(upload, formats=FORMATS))
    except UNREADABLE:
        raise ValidationError(_("This is no picture we can read: use PNG, JPEG, WebP.")) from None
    encoded = BytesIO()
    square.save(encoded, "WEBP", quality=85)
    return ContentFile(encoded.getvalue(), name="picture.webp")


def _square(picture: Image.Image) -> Image.Image:
    """Return the picture upright, cut to its middle, and nothing of what came with it."""
    if picture.width * picture.height > MAX_PIXELS:
        raise ValidationError(_("This picture has too many pixels: choose a smaller one."))
    # Made small first: a JPEG is then never unpacked at its full size.
    picture.thumbnail((2 * SIDE, 2 * SIDE))
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    return ImageOps.fit(ImageOps.exif_transpose(picture).convert(mode), (SIDE, SIDE))


def prefix_of(schema_name: str) -> str:
    """Return where a schema's pictures lie."""
    return f"{schema_name}/pictures/"
