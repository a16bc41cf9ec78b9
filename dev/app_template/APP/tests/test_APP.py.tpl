"""${Title}: members see their own tenant's alone, and owners learn of new ones."""

import pytest

from accounts.users.models import Role
from product.${app}.emails import send_${model}_added
from product.${app}.models import ${Model}
from product.${app}.services import add_${model}
from tasks import mail
from tasks.models import Message
from tenancy.context import workspace_context


@pytest.fixture
def people(acme, globex, make_user):
    """An owner and a member of acme, and a member of globex."""
    return {
        "owner": make_user(acme, "olive@acme.test", role=Role.OWNER),
        "member": make_user(acme, "mo@acme.test"),
        "stranger": make_user(globex, "gus@globex.test"),
    }


def added(tenant, user, name="First"):
    with workspace_context(tenant):
        return add_${model}(name=name, user=user)


def test_a_member_adds_one_and_sees_it(acme, people, client_of):
    client = client_of(acme, people["member"])

    assert client.post("/${path}/add/", {"name": "First"}).headers["Location"] == "/${path}/"
    assert "First" in client.get("/${path}/").text
    assert client.post("/${path}/add/", {"name": ""}).status_code == 422


def test_another_tenant_neither_sees_nor_deletes_it(acme, globex, people, client_of):
    ${model} = added(acme, people["member"])
    client = client_of(globex, people["stranger"])
    with workspace_context(globex):
        people["stranger"].role = Role.OWNER
        people["stranger"].save(update_fields=["role"])

    assert "First" not in client.get("/${path}/").text
    assert client.post(f"/${path}/{${model}.pk}/delete/").status_code == 404
    with workspace_context(acme):
        assert ${Model}.objects.get() == ${model}


def test_a_visitor_is_led_to_the_sign_in(acme, client_of):
    response = client_of(acme).get("/${path}/")

    assert response.headers["Location"].startswith("/accounts/login/")


def test_owners_delete_and_members_do_not(acme, people, client_of):
    address = f"/${path}/{added(acme, people['member']).pk}/delete/"

    assert client_of(acme, people["member"]).post(address).status_code == 403
    assert client_of(acme, people["owner"]).post(address).status_code == 302
    with workspace_context(acme):
        assert not ${Model}.objects.exists()


@pytest.mark.parametrize(
    ("language", "subject"), [("en", "New ${name}: First"), ("ko", "새 ${korean}: First")]
)
def test_the_other_owners_get_an_e_mail_in_their_language(acme, people, language, subject):
    owner = people["owner"]
    with workspace_context(acme):
        owner.language = language
        owner.save(update_fields=["language"])
    added(acme, people["member"])

    with workspace_context(acme):
        (message,) = Message.objects.filter(kind="${model}_added")
        email = mail.render(send_${model}_added.run(message))
    assert (email.to, email.subject) == ([owner.email], subject)


def test_the_console_counts_them(acme, people, client_of):
    added(acme, people["member"])

    assert 'href="/${path}/">1</a>' in client_of(acme, people["owner"]).get("/console/").text
