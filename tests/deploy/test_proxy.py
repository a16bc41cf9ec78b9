"""deploy/Caddyfile: it passes every subdomain, and says truly how the visitor came."""

import os
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dev.ports import LOOPBACK
from tests import caddy


@pytest.fixture(scope="module")
def caddyfile(root):
    lines = (root / "deploy/Caddyfile").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


def test_the_base_host_and_every_subdomain_pass(caddyfile):
    assert "localhost, *.localhost {" in caddyfile
    assert "reverse_proxy {$UPSTREAM:web:8000} {" in caddyfile


def test_each_name_gets_a_certificate_of_its_own(caddyfile):
    at = caddyfile.index("tls internal {")

    assert caddyfile[at + 1] == "on_demand"


def test_what_the_visitor_forwards_is_trusted_by_nobody(caddyfile):
    """Caddy sets the three headers from the connection itself unless told to trust or change."""
    changed = [line for line in caddyfile if line.startswith(("trusted_proxies", "header_up"))]

    assert changed == ["header_up -*_*"]


def test_localhost_is_not_pinned_to_tls_for_a_year(caddyfile):
    assert "header_down -Strict-Transport-Security" in caddyfile


def test_nobody_configures_it_from_outside(caddyfile):
    assert "admin off" in caddyfile


def test_the_upstream_is_where_web_listens(services):
    assert services["web"]["environment"]["WEB_BIND"] == "0.0.0.0:8000"


def test_the_health_check_asks_where_it_answers(caddyfile, services):
    assert "http://127.0.0.1:{$PROXY_HEALTH_PORT:2020} {" in caddyfile
    assert services["proxy"]["healthcheck"]["test"][-1] == "http://127.0.0.1:2020/"


def test_a_domain_of_ones_own_is_passed_alike(root):
    text = (root / "deploy/Caddyfile.domain").read_text()

    assert "{$BASE_HOST}, *.{$BASE_HOST} {" in text
    assert "reverse_proxy {$UPSTREAM:web:8000} {" in text
    assert "Strict-Transport-Security" not in text
    assert "trusted_proxies" not in text
    assert "header_up -*_*" in text


@pytest.mark.parametrize("name", ["Caddyfile", "Caddyfile.domain"])
def test_a_request_is_passed_on_once_it_is_complete_and_has_a_time_limit(root, name):
    lines = [line.strip() for line in (root / "deploy" / name).read_text().splitlines()]

    assert "request_buffers 5MB" in lines
    at = lines.index("timeouts {")
    assert lines[at + 1 : at + 4] == ["read_header 10s", "read_body 20s", "}"]


def test_the_image_of_the_stack_knows_these_options(services):
    """`request_buffers` came with Caddy 2.7."""
    version = services["proxy"]["image"].removeprefix("caddy:").removesuffix("-alpine")

    assert tuple(int(part) for part in version.split(".")) >= (2, 7)


@caddy.needs_caddy
@pytest.mark.parametrize("name", ["Caddyfile", "Caddyfile.domain"])
def test_caddy_understands_it(tmp_path, name):
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem",
         "-subj", "/CN=example.com"],
        capture_output=True,
        check=False,
    )  # fmt: skip
    assert made.returncode == 0
    (tmp_path / name).write_text(caddy.installable(name))
    done = subprocess.run(
        [caddy.PROGRAM, "validate", "--config", tmp_path / name, "--adapter", "caddyfile"],
        env={
            **os.environ,
            "XDG_DATA_HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path),
            "BASE_HOST": "example.com",
            "CERTIFICATES": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Valid configuration" in done.stdout + done.stderr
    assert done.returncode == 0


class Echo(BaseHTTPRequestHandler):
    """Answers with the names of the headers that have come."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write("\n".join(self.headers).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def upstream():
    with HTTPServer((LOOPBACK, 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@caddy.needs_caddy
def test_no_header_with_an_underscore_gets_through(upstream, tmp_path):
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    forged = ("SCRIPT_NAME: /moved", "path_info: /operator/", "REMOTE_USER: olga", "X-Kept: yes")
    lines = ["GET / HTTP/1.1", "Host: localhost", *forged, "Connection: close", "", ""]

    with (
        caddy.running(tmp_path, upstream) as port,
        socket.create_connection((LOOPBACK, port), timeout=60) as wire,
        trust.wrap_socket(wire, server_hostname="localhost") as tls,
    ):
        tls.sendall("\r\n".join(lines).encode())
        answer = b"".join(iter(lambda: tls.recv(65_536), b"")).decode()

    names = answer.lower().split()
    assert "x-kept" in names
    assert [name for name in names if "_" in name] == []
