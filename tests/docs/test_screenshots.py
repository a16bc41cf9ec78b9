"""The pictures in the pages are those that `make shots` takes."""

import io

import pytest
from PIL import Image

from dev import screenshots
from dev.errors import StackError
from tests.docs.markdown import ROOT


@pytest.fixture
def album(tmp_path, monkeypatch):
    """What would be taken of a running stack."""
    owner = screenshots.Person("http://acme.localhost/accounts/login/", "ada@acme.test", "secret")
    monkeypatch.setattr(screenshots, "endpoints", lambda: ("http://localhost", "http://inbox"))
    monkeypatch.setattr(screenshots, "seeded_owner", lambda: owner)
    monkeypatch.setattr(screenshots, "SECRETS", tmp_path / "secrets.json")
    return screenshots.album()


def test_every_picture_in_the_folder_is_one_that_is_taken(album):
    taken = {f"{shot.name}-{look.name}.png" for shot in album for look in shot.looks}

    assert {path.name for path in (ROOT / "docs/images").glob("*.png")} == taken


def test_a_page_of_a_tenant_is_taken_on_its_own_host(album):
    console = next(shot for shot in album if shot.name == "console")

    assert console.url == "http://acme.localhost/console/"


def test_a_picture_comes_out_smaller_and_as_large():
    drawn = Image.effect_noise((200, 100), 20).convert("RGB")
    png = io.BytesIO()
    drawn.save(png, "PNG")

    slim = screenshots.slim(png.getvalue())

    assert len(slim) < len(png.getvalue()) / 2
    assert Image.open(io.BytesIO(slim)).size == (200, 100)


def test_without_a_running_stack_it_says_what_to_start(tmp_path, monkeypatch):
    monkeypatch.setattr(screenshots, "ENDPOINTS", tmp_path / "endpoints.json")

    with pytest.raises(StackError, match="make run"):
        screenshots.endpoints()
