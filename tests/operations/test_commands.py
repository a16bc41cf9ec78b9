"""What operators type: each command does what the web does, or says why not."""

import json

import django_tenants
import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management import CommandError, call_command, find_commands
from django.db import connection
from django.utils import timezone

from accounts.models import User
from operations.refused_commands import REFUSED
from saas import command_line
from tasks.models import Message
from tenancy.context import database_role, workspace_context
from tenancy.roles import MIGRATOR
from tenants.models import Tenant
from tests.commands import manage, run
from tests.contexts import public_context
from tests.fixtures import PASSWORD

State = Message.State

OPENING = ("open_tenant", "initech", "--name=Initech", "--email=peter@initech.test", "--owner=Peter Gibbons")  # fmt: skip  # noqa: E501  # One command.


# --- Opening ---


def test_open_tenant_opens_what_sign_up_opens(acme, piped, client_of):
    piped(f"{PASSWORD}\n")

    said = run(*OPENING, "--password-stdin")

    assert said == "Opened Initech at http://initech.localhost:8000\n".replace(
        ":8000", settings.BASE_PORT
    )
    with public_context():
        tenant = Tenant.objects.get(slug="initech")
        assert Message.objects.get().schema_name == tenant.schema_name
    with workspace_context(tenant):
        owner = User.objects.get()
        assert (owner.email, owner.role, owner.check_password(PASSWORD)) == (
            "peter@initech.test", "owner", True,
        )  # fmt: skip
    with workspace_context(acme):
        assert not User.objects.exists()


def test_open_tenant_sends_no_welcome_when_told_not_to(db, piped):
    piped(PASSWORD)

    run(*OPENING, "--password-stdin", "--no-welcome", "--verified")

    with public_context():
        assert not Message.objects.exists()
        tenant = Tenant.objects.get(slug="initech")
    with workspace_context(tenant):
        assert EmailAddress.objects.get().verified


def test_a_password_link_lets_the_owner_choose_one(acme, client_of):
    link = run(*OPENING, "--password-link", "--verified").splitlines()[-1]

    with public_context():
        tenant = Tenant.objects.get(slug="initech")
    assert link.startswith(tenant.origin)
    path = link.removeprefix(tenant.origin)
    client = client_of(tenant)
    form = client.get(path, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    with workspace_context(tenant):
        assert User.objects.get().check_password(PASSWORD)
    # The same key means nothing to another tenant.
    assert client_of(acme).get(path, follow=True).context["token_fail"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"subdomain": "acme"}, "This address is taken"),
        ({"subdomain": "admin"}, "This address is reserved"),
        ({"subdomain": "a--b"}, "Use 3 to 40 letters"),
        ({"email": "peter"}, "Enter a valid email address"),
        ({"name": "Visit http://spam.example"}, "A name can't hold a web"),
        ({"password": "short"}, "too short"),
    ],
)
def test_open_tenant_says_what_is_wrong_and_leaves_nothing(acme, piped, changes, sentence):
    given = {"subdomain": "initech", "email": "peter@initech.test", "name": "Initech", **changes}
    piped(given.pop("password", PASSWORD))

    with pytest.raises(CommandError, match=sentence):
        run(
            "open_tenant", given["subdomain"], f"--email={given['email']}",
            f"--name={given['name']}", "--owner=Peter", "--password-stdin",
        )  # fmt: skip

    with public_context():
        assert list(Tenant.objects.exclude(slug="globex")) == [acme]


def test_a_password_is_never_guessed_when_nobody_is_there(db, piped):
    piped("")

    with pytest.raises(CommandError, match="--password-stdin"):
        run(*OPENING)


# --- Listing, suspending ---


def test_list_tenants_counts_each_tenants_people(acme, globex, make_user):
    make_user(acme, "ada@acme.test")
    make_user(acme, "bob@acme.test")
    make_user(globex, "ada@globex.test")

    listed = json.loads(run("list_tenants", "--json"))

    assert {row["subdomain"]: row["people"] for row in listed} == {"acme": 2, "globex": 1}
    assert {row["host"] for row in listed} == {"acme.localhost", "globex.localhost"}


def test_list_tenants_is_filtered(acme, globex):
    run("suspend_tenant", "globex")

    assert [row["name"] for row in json.loads(run("list_tenants", "--json", status="suspended"))] == ["Globex"]  # fmt: skip  # noqa: E501  # One command.
    assert "Acme" in run("list_tenants", search="acm")
    assert "Globex" not in run("list_tenants", search="acm")


def test_suspend_and_resume_close_and_open_one_tenant(committed, acme, globex, client_of):
    run("suspend_tenant", "acme")
    assert [client_of(t).get("/").status_code for t in (acme, globex)] == [403, 302]
    with pytest.raises(CommandError, match=r"“Acme” is in that state already: Suspended\."):
        run("suspend_tenant", "acme")

    run("resume_tenant", "acme")
    assert client_of(acme).get("/").status_code == 302


def test_an_unknown_tenant_is_named(db):
    with pytest.raises(CommandError, match="No tenant is called 'nobody'"):
        run("suspend_tenant", "nobody")


# --- Context ---


def test_a_shell_works_in_the_tenant_that_was_named(acme, globex, make_user, capsys):
    make_user(acme, "ada@acme.test")
    make_user(globex, "bob@globex.test")
    code = "print([u.email for u in User.objects.all()])"

    call_command("tenant_shell", "acme", command=code, verbosity=0)
    call_command("shell", tenant="globex", command=code, verbosity=0)
    call_command("shell", "--public", command=code, verbosity=0)

    assert capsys.readouterr().out.splitlines() == [
        "['ada@acme.test']",
        "['bob@globex.test']",
        "[]",
    ]
    assert connection.schema_name is None


def test_a_shell_does_not_guess_whose_data_is_meant(acme, piped):
    piped("print(1)")

    with pytest.raises(CommandError, match="Use --tenant SUBDOMAIN or --public"):
        call_command("shell")


def test_a_shell_asks_when_somebody_is_there(acme, make_user, monkeypatch, capsys):
    make_user(acme, "ada@acme.test")
    monkeypatch.setattr("operations.management.commands.shell.is_interactive", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _prompt: "acme")

    call_command("shell", command="print(User.objects.get().email)", verbosity=0)

    assert capsys.readouterr().out.strip() == "ada@acme.test"


def test_a_command_without_a_tenant_says_how_to_give_it_one(db):
    refused = manage("clearsessions")

    assert refused.returncode == 1
    assert "manage.py tenant_command SUBDOMAIN clearsessions" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "ContextMissingError" in manage("clearsessions", "--traceback").stderr


def test_tenant_command_works_in_one_tenant_and_all_in_each(acme, globex):
    for tenant in (acme, globex):
        add_old_session(tenant)

    run("tenant_command", "acme", "clearsessions")
    assert [count_sessions(acme), count_sessions(globex)] == [0, 1]

    run("all_tenants_command", "clearsessions")
    assert count_sessions(globex) == 0


def test_a_tenant_in_which_a_command_fails_keeps_none_from_it(committed, acme, globex):
    add_old_session(globex)
    owner = database_role(MIGRATOR)
    with owner, workspace_context(acme), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_session RENAME COLUMN expire_date TO gone")

    with pytest.raises(CommandError, match="It failed in 1 of 2: acme"):
        run("all_tenants_command", "clearsessions")

    assert count_sessions(globex) == 0


def add_old_session(tenant):
    from django.contrib.sessions.models import Session

    with workspace_context(tenant):
        Session.objects.create(session_key="old", session_data="", expire_date=timezone.now())


def count_sessions(tenant):
    from django.contrib.sessions.models import Session

    with workspace_context(tenant):
        return Session.objects.count()


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("create_tenant", "open_tenant"),
        ("clone_tenant", "open_tenant"),
        ("rename_schema", "settings"),
        ("create_missing_schemas", "migrate_schemas"),
        ("create_tenant_superuser", "open_tenant"),
        ("create_domain", "open_tenant"),
        ("delete_domain", "suspend_tenant"),
    ],
)
def test_a_command_that_bypasses_the_services_is_refused(name, instead):
    with pytest.raises(CommandError, match="Unknown command"):
        call_command(name)
    with pytest.raises(SystemExit, match=instead):
        command_line.main(["manage.py", name, "--schema_name=x", "--name", "X"])


def test_each_refused_command_is_one_of_django_tenants():
    assert REFUSED.keys() <= set(find_commands(f"{django_tenants.__path__[0]}/management"))


def test_a_refused_command_exits_with_1():
    refused = manage("create_tenant", "--help")

    assert (refused.returncode, "Use: open_tenant" in refused.stderr) == (1, True)
