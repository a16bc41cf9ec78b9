"""The engine works alone: in a project without any other app of ours."""

import os
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from dev.paths import ROOT

TOY = Path(__file__).parent / "toy"


@pytest.fixture
def start(administrator):
    """Run Python in the toy project, with an empty database and a login of its own."""
    name = f"toy_{uuid.uuid4().hex[:8]}"
    parts = urlsplit(administrator)
    place = parts.netloc.rpartition("@")[2]
    environment = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    environment |= {
        "DATABASE_URL": urlunsplit(parts._replace(netloc=f"{name}:{name}@{place}", path=name)),
        "DATABASE_ADMIN_URL": urlunsplit(parts._replace(path=name)),
    }
    with psycopg.connect(administrator, autocommit=True) as server:
        server.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield lambda *arguments: subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        roles = "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)"
        for (role,) in server.execute(roles, [name]).fetchall():
            server.execute(f"DROP ROLE {role}")


def test_the_engine_works_alone(start):
    done = start("-m", "pytest", "-c", TOY / "pytest.ini", "--noconftest", TOY / "proofs.py")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 passed" in done.stdout


def test_shared_tables_without_a_valid_declaration_are_refused(start):
    done = start("-m", "django", "check", "--settings=tests.tenancy.toy.faulty_settings")

    assert done.returncode == 1, done.stdout
    assert "(tenancy.E003) Undeclared stands in the shared tables" in done.stderr
    assert "(tenancy.E004) The `shared_table` of faulty_misdeclared" in done.stderr
    assert "2 issues" in done.stderr


def test_the_toy_itself_has_no_issues(start):
    done = start("-m", "django", "check", "--settings=tests.tenancy.toy.settings")

    assert done.returncode == 0, done.stderr
