"""Pictures: nothing but pixels survives an upload, and nobody else's tenant sees them."""

import contextlib
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from accounts.models import Profile
from accounts.profiles import picture_decoder, pictures
from tenancy.context import workspace_context

SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
)
LIMIT = 2 * 1024 * 1024


def encoded(kind="PNG", size=(800, 600), mode="RGB", color=(200, 30, 30), **options):
    buffer = BytesIO()
    Image.new(mode, size, color).save(buffer, kind, **options)
    return buffer.getvalue()


def upload(content, name="me.png"):
    return SimpleUploadedFile(name, content)


def reencoded(content):
    return Image.open(BytesIO(pictures.reencode(upload(content), max_bytes=LIMIT).read()))


# --- Re-encoding ---


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("size", [(800, 600), (30, 2000), (1, 1)])
def test_every_kind_becomes_a_square_webp(kind, size):
    picture = reencoded(encoded(kind, size))

    assert (picture.format, picture.size) == ("WEBP", (512, 512))


def test_metadata_is_left_behind():
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    text = PngInfo()
    text.add_text("Comment", "taken at home")
    jpeg = encoded("JPEG", exif=exif, comment=b"taken at home", icc_profile=b"taken at home")
    png = encoded("PNG", pnginfo=text, exif=exif)

    for original in (jpeg, png):
        kept = pictures.reencode(upload(original), max_bytes=LIMIT).read()
        assert b"taken at home" in original
        assert b"taken at home" not in kept
        assert not Image.open(BytesIO(kept)).getexif()


def test_a_picture_taken_sideways_stands_upright():
    sideways = Image.new("RGB", (600, 600), "red")
    sideways.paste("blue", (0, 0, 300, 600))
    exif = Image.Exif()
    exif[0x0112] = 6  # Turn it clockwise: what is left comes to the top.
    buffer = BytesIO()
    sideways.save(buffer, "JPEG", exif=exif)

    picture = reencoded(buffer.getvalue()).convert("RGB")

    top, bottom = picture.getpixel((256, 10)), picture.getpixel((256, 500))
    assert top[2] > 200 > top[0]
    assert bottom[0] > 200 > bottom[2]


def test_what_is_transparent_stays_so():
    picture = reencoded(encoded(mode="RGBA", color=(0, 0, 0, 0)))

    assert picture.getpixel((5, 5))[3] == 0


@pytest.mark.parametrize(
    "content",
    [
        b"not a picture",
        b"",
        SVG,
        b"GIF89a" + b"\x00" * 40,
        encoded("PNG")[:60],
        encoded("JPEG")[:200],
        b"RIFF\x10\x00\x00\x00WEBPVP8 ",
        encoded("BMP", (9, 9)),
    ],
    ids=["text", "empty", "svg", "gif", "png", "jpeg", "webp", "bmp"],
)
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(ValidationError, match="This is no picture we can read"):
        reencoded(content)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_broken_files_are_refused_or_read_but_never_raise(kind):
    whole = encoded(kind, (60, 40))
    limits = {"side": 16, "max_pixels": 100_000, "formats": list(pictures.FORMATS)}
    for position in range(0, len(whole), 3):
        broken = bytearray(whole)
        broken[position] ^= 0xFF
        # In this process: what the decoder raises beside these would end its own with code 1.
        with contextlib.suppress(picture_decoder.UnreadableError, picture_decoder.TooLargeError):
            assert picture_decoder.decode(bytes(broken), **limits)


def of_many_pixels(kind):
    """A picture whose header names more pixels than Pillow itself reads or has memory for."""
    content = bytearray(encoded(kind, (60, 40), lossless=True))
    sizes = {"GIF": slice(6, 10), "WEBP": slice(21, 25)}
    content[sizes[kind]] = b"\xff\xff\xff\x0f"
    return bytes(content)


@pytest.mark.parametrize(
    "bomb",
    [
        encoded("PNG", (6000, 5000), mode="1", color=0),
        of_many_pixels("GIF"),
        of_many_pixels("WEBP"),
    ],
    ids=["PNG", "GIF", "WEBP"],
)
def test_a_small_file_of_many_pixels_is_refused(bomb):
    assert len(bomb) < LIMIT

    with pytest.raises(ValidationError, match="too many pixels"):
        reencoded(bomb)


@pytest.mark.parametrize(
    "options",
    [{}, {"lossless": True}, {"mode": "RGBA", "color": (9, 9, 9, 9)}],
    ids=["VP8", "VP8L", "VP8X"],
)
def test_the_size_of_a_webp_is_read_from_its_header(options):
    assert picture_decoder.webp_pixels(encoded("WEBP", (301, 77), **options)) == 301 * 77


def test_a_large_file_is_refused_unread():
    with pytest.raises(ValidationError, match="at most 2 MB"):
        reencoded(encoded() + b"\x00" * LIMIT)


# --- Keeping and serving ---


@pytest.fixture
def with_picture(client_of):
    """Give somebody a picture, and return its address."""

    def make(tenant, user, color=(200, 30, 30)):
        client = client_of(tenant, user)
        content = upload(encoded(color=color))
        assert client.post("/account/picture/", {"picture": content}).status_code == 302
        return f"/account/picture/{user.pk}/"

    return make


def files(media):
    return sorted(path for path in media.rglob("*") if path.is_file())


def test_an_uploaded_picture_is_shown(acme, make_user, client_of, with_picture, media):
    user = make_user(acme)

    address = with_picture(acme, user)

    (file,) = files(media)
    assert file.parent == media / acme.schema_name / "accounts_profile"
    page = client_of(acme, user).get("/account/").content.decode()
    assert f'src="{address}?v={file.stem[-8:]}"' in page


def test_a_picture_is_served_to_colleagues_and_to_no_shared_cache(
    acme, make_user, client_of, with_picture
):
    address = with_picture(acme, make_user(acme))
    colleague = client_of(acme, make_user(acme, "bob@example.test"))

    response = colleague.get(address)

    assert Image.open(BytesIO(b"".join(response.streaming_content))).format == "WEBP"
    assert response.headers["Content-Type"] == "image/webp"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    directives = set(response.headers["Cache-Control"].split(", "))
    assert directives == {"private", "max-age=3600"}


def test_visitors_see_no_picture(acme, make_user, client_of, with_picture):
    address = with_picture(acme, make_user(acme))

    assert client_of(acme).get(address).url.startswith("/accounts/login/")


def test_another_tenants_people_see_no_picture(acme, globex, make_user, client_of, with_picture):
    address = with_picture(acme, make_user(acme))
    stranger = client_of(globex, make_user(globex))

    assert stranger.get(address).status_code == 404


def test_a_row_that_names_another_tenants_file_shows_nothing(
    acme, globex, make_user, client_of, with_picture, media
):
    with_picture(acme, make_user(acme))
    (file,) = files(media)
    user = make_user(globex)
    with workspace_context(globex):
        Profile.objects.filter(pk=user.pk).update(picture=str(file.relative_to(media)))

    response = client_of(globex, user).get(f"/account/picture/{user.pk}/")

    assert response.status_code == 404


def test_a_lost_file_is_a_picture_not_found(acme, make_user, client_of, with_picture, media):
    user = make_user(acme)
    address = with_picture(acme, user)
    files(media)[0].unlink()

    assert client_of(acme, user).get(address).status_code == 404


def test_a_new_picture_takes_the_old_ones_place_after_the_commit(
    acme, make_user, with_picture, media, django_capture_on_commit_callbacks
):
    user = make_user(acme)
    with_picture(acme, user)
    (old,) = files(media)

    with django_capture_on_commit_callbacks() as callbacks:
        with_picture(acme, user, color=(1, 2, 3))

    assert old in files(media)
    for callback in callbacks:
        callback()
    (new,) = files(media)
    assert new != old


def test_a_removed_picture_leaves_the_initial(
    acme, make_user, client_of, with_picture, media, django_capture_on_commit_callbacks
):
    user = make_user(acme)
    client = client_of(acme, user)
    address = with_picture(acme, user)

    with django_capture_on_commit_callbacks(execute=True):
        client.post("/account/picture/remove/")

    assert files(media) == []
    assert client.get(address).status_code == 404
    assert address not in client.get("/account/").content.decode()


def test_a_picture_goes_with_its_person(
    acme, make_user, with_picture, media, django_capture_on_commit_callbacks
):
    user = make_user(acme)
    with_picture(acme, user)

    with workspace_context(acme), django_capture_on_commit_callbacks(execute=True):
        user.delete()

    assert files(media) == []


def test_a_refused_picture_changes_nothing(acme, make_user, client_of, with_picture, media):
    user = make_user(acme)
    with_picture(acme, user)
    before = files(media)

    response = client_of(acme, user).post("/account/picture/", {"picture": upload(SVG, "me.svg")})

    assert response.status_code == 422
    assert "This is no picture we can read" in response.content.decode()
    assert files(media) == before


def test_no_file_is_said(acme, make_user, client_of):
    response = client_of(acme, make_user(acme)).post("/account/picture/")

    assert response.status_code == 422
    assert "Choose a picture first." in response.content.decode()
