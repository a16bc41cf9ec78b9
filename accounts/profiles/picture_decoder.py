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


def limit_resources() -> None:
    """Have the kernel end this process at its limits; it may not write files either."""
    for limit, value in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def main(side: int, max_pixels: int, formats: list[str]) -> int:
    # The limits apply already. Without these four plugins Pillow would import all of them.
    from PIL import (  # noqa: F401
        GifImagePlugin,
        Image,
        ImageOps,
        JpegImagePlugin,
        PngImagePlugin,
        WebPImagePlugin,
    )

    # What Pillow's decoders raise on files that are no picture, broken or hostile.
    unreadable = (
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
    # Pillow warns of metadata that it skips, which is no error here.
    warnings.simplefilter("ignore", UserWarning)
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        picture = Image.open(BytesIO(sys.stdin.buffer.read()), formats=formats)
        if picture.width * picture.height > max_pixels:
            return TOO_LARGE
        # Reduced first: a JPEG is then never decoded at its full size.
        picture.thumbnail((2 * side, 2 * side))
        mode = "RGBA" if picture.has_transparency_data else "RGB"
        square = ImageOps.fit(ImageOps.exif_transpose(picture).convert(mode), (side, side))
    except unreadable:
        return UNREADABLE
    square.save(sys.stdout.buffer, "WEBP", quality=85)
    return 0


if __name__ == "__main__":
    limit_resources()
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
