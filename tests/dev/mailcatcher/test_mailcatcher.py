"""The mail catcher: a real SMTP conversation in, a page and Mailpit's JSON out."""

import http.client
import json
import smtplib
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from email.message import EmailMessage

import psutil
import pytest

from dev.environment import Mail
from dev.mailcatcher import READY, process
from dev.mailcatcher.store import Store
from dev.paths import ROOT
from dev.ports import free_port

pytestmark = pytest.mark.xdist_group("mailcatcher")


@pytest.fixture(scope="module")
def mail(tmp_path_factory):
    place = tmp_path_factory.mktemp("a place")
    with process.running(place, place / "mail") as catcher:
        yield catcher.mail


@pytest.fixture
def inbox(mail):
    """The inbox, empty."""
    request = urllib.request.Request(f"{mail.inbox_url}/api/v1/messages", method="DELETE")
    with urllib.request.urlopen(request) as answer:
        assert answer.read() == b"ok"
    return mail


def email(to, subject, text="Hello", **headers):
    message = EmailMessage()
    message["From"] = "Tenantry <no-reply@localhost>"
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = "Sat, 21 Nov 2026 09:00:00 +0900"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def send(mail, message, *recipients):
    with smtplib.SMTP("127.0.0.1", mail.smtp_port) as smtp:
        smtp.send_message(message, to_addrs=recipients or None)


def read(mail, path):
    with urllib.request.urlopen(f"{mail.inbox_url}{path}") as answer:
        body = answer.read().decode()
        return json.loads(body) if "json" in answer.headers["Content-Type"] else body


def subjects(mail, query):
    page = read(mail, f"/api/v1/search?query={urllib.request.quote(query)}")
    return [message["Subject"] for message in page["messages"]]


def status_of(call):
    with pytest.raises(urllib.error.HTTPError) as refusal:
        call()
    refusal.value.close()
    return refusal.value.code


def test_a_message_is_listed_with_mailpit_s_field_names(inbox):
    send(inbox, email("민지 <minji@globex.test>", "환영합니다", Message_ID="<one@localhost>"))

    page = read(inbox, "/api/v1/messages")

    (message,) = page.pop("messages")
    message.pop("ID"), message.pop("Created"), message.pop("Size")
    assert page == {
        "total": 1,
        "unread": 1,
        "count": 1,
        "messages_count": 1,
        "messages_unread": 1,
        "start": 0,
        "tags": [],
    }
    assert message == {
        "MessageID": "one@localhost",
        "Read": False,
        "From": {"Name": "Tenantry", "Address": "no-reply@localhost"},
        "To": [{"Name": "민지", "Address": "minji@globex.test"}],
        "Cc": [],
        "Bcc": [],
        "ReplyTo": [],
        "Subject": "환영합니다",
        "Tags": [],
        "Attachments": 0,
        "Snippet": "Hello",
    }


def test_a_message_is_read_with_its_bodies_and_attachments(inbox):
    message = email("ada@acme.test", "Report", "Plain words", Reply_To="desk@acme.test")
    message.add_alternative("<p>Rich words</p>", subtype="html")
    message.add_attachment(b"a,b", maintype="text", subtype="csv", filename="report.csv")
    send(inbox, message, "ada@acme.test", "quiet@acme.test")

    found = read(inbox, "/api/v1/message/latest")

    assert found["Text"].strip() == "Plain words"
    assert found["HTML"].strip() == "<p>Rich words</p>"
    assert found["Date"] == "2026-11-21T09:00:00+09:00"
    assert found["ReturnPath"] == "no-reply@localhost"
    assert found["ReplyTo"] == [{"Name": "", "Address": "desk@acme.test"}]
    assert found["Bcc"] == [{"Name": "", "Address": "quiet@acme.test"}]
    (attachment,) = found["Attachments"]
    assert (attachment["FileName"], attachment["Size"]) == ("report.csv", 3)
    part = f"/api/v1/message/{found['ID']}/part/{attachment['PartID']}"
    assert read(inbox, part) == "a,b"


def test_reading_a_message_marks_it_as_read(inbox):
    send(inbox, email("ada@acme.test", "Once"))

    read(inbox, "/api/v1/message/latest")

    page = read(inbox, "/api/v1/messages")
    assert (page["unread"], page["messages"][0]["Read"]) == (0, True)


def test_headers_and_source_are_there_to_read(inbox):
    send(inbox, email("ada@acme.test", "Headers", List_Unsubscribe="<https://acme.test/u>"))

    assert read(inbox, "/api/v1/message/latest/headers")["List-Unsubscribe"] == [
        "<https://acme.test/u>"
    ]
    source = read(inbox, "/api/v1/message/latest/raw")
    assert source.startswith("Return-Path: <no-reply@localhost>\r\nDelivered-To: ada@acme.test\r\n")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("to:ada@acme.test", ["Second code", "First code"]),
        ("to:ADA second", ["Second code"]),
        ("no-reply", ["For Bob", "Second code", "First code"]),
        ("to:hidden@acme.test", ["Second code"]),
        ("123456", ["First code"]),
        ("to:nobody", []),
    ],
)
def test_a_search_matches_every_word(inbox, query, expected):
    send(inbox, email("ada@acme.test", "First code", "It is 123456."))
    send(inbox, email("Ada <ada@acme.test>", "Second code"), "ada@acme.test", "hidden@acme.test")
    send(inbox, email("bob@globex.test", "For Bob"))

    assert subjects(inbox, query) == expected


def test_pages_start_and_end_where_they_are_asked_to(inbox):
    for number in range(3):
        send(inbox, email("ada@acme.test", f"Message {number}"))

    page = read(inbox, "/api/v1/messages?start=1&limit=1")

    assert [message["Subject"] for message in page["messages"]] == ["Message 1"]
    assert (page["total"], page["count"], page["start"]) == (3, 1, 1)


def test_named_messages_are_deleted_alone(inbox):
    send(inbox, email("ada@acme.test", "Goes"))
    goes = read(inbox, "/api/v1/messages")["messages"][0]["ID"]
    send(inbox, email("ada@acme.test", "Stays"))
    body = json.dumps({"IDs": [goes]}).encode()

    request = urllib.request.Request(
        f"{inbox.inbox_url}/api/v1/messages", data=body, method="DELETE"
    )
    urllib.request.urlopen(request).close()

    assert subjects(inbox, "hello") == ["Stays"]


def test_what_isn_t_there_is_not_found(inbox):
    for path in ("/api/v1/message/latest", "/api/v1/message/none", "/view/none.html", "/else"):
        assert status_of(lambda path=path: read(inbox, path)) == 404


def test_a_search_without_a_question_is_refused(inbox):
    assert status_of(lambda: read(inbox, "/api/v1/search?query=")) == 400


def test_another_host_s_name_is_refused(inbox):
    connection = http.client.HTTPConnection("127.0.0.1", inbox.inbox_port)

    connection.request("GET", "/api/v1/messages", headers={"Host": "rebound.example"})

    assert connection.getresponse().status == 421
    connection.close()


def test_a_message_s_page_runs_no_script_and_shows_its_inline_picture(inbox):
    message = email("ada@acme.test", "Picture")
    message.add_alternative('<img src="cid:logo"><script>alert(1)</script>', subtype="html")
    message.get_payload()[1].add_related(b"PNG", "image", "png", cid="<logo>")
    send(inbox, message)
    message_id = read(inbox, "/api/v1/messages")["messages"][0]["ID"]

    with urllib.request.urlopen(f"{inbox.inbox_url}/view/{message_id}.html") as answer:
        policy, page = answer.headers["Content-Security-Policy"], answer.read().decode()

    assert policy.split(";")[0] == "sandbox allow-popups allow-popups-to-escape-sandbox"
    picture = page.split('src="')[1].split('"')[0]
    assert read(inbox, picture) == "PNG"


def test_the_page_loads_nothing_from_elsewhere(inbox):
    with urllib.request.urlopen(inbox.inbox_url) as answer:
        page = answer.read().decode()

    assert "<title>Inbox</title>" in page
    assert "http" not in page


def test_the_oldest_message_makes_room(tmp_path):
    store = Store(tmp_path, cap=2)
    for number in range(3):
        store.add(b"Subject: %d\r\n\r\n" % number, "", ["ada@acme.test"])

    assert [message.subject for message in store.messages()] == ["2", "1"]
    assert len(list(tmp_path.glob("*.eml"))) == 2


def test_messages_outlive_a_restart(tmp_path):
    Store(tmp_path).add(b"Subject: Kept\r\n\r\n", "a@b.test", ["ada@acme.test"])

    (kept,) = Store(tmp_path).messages()

    assert (kept.subject, kept.return_path) == ("Kept", "a@b.test")


def test_a_message_that_keeps_no_rule_is_shown_all_the_same(tmp_path):
    store = Store(tmp_path)
    store.add(b"From: <<>>\r\nDate: soon\r\nContent-Type: no/such; =\r\n\r\n\xff", "", [])

    (odd,) = store.messages()

    assert (odd.sender.address, odd.sent_at) == ("", odd.received_at)
    assert isinstance(odd.snippet, str)


def test_a_port_that_somebody_else_has_taken_meanwhile_gives_way_to_another(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = Mail(smtp_port=taken.getsockname()[1], inbox_port=free_port())

        with process.running(tmp_path, tmp_path / "mail", wanted) as catcher:
            assert catcher.mail.smtp_port != wanted.smtp_port
            with smtplib.SMTP("127.0.0.1", catcher.mail.smtp_port) as smtp:
                assert smtp.noop()[0] == 250


def test_a_catcher_whose_launcher_is_killed_ends(tmp_path):
    ports = Mail(smtp_port=free_port(), inbox_port=free_port())
    starter = """
import subprocess, sys
print(subprocess.Popen(sys.argv[1:]).pid, flush=True)
input()
"""
    launcher = subprocess.Popen(
        [sys.executable, "-c", starter, *process.command(ports, tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    catcher = psutil.Process(int(launcher.stdout.readline()))
    assert READY in launcher.stdout.readline().decode()

    launcher.kill()
    launcher.communicate()

    catcher.wait(10)
