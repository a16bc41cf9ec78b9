"""docker-compose.yml: it is valid, says what our code understands, and keeps its doors shut."""

import re

import jsonschema
import pytest
import yaml

from tests.deploy.conftest import FOREIGN, OURS

REFUSAL = re.compile(r"\$\{[A-Z_]+:\?Run deploy/secrets\.sh first\.[^}:]*\}")
SECRETS = ("SECRET_KEY", "PAYLOAD_KEYS", "DIRECTORY_KEY")
PASSWORDS = ("POSTGRES_PASSWORD", "DATABASE_PASSWORD", "REDIS_PASSWORD")


def test_the_file_keeps_to_the_compose_specification(compose, compose_schema):
    jsonschema.Draft202012Validator.check_schema(compose_schema)

    jsonschema.validate(compose, compose_schema, cls=jsonschema.Draft202012Validator)


def test_the_schema_would_refuse_a_wrong_word(compose, compose_schema):
    wrong = {**compose, "services": {"web": {"image": "a", "comand": ["web"]}}}

    with pytest.raises(jsonschema.ValidationError, match="comand"):
        jsonschema.validate(wrong, compose_schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", OURS)
def test_each_process_starts_by_bin_start(services, start_targets, name):
    assert services[name]["command"] == [name]
    assert "entrypoint" not in services[name]
    assert name in start_targets


def test_every_process_of_the_procfile_runs_here(root, services):
    lines = (root / "Procfile").read_text().splitlines()

    for name, command in (line.split(": ") for line in lines):
        assert command == f"bin/start {services[name]['command'][0]}"


def test_one_image_is_built_once_and_run_by_all(ours):
    assert [name for name, service in ours.items() if "build" in service] == ["migrate"]
    assert len({service["image"] for service in ours.values()}) == 1


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_that_the_service_reads(ours, variables, name):
    assert set(ours[name]["environment"]) - set(variables) - FOREIGN == set()


@pytest.mark.parametrize("name", OURS)
def test_every_variable_that_production_requires_has_a_value(ours, variables, name):
    required = {variable for variable, is_required in variables.items() if is_required}

    assert required >= {"BASE_ORIGIN", "DATABASE_URL", "EMAIL_URL", "REDIS_URL", "SECRET_KEY"}
    assert {
        variable for variable in required if not ours[name]["environment"].get(variable)
    } == set()


@pytest.mark.parametrize("name", OURS)
def test_production_stands_behind_one_proxy(ours, name):
    environment = ours[name]["environment"]

    assert environment["SAAS_ENV"] == "production"
    assert environment["TRUSTED_PROXIES"] == "1"
    assert environment["BASE_ORIGIN"] == "${BASE_ORIGIN:-https://localhost}"
    assert "DEBUG" not in environment


@pytest.mark.parametrize("name", OURS)
def test_secrets_come_from_outside_or_the_start_is_refused(ours, name):
    environment = ours[name]["environment"]

    for variable in SECRETS:
        assert REFUSAL.fullmatch(environment[variable]), variable
    assert re.sub(REFUSAL, "", environment["DATABASE_URL"]) == "postgres://saas:@postgres:5432/saas"
    assert re.sub(REFUSAL, "", environment["REDIS_URL"]) == "redis://:@redis:6379/0"


def test_no_password_stands_in_the_file(services):
    for service in services.values():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET_KEY|AUTH|ACCESS_KEY", variable) and value is not None:
                assert re.fullmatch(r"\$\{[A-Z_]+:[-?][^}]*\}", value), variable
                # A default is no secret.
                assert not re.search(r":-.+\}$", value), variable


def test_only_the_database_and_who_makes_its_roles_know_the_superuser(services):
    holders = {
        name
        for name, service in services.items()
        if "POSTGRES_PASSWORD" in str(service.get("environment"))
    }

    assert holders == {"postgres", "migrate"}


@pytest.mark.parametrize("name", ["postgres", "redis", "mailpit", "proxy"])
def test_images_are_pinned_to_a_release(services, name):
    assert re.search(r":v?\d+\.\d+(\.\d+)?(-[a-z]+)?$", services[name]["image"])


def test_every_container_is_hardened(services):
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name


def test_nobody_gets_a_capability_back_but_the_proxy(services):
    added = {name: service["cap_add"] for name, service in services.items() if "cap_add" in service}

    assert added == {"proxy": ["NET_BIND_SERVICE"]}


def test_only_the_proxy_may_be_root(services):
    users = {name: service.get("user") for name, service in services.items()}

    assert {name for name, user in users.items() if user in {None, "root", "0"}} == {"proxy"}
    assert {users[name] for name in OURS} == {"10001:10001"}


def test_what_stays_up_is_restarted_and_watched(services):
    for name, service in services.items():
        if name != "migrate":
            assert service["restart"] == "unless-stopped", name
            assert service["healthcheck"]["test"], name
    assert services["migrate"]["restart"] == "no"


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_our_processes_are_asked_by_our_own_check(services, name):
    assert services[name]["healthcheck"]["test"] == ["CMD", "bin/healthcheck", name]


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_a_process_waits_for_the_migration(services, name):
    conditions = {on: how["condition"] for on, how in services[name]["depends_on"].items()}

    assert conditions == {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "redis": "service_healthy",
    }


def test_the_proxy_reaches_web_alone(services):
    reached = {
        name
        for name, service in services.items()
        if set(service["networks"]) & set(services["proxy"]["networks"])
    }

    assert reached == {"proxy", "web"}


def test_database_and_queue_have_no_way_out(compose, services):
    assert services["postgres"]["networks"] == services["redis"]["networks"] == ["data"]
    assert compose["networks"]["data"] == {"internal": True}


def test_only_the_proxy_and_the_inbox_are_published_and_on_loopback(services):
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}

    assert set(published) == {"proxy", "mailpit"}
    assert all("127.0.0.1" in port for ports in published.values() for port in ports)


def test_what_is_written_is_on_a_declared_volume(compose, services):
    used = set()
    for service in services.values():
        for volume in service.get("volumes", []):
            source, target, *mode = volume.split(":")
            if source.startswith("."):
                assert mode == ["ro"], volume
            else:
                used.add(source)
            assert target.startswith("/")
    assert used == set(compose["volumes"])


def test_mounted_files_exist(root, services):
    for service in services.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (root / source).is_file(), volume


def test_the_database_is_made_as_development_makes_it(services):
    from dev import postgres

    arguments = services["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    locks = postgres.SETTINGS["max_locks_per_transaction"]

    assert arguments == [
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
    ]
    assert f"max_locks_per_transaction={locks}" in services["postgres"]["command"]


def test_the_file_for_a_domain_of_ones_own_keeps_to_the_specification(root, compose_schema):
    added = yaml.safe_load((root / "docker-compose.domain.yml").read_text())

    jsonschema.validate(added, compose_schema, cls=jsonschema.Draft202012Validator)
    assert set(added["services"]) == {"proxy"}
    assert added["services"]["proxy"]["volumes"][0] == (
        "./deploy/Caddyfile.domain:/etc/caddy/Caddyfile:ro"
    )
