"""A product on top: its apps are found, its pages stand, and it can't loosen a promise."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from dev.paths import PACKAGES, ROOT
from saas import settings as service_settings
from saas.product import product_apps, product_settings, template_folders

HERE = Path(__file__).parent


def test_each_folder_with_an_apps_module_is_an_app(tmp_path):
    for name in ("reports", "notes", "drafts"):
        (tmp_path / "product" / name).mkdir(parents=True)
    for name in ("reports", "notes"):
        (tmp_path / "product" / name / "apps.py").touch()

    assert product_apps(tmp_path / "product") == ["product.notes", "product.reports"]


def test_templates_of_the_product_stand_first(tmp_path):
    for name in ("saas/templates", "accounts/members/templates", "product/notes/templates"):
        (tmp_path / name).mkdir(parents=True)

    first, *others = template_folders(tmp_path)

    assert first == tmp_path / "product/notes/templates"
    assert others == [tmp_path / "saas/templates", tmp_path / "accounts/members/templates"]


def test_a_product_may_add_settings_and_change_its_name(tmp_path):
    (tmp_path / "settings.py").write_text('NOTES = 3\nPRODUCT_NAME = "Notes"\n_unseen = 1\n')

    found = product_settings(tmp_path / "settings.py", {"PRODUCT_NAME": "Tenantry"})

    assert found == {"NOTES": 3, "PRODUCT_NAME": "Notes"}
    assert product_settings(tmp_path / "none.py", {}) == {}


@pytest.mark.parametrize("setting", ["SESSION_COOKIE_SECURE", "MIDDLEWARE", "LIMITS", "DATABASES"])
def test_a_product_changes_no_setting_that_keeps_a_promise(tmp_path, setting):
    (tmp_path / "settings.py").write_text(f"{setting} = None\n")

    with pytest.raises(ImproperlyConfigured, match=setting):
        product_settings(tmp_path / "settings.py", vars(service_settings))


@pytest.fixture
def copy(tmp_path):
    """A copy of the project with the example product in it."""
    unseen = shutil.ignore_patterns("__pycache__")
    for name in (*PACKAGES, "dev"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=unseen)
    for other in product_apps(tmp_path / "product"):
        shutil.rmtree(tmp_path.joinpath(*other.split(".")))
    shutil.copy(ROOT / "manage.py", tmp_path)
    shutil.copytree(HERE / "notes", tmp_path / "product/notes", ignore=unseen)
    shutil.copy(HERE / "proof.py", tmp_path)
    return tmp_path


@pytest.mark.long
def test_a_product_works_without_an_edit_of_the_service(copy, empty_database):
    def run(*arguments):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=copy, env=os.environ | empty_database, capture_output=True, text=True, timeout=240,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("manage.py", "setup_roles")
    run("manage.py", "makemigrations", "notes")
    run("manage.py", "migrate_schemas", "--verbosity=0")

    run("-c", "import django; django.setup(); import proof; proof.main()")
    assert "No changes detected" in run("manage.py", "makemigrations", "--check")
    assert "no issues" in run("manage.py", "check")
