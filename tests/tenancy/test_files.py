"""Files of tenants: stored below their schema, opened in their own tenant, gone with their row."""

import uuid
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.validators import FileExtensionValidator
from django.db import transaction
from django.http import Http404

from accounts.models import Profile
from tenancy.context import workspace_context
from tenancy.errors import ForeignFileError
from tenancy.files import download
from tenancy.stored_files import named_files, schemas_with_files, stored_files

FIELD = Profile._meta.get_field("picture")


@pytest.fixture
def profile_of(make_user, media):
    """Make a person with a file in a tenant, and return the profile."""

    def make(tenant, name="Résumé.PDF", content=b"content"):
        profile = make_user(tenant, f"{uuid.uuid4().hex}@example.test").profile
        with workspace_context(tenant):
            profile.picture.save(name, ContentFile(content))
        return profile

    return make


def names_of(tenant):
    return [file.name for file in stored_files(schema_name=tenant.schema_name)]


def test_a_file_is_stored_below_its_schema_under_a_random_name(acme, profile_of):
    first, second = profile_of(acme).picture.name, profile_of(acme).picture.name

    folder, table, name = Path(first).parts
    assert (folder, table, Path(name).suffix) == (acme.schema_name, "accounts_profile", ".pdf")
    assert first != second
    assert "sum" not in first


@pytest.mark.parametrize("name", ["x", "x.", "x.a b", "x.webp/..", "x." + "a" * 11])
def test_an_extension_that_is_none_is_left_out(acme, profile_of, name):
    assert Path(profile_of(acme, name).picture.name).suffix in {"", ".webp"}


def test_a_file_is_opened_in_its_own_tenant_alone(acme, globex, profile_of):
    mine, theirs = profile_of(acme), profile_of(globex)
    with workspace_context(acme):
        with mine.picture.open() as file:
            assert file.read() == b"content"

        Profile.objects.filter(pk=mine.pk).update(picture=theirs.picture.name)
        stolen = Profile.objects.get(pk=mine.pk)
        with pytest.raises(ForeignFileError):
            stolen.picture.open()
        with pytest.raises(ForeignFileError):
            stolen.picture.size  # noqa: B018
        with pytest.raises(Http404):
            download(stolen.picture, filename="theirs.pdf")


@pytest.mark.parametrize("path", ["{schema}/../{file}", "{start}/../x", "{start}", "./{own}"])
def test_no_path_leads_out_of_its_row(acme, globex, profile_of, path):
    mine, theirs = profile_of(acme), profile_of(globex)
    with workspace_context(acme):
        start = FIELD.start_of_names(mine)
        own, file, schema = mine.picture.name, theirs.picture.name, acme.schema_name
        name = path.format(start=start, own=own, file=file, schema=schema)
        Profile.objects.filter(pk=mine.pk).update(picture=name)
        with pytest.raises(Http404):
            download(Profile.objects.get(pk=mine.pk).picture, filename="theirs.pdf")
        Profile.objects.get(pk=mine.pk).delete()

    assert theirs.picture.name in names_of(globex)


def test_a_copied_row_neither_opens_nor_deletes_the_originals_file(committed, acme, profile_of):
    mine, other = profile_of(acme), profile_of(acme)
    with workspace_context(acme):
        Profile.objects.filter(pk=other.pk).update(picture=mine.picture.name)
        copy = Profile.objects.get(pk=other.pk)
        with pytest.raises(ForeignFileError):
            copy.picture.open()
        copy.delete()

    assert mine.picture.name in names_of(acme)


def test_a_file_has_no_url(acme, profile_of):
    picture = profile_of(acme).picture

    with pytest.raises(AttributeError, match="write a view"):
        picture.url  # noqa: B018


def test_a_row_deletes_no_file_of_another_tenant(committed, acme, globex, profile_of):
    mine, theirs = profile_of(acme), profile_of(globex)
    with workspace_context(acme):
        Profile.objects.filter(pk=mine.pk).update(picture=theirs.picture.name)
        Profile.objects.get(pk=mine.pk).delete()

    assert names_of(globex) == [theirs.picture.name]


def test_a_file_goes_with_its_row_once_that_is_committed(committed, acme, globex, profile_of):
    mine, other, theirs = profile_of(acme), profile_of(acme), profile_of(globex)
    name = mine.picture.name
    with workspace_context(acme):
        with transaction.atomic():
            mine.delete()
            assert len(names_of(acme)) == 2
            transaction.set_rollback(True)
        assert len(names_of(acme)) == 2

        Profile.objects.filter(picture=name).delete()

    assert names_of(acme) == [other.picture.name]
    assert names_of(globex) == [theirs.picture.name]


def test_a_file_over_the_limit_is_not_stored(acme, profile_of, monkeypatch):
    monkeypatch.setattr(FIELD, "max_bytes", 3)

    with pytest.raises(ValidationError, match="larger than 3"):
        profile_of(acme, content=b"four")
    profile_of(acme, content=b"thr")

    assert len(names_of(acme)) == 1


def test_a_file_that_a_validator_refuses_is_not_stored(acme, profile_of, monkeypatch):
    monkeypatch.setitem(vars(FIELD), "validators", [FileExtensionValidator(["pdf"])])

    with pytest.raises(ValidationError, match="exe"):
        profile_of(acme, "x.exe")
    profile_of(acme, "x.pdf")

    assert len(names_of(acme)) == 1


def test_a_download_is_saved_and_never_shown(acme, profile_of):
    profile = profile_of(acme, "page.html", b"<script>alert(1)</script>")
    with workspace_context(acme):
        response = download(profile.picture, filename="보고서.html")

    assert response.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response.headers["Cache-Control"]
    assert b"".join(response.streaming_content) == b"<script>alert(1)</script>"
    response.close()


def test_a_file_that_is_gone_is_not_found(acme, profile_of, media):
    profile = profile_of(acme)
    (media / profile.picture.name).unlink()

    with workspace_context(acme), pytest.raises(Http404):
        download(profile.picture, filename="gone.pdf")


def test_stored_files_are_listed_by_schema_at_any_depth(acme, globex, profile_of, media):
    mine, theirs = profile_of(acme), profile_of(globex)
    deep = media / acme.schema_name / "a" / "b" / "c.txt"
    deep.parent.mkdir(parents=True)
    deep.write_text("deep")

    assert names_of(acme) == sorted([f"{acme.schema_name}/a/b/c.txt", mine.picture.name])
    assert schemas_with_files() == {acme.schema_name, globex.schema_name}
    with workspace_context(globex):
        assert {file.name for file in named_files()} == {theirs.picture.name}
