"""A separate program that reads a picture from stdin, and writes a square WebP to stdout.

A hostile file costs a decoder time and memory, so it runs outside the web process, under limits
of the operating system, with an empty environment. It imports none of our modules. Exit codes:
0, or one of `UNREADABLE` and `TOO_LARGE`; any other means that a limit was exceeded.
"""

import resource
import struct
import sys
import warnings
from io import BytesIO

CPU_SECONDS = 5
MEMORY_BYTES = 512 * 1024 * 1024
UNREADABLE, TOO_LARGE = 3, 4

# What Pillow's decoders raise on files that are no picture, broken or hostile.
DECODER_ERRORS = (
    ArithmeticError, EOFError, LookupError, OSError, SyntaxError, TypeError, ValueError,
    struct.error,
)  # fmt: skip


def limit_resources() -> None:
    """Have the kernel end this process at its limits; it may not write files either."""
    for limit, value in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


class UnreadableError(Exception):
    """The file is no picture, or a broken one."""


class TooLargeError(Exception):
    """The picture has too many pixels."""


def decode(content: bytes, *, side: int, max_pixels: int, formats: list[str]) -> bytes:
    """Return the picture as a square WebP of `side` pixels.

    Raises `UnreadableError` or `TooLargeError`; any other error is one of this code.
    """
    # The limits apply already. Without these four plugins Pillow would import all of them.
    from PIL import (  # noqa: F401
        GifImagePlugin,
        Image,
        ImageOps,
        JpegImagePlugin,
        PngImagePlugin,
        WebPImagePlugin,
    )

    if webp_pixels(content) > max_pixels:
        raise TooLargeError
    with warnings.catch_warnings():
        # Pillow warns of metadata that it skips, which is no error here.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            picture = Image.open(BytesIO(content), formats=formats)
            if picture.width * picture.height > max_pixels:
                raise TooLargeError
            # Reduced first: a JPEG is then never decoded at its full size.
            picture.thumbnail((2 * side, 2 * side))
            mode = "RGBA" if picture.has_transparency_data else "RGB"
            square = ImageOps.fit(ImageOps.exif_transpose(picture).convert(mode), (side, side))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise TooLargeError from error
        except DECODER_ERRORS as error:
            raise UnreadableError from error
    encoded = BytesIO()
    square.save(encoded, "WEBP", quality=85)
    return encoded.getvalue()


def webp_pixels(content: bytes) -> int:
    """Return how many pixels a WebP's header names (RFC 9649, 2.5 to 2.7); 0 for other files.

    Pillow reserves memory for all of them before it tells the size.
    """
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return 0

    def number(start: int, end: int) -> int:
        return int.from_bytes(content[start:end], "little")

    match content[12:16]:
        case b"VP8X":
            return (number(24, 27) + 1) * (number(27, 30) + 1)
        case b"VP8L":
            bits = number(21, 25)
            return ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1)
        case _:
            return (number(26, 28) & 0x3FFF) * (number(28, 30) & 0x3FFF)


def main(side: int, max_pixels: int, formats: list[str]) -> int:
    content = sys.stdin.buffer.read()
    try:
        decoded = decode(content, side=side, max_pixels=max_pixels, formats=formats)
    except UnreadableError:
        return UNREADABLE
    except TooLargeError:
        return TOO_LARGE
    sys.stdout.buffer.write(decoded)
    return 0


if __name__ == "__main__":
    limit_resources()
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
