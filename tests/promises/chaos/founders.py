"""Many founders at once, by a few threads that each help whoever's turn it is."""

import queue
import random
import threading
import time
from collections.abc import Callable

import requests

from tests.promises.chaos.people import WAITING, Founder, Guest, UnansweredError

FAILURES = (requests.RequestException, UnansweredError)


class Population:
    """Founders who come while faults are injected, and the threads that take their steps."""

    def __init__(self, new_founder: Callable[[random.Random], Founder], seed: int) -> None:
        self.founders: list[Founder] = []
        self._new_founder = new_founder
        self._rng = random.Random(seed)  # noqa: S311  # No secret.
        self._lock = threading.Lock()

    @property
    def guests(self) -> list[Guest]:
        return [guest for founder in self.founders for guest in founder.guests]

    def forms_sent(self) -> int:
        """Return how many times a sign-up was sent."""
        return sum(founder.posts for founder in [*self.founders])

    def live(self, *, threads: int, at_once: int, until: threading.Event) -> list[threading.Thread]:
        """Start threads that bring in founders, `at_once` of them unfinished at a time."""
        waiting: queue.Queue[Founder] = queue.Queue()
        for _ in range(at_once):
            waiting.put(self.newcomer())

        def help_them() -> None:
            while not until.is_set():
                founder = waiting.get()
                _one_step(founder)
                waiting.put(self.newcomer() if founder.is_done else founder)

        return _started(help_them, threads)

    def finish(self, *, threads: int, seconds: float) -> None:
        """Let everybody go on to the end, with nobody new."""
        waiting: queue.Queue[Founder] = queue.Queue()
        for founder in self.founders:
            waiting.put(founder)
        deadline = time.monotonic() + seconds

        def help_them() -> None:
            while time.monotonic() < deadline:
                try:
                    founder = waiting.get_nowait()
                except queue.Empty:
                    return
                if not founder.is_done:
                    _one_step(founder)
                    waiting.put(founder)

        for thread in _started(help_them, threads):
            thread.join()

    def newcomer(self) -> Founder:
        with self._lock:
            rng = random.Random(self._rng.random())  # noqa: S311  # No secret.
            founder = self._new_founder(rng)
            self.founders.append(founder)
        return founder


def _one_step(founder: Founder) -> None:
    try:
        if founder.step() == WAITING:
            time.sleep(0.1)
    except FAILURES:
        time.sleep(founder.rng.uniform(0.1, 0.5))


def _started(work: Callable[[], None], count: int) -> list[threading.Thread]:
    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads
