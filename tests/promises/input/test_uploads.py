"""Pictures that are none, are bombs, or are two things at once: pixels come out, or a no."""

import gzip
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from accounts.profiles import pictures

pytestmark = pytest.mark.long

LIMIT = 2 * 1024 * 1024
PAYLOAD = b"<?php evil(); ?><script>alert(1)</script>"
KINDS = ("PNG", "JPEG", "WEBP", "GIF")


def encoded(kind="PNG", size=(64, 48), mode="RGB", **options):
    buffer = BytesIO()
    Image.new(mode, size, 100).save(buffer, kind, **options)
    return buffer.getvalue()


def kept(content):
    """Return what is kept of an upload; empty when it is refused."""
    upload = SimpleUploadedFile("me.png", content)
    try:
        return pictures.reencode(upload, max_bytes=LIMIT).read()
    except ValidationError:
        return b""


def chunk(kind, content):
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def png_with(*chunks):
    """Return a PNG whose chunks come right behind its header."""
    whole = encoded()
    return whole[:33] + b"".join(chunks) + whole[33:]


def claiming(width, height):
    """Return a PNG that says how large it is, and is not."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data)


def a_text_bomb():
    text = PngInfo()
    text.add_text("Comment", "x" * 20_000_000, zip=True)
    return encoded(pnginfo=text)


def many_frames(kind):
    frames = [Image.new("RGB", (8, 8), (n % 256, n // 256, 0)) for n in range(2_000)]
    buffer = BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], loop=0)
    return buffer.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EXIF_OF_EVERYTHING = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0\xff\xff\xff\xff" * 900
REFUSED = {
    "SVG": lambda: SVG,
    "SVG in gzip": lambda: gzip.compress(SVG),
    "PDF": lambda: b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>",
    "EPS": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
    "TIFF": lambda: encoded("TIFF"),
    "BMP": lambda: encoded("BMP"),
    "ICO": lambda: encoded("ICO"),
    "HTML": lambda: b"<!doctype html><script>alert(1)</script>",
    "ZIP": lambda: b"PK\x03\x04" + b"\0" * 500,
    "30 million pixels": lambda: encoded(size=(6_000, 5_000), mode="1"),
    "a claim of 4 billion pixels": lambda: claiming(65_535, 65_535),
    "a claim of no end": lambda: claiming(2**31 - 1, 2**31 - 1),
    "a GIF of many pixels": lambda: b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x08",
    "cut off": lambda: encoded("JPEG", (600, 400))[:-200],
    "nothing": lambda: b"",
}
TAKEN_OR_REFUSED = {
    "a text that unpacks to 20 MB": a_text_bomb,
    "a profile that unpacks to 20 MB": lambda: png_with(
        chunk(b"iCCP", b"x\0\0" + zlib.compress(b"\0" * 20_000_000))
    ),
    "EXIF without end": lambda: encoded("JPEG", exif=EXIF_OF_EVERYTHING),
    "EXIF in a PNG": lambda: png_with(chunk(b"eXIf", EXIF_OF_EVERYTHING[6:])),
    "2000 frames of GIF": lambda: many_frames("GIF"),
    "2000 frames of WebP": lambda: many_frames("WEBP"),
    "one pixel high": lambda: encoded(size=(20_000, 1)),
    "gray with 16 bits": lambda: encoded(mode="I;16"),
    "CMYK": lambda: encoded("JPEG", mode="CMYK"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_picture_of_ours_is_refused_with_a_sentence(what):
    assert kept(REFUSED[what]()) == b""


@pytest.mark.parametrize("what", TAKEN_OR_REFUSED)
def test_a_bomb_does_not_go_off(what):
    picture = kept(TAKEN_OR_REFUSED[what]())

    if picture:
        opened = Image.open(BytesIO(picture))
        assert (opened.format, opened.size, getattr(opened, "n_frames", 1)) == (
            "WEBP",
            (512, 512),
            1,
        )
        assert not opened.info.keys() & {"exif", "icc_profile", "xmp"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_along_with_a_picture_is_left_behind(kind):
    """A file that is a picture and a page or an archive: behind it, in front, and inside."""
    exif = Image.Exif()
    exif[0x010E] = PAYLOAD.decode()
    options = {"exif": exif} if kind != "GIF" else {"comment": PAYLOAD}
    picture = encoded(kind, **options)

    for polyglot in (
        picture,
        picture + PAYLOAD,
        picture + b"PK\x03\x04" + PAYLOAD,
        PAYLOAD + picture,
    ):
        assert PAYLOAD in polyglot
        assert b"evil" not in kept(polyglot)
        assert b"script" not in kept(polyglot)
    assert kept(picture + PAYLOAD)


@given(st.sampled_from(KINDS), st.data())
def test_whatever_is_broken_is_read_or_refused(kind, data):
    """Bits turned over, pieces lost, pieces twice."""
    content = bytearray(encoded(kind))
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=12)
    ):
        content[place] = value
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(content))] * 2)))
    twice = data.draw(st.booleans())
    pieces = (
        bytes(content[:end] + content[start:]) if twice else bytes(content[:start] + content[end:])
    )

    picture = kept(pieces)

    assert not picture or Image.open(BytesIO(picture)).size == (512, 512)


WORST = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
from PIL import Image, ImageOps
from unittest.mock import Mock
import django
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
django.setup()
from accounts.profiles import pictures
content = open(sys.argv[1], "rb").read()
kept = pictures.reencode(SimpleUploadedFile("x", content), max_bytes=2 << 20)
print(len(kept.read()) > 0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_the_largest_picture_that_is_taken_fits_a_small_machine(tmp_path, full, figure, kind):
    """25 million pixels, unpacked in a process that may have a gigabyte of addresses in all."""
    if not full and kind != "PNG":
        pytest.skip("the largest pictures take their time: make prove")
    file = tmp_path / "largest"
    file.write_bytes(encoded(kind, (5_000, 5_000), "RGB" if kind == "JPEG" else "RGBA"))
    assert file.stat().st_size < LIMIT

    done = subprocess.run(
        [sys.executable, "-c", WORST, str(file), str(1 << 30)],
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.startswith("True"), done.stderr[-2_000:]
    figure("Bad input", f"MB that a process needs for the largest {kind}", done.stdout.split()[1])
