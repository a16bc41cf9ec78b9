"""`run`, `services`, `manage` and `reset` as a developer meets them, in a tree of their own."""

import contextlib
import json
import os
import re
import signal
import socket
import time
import urllib.request
from urllib.parse import urlsplit

import psutil
import pytest

from dev import orphans
from dev.__main__ import COMMANDS
from tests.dev.conftest import PATIENCE

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("commands")]


def wait_for(condition, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.05)


def says(process, sentence):
    return lambda: sentence in process.log.read_text()


def of_tree(tree):
    """Every process that works in the tree."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(str(tree)) or str(tree) in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture
def up(launch, tree):
    """A stack that is up, on a port that it has picked.

    A port picked here could be another connection's by the time it is asked for.
    """
    process = launch("run")
    is_ready = says(process, "Ready after")
    with contextlib.suppress(AssertionError):
        wait_for(lambda: process.poll() is not None or is_ready())
    assert process.poll() is None, process.log.read_text()
    assert is_ready(), process.log.read_text()
    endpoints = json.loads((tree / "var" / "endpoints.json").read_text())
    process.port = urlsplit(endpoints["web"]).port
    return process


def test_run_comes_up_and_tells_where(up, tree):
    web = f"http://localhost:{up.port}"
    endpoints = json.loads((tree / "var" / "endpoints.json").read_text())

    assert endpoints["web"] == web
    assert sorted(endpoints) == ["database", "inbox", "redis", "web"]
    log = up.log.read_text()
    assert f"{web}/operator/" in log
    assert re.search(r"operator@example\.com  \S{16}", log)
    with urllib.request.urlopen(f"{endpoints['inbox']}/api/v1/messages") as answer:
        assert json.load(answer)["total"] == 0


def test_run_prepares_the_database_once(up, launch, tree):
    up.terminate()
    up.wait(PATIENCE)

    second = launch("run")
    wait_for(says(second, "Ready after"))

    asked = (tree / "asked.log").read_text().splitlines()
    assert asked == [
        "setup_roles development",
        "migrate_schemas development",
        "ensure_operator development",
    ]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_run_ends_everything_it_started(up, tree, end):
    up.send_signal(end)

    assert up.wait(PATIENCE) == 0
    assert of_tree(tree) == []
    assert not (tree / "var" / "endpoints.json").exists()


def test_run_ends_while_it_still_starts(launch, tree):
    process = launch("run")
    wait_for(says(process, "Starting web, worker and beat."))

    process.terminate()

    # Before its processes are there it is interrupted, and afterwards it ends them.
    assert process.wait(60) in {0, 130}
    assert of_tree(tree) == []


def test_a_second_run_says_that_there_is_a_first(up, launch):
    second = launch("run")

    assert second.wait(PATIENCE) == 1
    sentence = f"`run` is already running in this checkout (process {up.pid}) at http://localhost"
    assert sentence in second.log.read_text()
    assert up.poll() is None


def test_a_killed_run_takes_its_processes_along_and_the_next_one_ends_its_servers(up, launch, tree):
    up.kill()
    up.wait()

    wait_for(lambda: orphans.marked(tree / "var") == [])
    left = {process.pid for process in of_tree(tree)}
    second = launch("run")
    wait_for(says(second, "Ready after"))

    assert "a killed run left behind" in second.log.read_text()
    assert left & {process.pid for process in of_tree(tree)} == set()


def test_processes_that_a_killed_run_left_are_ended_by_the_next_one(up, launch, tree):
    """Kill the launcher together with the children that would have ended their programs."""
    for process in [*psutil.Process(up.pid).children(), psutil.Process(up.pid)]:
        process.kill()
    up.wait()

    second = launch("run")
    wait_for(says(second, "Ready after"))

    assert says(second, "processes that a killed run left behind")()


def test_a_process_that_dies_at_the_start_ends_the_run_with_its_words(launch, tree):
    (tree / "broken-worker").touch()

    process = launch("run")

    assert process.wait(40) != 0
    assert says(process, "The worker can't start.")()
    assert of_tree(tree) == []


def test_a_port_in_use_is_refused_before_anything_starts(launch, tree):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        process = launch("run", PORT=str(port))

        assert process.wait(PATIENCE) == 1
    assert says(process, f"Port {port}, chosen with PORT, is in use")()
    assert not (tree / "var" / "run" / "postgres").exists()


def test_a_database_that_dies_ends_the_run(up, tree):
    (database,) = [p for p in of_tree(tree) if p.name() == "postgres" and p.ppid() == up.pid]

    database.kill()

    up.wait(PATIENCE)
    assert "PostgreSQL ended by itself." in up.log.read_text()
    assert of_tree(tree) == []


def test_services_prints_an_environment_that_others_share(launch, tree):
    first = launch("services")
    wait_for(says(first, "The servers are up."))

    second = launch("services")

    assert second.wait(PATIENCE) == 0
    lines = [line for line in first.log.read_text().splitlines() if line.startswith("export ")]
    assert "export SAAS_ENV=development" in lines
    assert second.log.read_text().splitlines() == lines
    file = tree / "var" / "development.env"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [f"export {line}".replace("'", "") for line in file.read_text().splitlines()] == [
        line.replace("'", "") for line in lines
    ]
    first.terminate()
    assert first.wait(PATIENCE) == 130
    assert of_tree(tree) == []


def test_web_alone_waits_in_the_debugger(up, launch, tree):
    """Beside `run`, whose servers it uses: a view that reads from the terminal goes on."""
    (tree / "saas").mkdir()
    (tree / "saas" / "gunicorn.py").write_text("import os\nbind = os.environ['WEB_BIND']\n")
    (tree / "saas" / "wsgi.py").write_text(
        "import os, sys\n"
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    return [f\"{sys.stdin.readline()} {os.environ['SAAS_PROCESS']}\".encode()]\n"
        "sys.stderr.write('It is up.')\n"
    )
    terminal, writer = os.pipe()
    process = launch("web", stdin=terminal)
    wait_for(says(process, "It is up."))
    address = re.search(r"Web is at (\S+),", process.log.read_text())[1]

    os.write(writer, b"continue\n")
    with urllib.request.urlopen(address) as answer:
        assert answer.read() == b"continue\n command"

    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE)
    assert up.poll() is None


def test_manage_leans_on_a_running_stack(up, launch, tree):
    process = launch("manage", "check")

    assert process.wait(PATIENCE) == 0
    assert (tree / "asked.log").read_text().splitlines()[-1] == "check development"
    assert up.poll() is None


def test_manage_alone_brings_its_servers_and_takes_them_away(launch, tree):
    process = launch("manage", "check")

    assert process.wait(PATIENCE) == 0
    assert (tree / "asked.log").read_text() == "check development\n"
    assert of_tree(tree) == []


def test_examples_go_into_a_database_that_is_up_to_date(launch, tree):
    assert launch("seed", "--password=x").wait(PATIENCE) == 0

    assert (tree / "asked.log").read_text().splitlines() == [
        "setup_roles development",
        "migrate_schemas development",
        "ensure_operator development",
        "seed development",
    ]
    assert of_tree(tree) == []


def test_whoever_comes_while_tables_are_made_waits_for_them(launch, tree):
    (tree / "slow").touch()
    launch("run")
    wait_for((tree / "asked.log").exists)

    process = launch("seed")
    wait_for(says(process, "Waiting for process"))
    (tree / "slow").unlink()

    assert process.wait(PATIENCE) == 0
    assert (tree / "asked.log").read_text().splitlines()[-2:] == [
        "ensure_operator development",
        "seed development",
    ]


def test_reset_refuses_while_a_stack_is_up(up, launch, tree):
    process = launch("reset")

    assert process.wait(PATIENCE) == 1
    assert says(process, "`run` is already running")()
    assert (tree / "var" / "secrets.json").exists()


def test_reset_leaves_nothing_of_the_development_data(launch, tree):
    assert launch("manage", "check").wait(PATIENCE) == 0

    assert launch("reset").wait(PATIENCE) == 0

    assert [path.name for path in (tree / "var").iterdir()] == ["lock"]


def test_secrets_are_for_their_owner_alone(launch, tree):
    assert launch("manage", "check").wait(PATIENCE) == 0

    assert (tree / "var" / "secrets.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("command", ["services", "test"])
def test_another_user_s_checkout_is_explained(launch, tree, as_ordinary_user, command):
    (tree / "var").mkdir(mode=0o500)

    process = launch(command, prefix=as_ordinary_user)

    assert process.wait(PATIENCE) == 1
    assert says(process, "can't be written by this user")()


def test_an_ordinary_user_needs_no_namespace_for_the_servers(launch, tree, as_ordinary_user):
    process = launch("manage", "check", prefix=as_ordinary_user)

    assert process.wait(PATIENCE) == 0
    assert (tree / "asked.log").read_text() == "check development\n"
    assert of_tree(tree) == []


def test_an_unknown_command_lists_the_known_ones(launch):
    process = launch("dance")

    assert process.wait(PATIENCE) == 2
    assert says(process, "|".join(COMMANDS))()
