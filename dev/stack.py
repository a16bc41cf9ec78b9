"""Which stack of this checkout is up, its process, and the environment that reaches it."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from dev import keys, orphans, servers
from dev.environment import over, service_environment, web_environment
from dev.errors import StackError
from dev.keys import Keys
from dev.locks import Lock
from dev.paths import ENVIRONMENT, LOCK, RUN, SECRETS, VAR
from dev.ports import DEFAULT_PORT
from dev.progress import say
from dev.servers import Servers

STATE = RUN / "stack.json"
CONSOLE_MAIL = "django.core.mail.backends.console.EmailBackend"
Preparation = Callable[[dict[str, str], Keys, Servers], None]


@dataclass(frozen=True)
class State:
    command: str
    process: int
    environment: dict[str, str]

    @property
    def is_lasting(self) -> bool:
        """Other commands may use servers that stay until the developer ends them."""
        return self.command in {"run", "services", "web"}


@contextlib.contextmanager
def held(command: str) -> Iterator[None]:
    """Only one process at a time starts servers on this checkout's data; raises StackError."""
    lock = Lock(LOCK)
    if not lock.acquire():
        state = current()
        other = state.command if state else "a command"
        is_web = state and state.command == "run"
        where = f" at {state.environment['BASE_ORIGIN']}" if state and is_web else ""
        raise StackError(
            f"`{other}` is already running in this checkout (process {lock.holder()}){where}. "
            f"End it with Ctrl-C before you start `{command}`."
        )
    with contextlib.ExitStack() as stack:
        stack.callback(lock.release)
        stack.callback(STATE.unlink, missing_ok=True)
        # A killed holder left its state, and perhaps processes.
        STATE.unlink(missing_ok=True)
        orphans.end_marked(VAR)
        yield


def publish(command: str, environment: dict[str, str]) -> None:
    """Write where the servers are, for other commands and for a bare `manage.py`."""
    state = State(command, os.getpid(), environment)
    keys.write_private(STATE, json.dumps(asdict(state), indent=2) + "\n")
    if state.is_lasting:
        lines = (f"{name}='{value}'\n" for name, value in sorted(environment.items()))
        keys.write_private(ENVIRONMENT, "".join(lines))


def current() -> State | None:
    try:
        return State(**json.loads(STATE.read_text()))
    except (OSError, ValueError, TypeError):
        return None


@contextlib.contextmanager
def environment(command: str, prepare: Preparation | None = None) -> Iterator[dict[str, str]]:
    """The environment of the stack that is up, or of servers that run as long as the block does.

    Those are passed to `prepare` before.
    """
    running = _lasting_state()
    if running:
        yield running.environment
        return
    with held(command), _servers(prepare) as own:
        publish(command, own)
        yield own


@contextlib.contextmanager
def _servers(prepare: Preparation | None) -> Iterator[dict[str, str]]:
    own_keys = keys.kept(SECRETS)
    with servers.running(RUN, own_keys, os.environ) as started:
        own = over(
            service_environment("development", own_keys, started),
            web_environment(DEFAULT_PORT),
            # No mail catcher runs here, so a command that sends e-mail prints it.
            {"EMAIL_URL": "consolemail://", "EMAIL_BACKEND": CONSOLE_MAIL},
        )
        if prepare:
            prepare(own, own_keys, started)
        yield own


def _lasting_state() -> State | None:
    """The running stack, once it is up; None as soon as no process holds the lock."""
    lock = Lock(LOCK)
    has_said = False
    while not lock.acquire():
        state = current()
        if state and state.is_lasting:
            return state
        if not has_said:
            say(f"Waiting for process {lock.holder()}, which is using this checkout's servers.")
            has_said = True
        time.sleep(0.1)
    lock.release()
    return None
