"""Fields that an app adds to the sign-up form: saved with the tenant, or nothing is."""

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.db.models import Value
from django.db.models.functions import Concat

from accounts.models import User
from tenancy.context import current_schema, workspace_context
from tenants.models import Tenant
from tenants.signup import services as signup
from tenants.signup.added_fields import SignUpField, sign_up_fields
from tenants.signup.checks import fields_can_be_added
from tenants.signup.errors import SignUpFieldUnknownError
from tests.commands import run
from tests.contexts import public_context
from tests.fixtures import PASSWORD

OWNER = signup.Owner("Peter Gibbons", "peter@initech.test", PASSWORD)


def save_title(*, tenant, owner, value):
    """Keep the value where it rolls back with the rest."""
    assert current_schema() == tenant.schema_name
    if value == "Boss":
        raise ValidationError("There is one already.")
    if value == "Nobody":
        raise RuntimeError
    User.objects.filter(pk=owner.pk).update(full_name=Concat(Value(f"{value} "), "full_name"))


def save_tools(*, tenant, owner, value):
    User.objects.filter(pk=owner.pk).update(full_name=" and ".join(value))


TITLE = SignUpField("title", lambda: forms.CharField(label="Title", max_length=6), save_title)
TOOLS = SignUpField(
    "tools",
    lambda: forms.MultipleChoiceField(choices=[("saw", "Saw"), ("axe", "Axe")], required=False),
    save_tools,
    position=20,
)


@pytest.fixture(autouse=True)
def title(only):
    only(sign_up_fields, TITLE)


def slugs():
    with public_context():
        return set(Tenant.objects.values_list("slug", flat=True))


def owner_of(slug):
    with public_context():
        tenant = Tenant.objects.get(slug=slug)
    with workspace_context(tenant):
        return User.objects.get().full_name


def test_a_field_is_shown_and_saved_with_the_tenant(acme, base_client, sign_up_data):
    assert 'name="title"' in base_client.get("/signup/").content.decode()

    response = base_client.post("/signup/", sign_up_data(title="Dr"))

    assert response.status_code == 303
    assert owner_of("initech") == "Dr Peter Gibbons"
    with workspace_context(acme):
        assert not User.objects.exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "This field is required."),
        ("Captain", "at most 6 characters"),
        ("Boss", "There is one already."),
    ],
)
def test_a_refused_value_is_explained_beside_its_field(
    acme, base_client, sign_up_data, typed, sentence
):
    response = base_client.post("/signup/", sign_up_data(title=typed))

    page = response.content.decode()
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["title"]
    assert sentence in page
    assert all(f'value="{each}"' in page for each in ("Initech", "Peter Gibbons", typed) if each)
    assert slugs() == {"acme", "globex"}


def test_an_error_while_saving_leaves_nothing(committed):
    before = slugs()

    with pytest.raises(RuntimeError):
        signup.open_tenant(
            organization="Initech", subdomain="initech", owner=OWNER, extra={"title": "Nobody"}
        )

    assert slugs() == before
    signup.open_tenant(organization="Initech", subdomain="initech", owner=OWNER)
    assert owner_of("initech") == "Peter Gibbons"


def test_an_unknown_field_is_refused_by_name(db):
    with pytest.raises(SignUpFieldUnknownError, match=r"called colour\. Declared: title"):
        signup.open_tenant(
            organization="Initech", subdomain="initech", owner=OWNER, extra={"colour": "red"}
        )


def test_the_command_gives_fields_as_the_form_does(db):
    opening = ("open_tenant", "--name=Initech", "--email=peter@initech.test", "--owner=Peter")
    refused = {
        "--field=title=Captain": "title: Ensure this value has at most 6",
        "--field=title=Boss": "title: There is one already",
        "--field=colour=red": "No sign-up field is called colour",
        "--field=title": "'title' must look like name=value",
    }

    for argument, sentence in refused.items():
        with pytest.raises(CommandError, match=sentence):
            run(*opening, "initech", argument, "--password-link")
    run(*opening, "initech", "--field=title=Dr", "--password-link")

    assert owner_of("initech") == "Dr Peter"


def test_a_field_of_several_values_keeps_them_beside_an_error(
    db, declare, base_client, sign_up_data
):
    declare(sign_up_fields, TOOLS)
    typed = sign_up_data(title="Dr", tools=["saw", "axe"])

    again = base_client.post("/signup/", typed | {"subdomain": ""})

    assert list(again.context["form"].errors) == ["subdomain"]
    assert again.content.decode().count(" selected") == 2
    assert [each.name for each in again.context["form"].added_fields] == ["tools", "title"]
    base_client.post("/signup/", typed)
    assert owner_of("initech") == "Dr saw and axe"


def test_fields_that_can_not_work_are_refused(declare):
    assert fields_can_be_added() == []
    declare(
        sign_up_fields,
        SignUpField("terms", forms.CharField, save_title),
        SignUpField("logo", forms.FileField, save_title),
    )

    assert [error.id for error in fields_can_be_added()] == ["tenants.E001", "tenants.E002"]
