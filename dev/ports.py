"""Free ports on the loopback address, and the port that the web process takes."""

import secrets
import socket
from collections.abc import Mapping

from dev.errors import StackError
from dev.progress import say

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8000
HIGHEST_PORT = 65535
# Linux hands out 32768 and above, IANA says 49152 and above.
SERVER_PORTS = range(20000, 32000)


def free_port() -> int:
    """A port that a server can take a moment later.

    Never one of those that the system gives to outgoing connections, as any other process's
    next connection could have it by then.
    """
    while True:
        port = secrets.choice(SERVER_PORTS)
        if is_free(port):
            return port


def preferred_port(port: int) -> int:
    """The port itself, so that a bookmark keeps working, or any other when it is taken."""
    return port if is_free(port) else free_port()


def is_free(port: int) -> bool:
    """Browsers try ::1 for localhost as well, so a listener there takes the port too."""
    with socket.socket(socket.AF_INET) as probe:
        # Connections of an earlier server that linger in TIME_WAIT are no reason to refuse.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return not answers("::1", port)


def answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=0.2).close()
    except OSError:
        return False
    return True


def web_port(environ: Mapping[str, str]) -> int:
    """The port that PORT asks for, or the first free one from 8000 on."""
    wanted = environ.get("PORT", "")
    if not wanted:
        for port in range(DEFAULT_PORT, DEFAULT_PORT + 100):
            if is_free(port):
                if port != DEFAULT_PORT:
                    say(f"Port {DEFAULT_PORT} is in use, so the web server takes {port}.")
                return port
        raise StackError(
            "Ports 8000 to 8099 are all in use. Choose one with PORT, for example "
            "`PORT=9000 make run`."
        )
    if not wanted.isdigit() or not 0 < int(wanted) <= HIGHEST_PORT:
        raise StackError(
            f"PORT is {wanted!r}, which is no port number between 1 and {HIGHEST_PORT}."
        )
    if not is_free(int(wanted)):
        raise StackError(
            f"Port {wanted}, chosen with PORT, is in use by another program. "
            "Stop that program or choose another port, for example `PORT=8123 make run`."
        )
    return int(wanted)
