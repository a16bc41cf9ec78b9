"""Pictures that cost too much: refused before they are decoded, or ended while they are."""

import subprocess
import sys
from contextlib import ExitStack
from http import HTTPStatus
from io import BytesIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.profiles import picture_decoder, pictures
from accounts.profiles.errors import PicturesBusyError
from saas import limits
from tenancy.context import workspace_context

LIMIT = 2 * 1024 * 1024
TOO_COSTLY = "This picture takes too long to read"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def upload(content):
    return SimpleUploadedFile("me.jpg", content)


def small():
    buffer = BytesIO()
    Image.new("RGB", (8, 8), (200, 30, 30)).save(buffer, "PNG")
    return buffer.getvalue()


def progressive(scans, size=(5000, 5000)):
    """A progressive JPEG in which so many scans hold nothing."""
    buffer = BytesIO()
    Image.new("RGB", size).save(buffer, "JPEG", progressive=True)
    whole = buffer.getvalue()
    last = whole.rindex(pictures.SCAN_MARKER)
    header = whole[last : last + 2 + int.from_bytes(whole[last + 2 : last + 4], "big")]
    missing = scans - whole.count(pictures.SCAN_MARKER)
    return whole[:-2] + header * missing + whole[-2:]


def in_a_process_of_its_own(code):
    program = (
        f"from accounts.profiles import picture_decoder\npicture_decoder.limit_resources()\n{code}"
    )
    root = Path(pictures.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def test_a_jpeg_of_many_scans_is_refused_before_it_is_decoded(monkeypatch):
    bomb = progressive(65)
    assert len(bomb) < LIMIT
    # Without a decoder: it would not get that far.
    monkeypatch.setattr(pictures, "_decoded", lambda _content: pytest.fail("It was decoded."))

    with pytest.raises(ValidationError, match=TOO_COSTLY):
        pictures.reencode(upload(bomb), max_bytes=LIMIT)


def test_a_jpeg_of_as_many_scans_as_are_allowed_is_kept():
    kept = pictures.reencode(upload(progressive(64, (600, 400))), max_bytes=LIMIT)

    assert Image.open(kept).size == (pictures.SIDE, pictures.SIDE)


def test_metadata_may_hold_the_bytes_of_a_scan():
    buffer = BytesIO()
    comment = pictures.SCAN_MARKER * 100
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", comment=comment, exif=b"Exif\0\0" + comment)

    assert pictures.scans_of(buffer.getvalue()) == 1
    assert pictures.reencode(upload(buffer.getvalue()), max_bytes=LIMIT).size


def test_scans_are_counted_behind_a_segment_that_names_no_length():
    whole = progressive(65)
    standalone = b"\xff\x01\xff\xd0\xff\xff"

    assert pictures.scans_of(whole) == 65
    assert pictures.scans_of(whole[:2] + standalone + whole[2:]) == 65


def test_other_kinds_may_hold_the_bytes_of_a_scan():
    content = small() + pictures.SCAN_MARKER * 100

    assert pictures.reencode(upload(content), max_bytes=LIMIT).size


def test_a_decoder_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(pictures, "DECODER_TIMEOUT", 0.001)

    with pytest.raises(ValidationError, match=TOO_COSTLY):
        pictures.reencode(upload(progressive(64)), max_bytes=LIMIT)


def test_the_decoder_may_use_so_much_processor_time():
    code, _said = in_a_process_of_its_own("while True: pass")

    assert code < 0


def test_the_decoder_may_use_so_much_memory():
    code, said = in_a_process_of_its_own(f"bytearray({picture_decoder.MEMORY_BYTES})")

    assert (code, "MemoryError" in said) == (1, True)


def test_the_decoder_writes_no_file(tmp_path):
    in_a_process_of_its_own(f"open({str(tmp_path / 'file')!r}, 'w').write('x')")

    assert (tmp_path / "file").stat().st_size == 0


def test_a_limit_that_is_exceeded_is_a_sentence_and_no_error(monkeypatch, tmp_path):
    """Whatever ends the decoder: here a program that stands in for it runs out of memory."""
    program = tmp_path / "decoder.py"
    program.write_text("raise MemoryError")
    monkeypatch.setattr(picture_decoder, "__file__", str(program))

    with pytest.raises(ValidationError, match=TOO_COSTLY):
        pictures.reencode(upload(small()), max_bytes=LIMIT)


def test_the_decoder_knows_nothing_of_the_environment(monkeypatch, tmp_path):
    program = tmp_path / "decoder.py"
    program.write_text("import os, sys\nsys.stdout.write(repr(dict(os.environ)))")
    monkeypatch.setattr(picture_decoder, "__file__", str(program))
    monkeypatch.setenv("SECRET_KEY", "not for a decoder")

    told = pictures.reencode(upload(small()), max_bytes=LIMIT).read().decode()

    assert "not for a decoder" not in told
    assert "DATABASE_URL" not in told


@pytest.fixture
def every_slot_is_taken(monkeypatch):
    monkeypatch.setattr(pictures, "SLOT_TIMEOUT", 0.01)
    with ExitStack() as slots:
        for _ in range(2):
            slots.enter_context(pictures._slot())
        yield


def test_a_third_picture_waits_no_longer_than_the_timeout(every_slot_is_taken):
    with pytest.raises(PicturesBusyError):
        pictures.reencode(upload(small()), max_bytes=LIMIT)


@pytest.mark.parametrize(
    ("threads", "pool", "pictures_at_once"),
    [(8, 0, 4), (16, 0, 8), (8, 4, 2), (1, 0, 1), (8, 1, 1)],
)
def test_half_of_the_threads_or_connections_are_left_to_pages(threads, pool, pictures_at_once):
    assert limits.pictures_at_once(threads=threads, pool=pool) == pictures_at_once


def test_an_upload_that_finds_others_waiting_is_refused_at_once(monkeypatch, settings):
    monkeypatch.setattr(pictures, "SLOT_TIMEOUT", 600)
    with ExitStack() as others:
        for _ in range(settings.PICTURES_AT_ONCE):
            others.enter_context(pictures._acquired(pictures._queue, timeout=0))

        with pytest.raises(PicturesBusyError):
            pictures.reencode(upload(small()), max_bytes=LIMIT)


def test_one_that_waits_too_long_is_asked_to_come_back(
    acme, make_user, client_of, every_slot_is_taken
):
    client = client_of(acme, make_user(acme), raise_request_exception=False)

    answer = client.post("/account/picture/", {"picture": upload(small())})

    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert int(answer.headers["Retry-After"]) > 0
    assert "Very many pictures are being uploaded" in answer.content.decode()
    assert client.get("/healthz").status_code == HTTPStatus.OK


def test_a_costly_picture_is_refused_on_its_page_and_the_present_one_stays(
    acme, make_user, client_of
):
    user = make_user(acme)
    client = client_of(acme, user)
    client.post("/account/picture/", {"picture": upload(small())})
    with workspace_context(acme):
        before = type(user).objects.get(pk=user.pk).profile.picture.name

    answer = client.post("/account/picture/", {"picture": upload(progressive(65))})

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert TOO_COSTLY in answer.content.decode()
    with workspace_context(acme):
        assert type(user).objects.get(pk=user.pk).profile.picture.name == before


@pytest.fixture
def tight(settings):
    settings.RATE_LIMITS = True
    settings.LIMITS = {**settings.LIMITS, "picture_person": "2/hour", "picture_tenant": "3/hour"}


def statuses(client, count):
    return [client.post("/account/picture/", {"picture": upload(b"x")}) for _ in range(count)]


def test_a_person_and_a_tenant_have_limits_of_their_own(tight, acme, globex, make_user, client_of):
    ada, bob = (client_of(acme, make_user(acme, f"{name}@acme.test")) for name in ("ada", "bob"))

    refused = statuses(ada, 3)[-1]

    assert refused.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert int(refused.headers["Retry-After"]) > 0
    assert "too often" in refused.content.decode()
    # What was refused has cost the tenant nothing: it has one left, and bob takes it.
    assert [each.status_code for each in statuses(bob, 2)] == [422, 429]
    gus = client_of(globex, make_user(globex, "gus@globex.test"))
    assert [each.status_code for each in statuses(gus, 1)] == [422]
