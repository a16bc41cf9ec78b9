"""`make app`: an app of a product is written whole, or not at all."""

import pytest

from dev import new_app
from dev.errors import StackError


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_it_writes_model_pages_e_mail_korean_and_tests(tmp_path):
    folder = new_app.write("work_orders", "WorkOrder", korean="작업 지시", below=tmp_path)

    assert folder == tmp_path / "work_orders"
    assert files(folder) == {
        "__init__.py", "apps.py", "emails.py", "forms.py", "migrations/__init__.py", "models.py",
        "services.py", "tenantry.py", "tests/test_work_orders.py", "urls.py", "views.py",
        "locale/ko/LC_MESSAGES/django.po",
        "templates/work_orders/_panel.html", "templates/work_orders/list.html",
        "templates/mail/work_order_added/body.html", "templates/mail/work_order_added/body.txt",
        "templates/mail/work_order_added/subject.txt",
    }  # fmt: skip
    assert "class WorkOrder(TenantModel):" in (folder / "models.py").read_text()
    assert 'path("work-orders/"' in (folder / "urls.py").read_text()
    assert (
        'msgid "New work order"\nmsgstr "새 작업 지시"'
        in (folder / "locale/ko/LC_MESSAGES/django.po").read_text()
    )


def test_no_placeholder_is_left(tmp_path):
    folder = new_app.write("projects", "Project", below=tmp_path)

    assert [path for path in files(folder) if "$" in (folder / path).read_text()] == []


@pytest.mark.parametrize(
    ("name", "model"),
    [("", ""), ("Projects", "Project"), ("projects", "project"), ("class", "Project"),
     ("a-b", "Project"), ("../x", "Project"), ("projects", "Pro ject"), ("p" * 31, "Project")],
)  # fmt: skip
def test_names_that_do_not_fit_are_refused_with_an_example(tmp_path, name, model):
    with pytest.raises(StackError, match="make app NAME=projects MODEL=Project"):
        new_app.write(name, model, below=tmp_path)

    assert files(tmp_path) == set()


@pytest.mark.parametrize("name", ["accounts", "auth", "account"])
def test_the_name_of_an_installed_app_is_refused(name):
    with pytest.raises(StackError, match=f"has the name {name} already"):
        new_app.refuse_installed(name)

    new_app.refuse_installed("a_new_one")


def test_an_app_that_is_there_is_left_alone(tmp_path):
    folder = new_app.write("projects", "Project", below=tmp_path)
    (folder / "models.py").write_text("mine")

    with pytest.raises(StackError, match="exists"):
        new_app.write("projects", "Project", below=tmp_path)

    assert (folder / "models.py").read_text() == "mine"
