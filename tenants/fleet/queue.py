"""The queue of one run: whoever is behind, looked up again and again, until nobody is left.

So tenants that sign up meanwhile are found, and those that other workers have done are not.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tenants.fleet.roster import Member

# Workers on other hosts take theirs from the same list: small helpings, in any order.
HELPING = 100
# Seconds between two looks, while somebody else is at work on what is left.
PAUSE = 0.2
FIRST_WAIT, LONGEST_WAIT = 0.5, 10.0


@dataclass
class Queue:
    """Who is next. Threads share one."""

    look: Callable[[], list[Member]]
    # How many are behind, those included that somebody is at work on; told at each look.
    left: Callable[[int], None] = lambda _: None
    # In the order of the look, and the next one only when nothing is left to do for the last.
    one_by_one: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ready: deque[Member] = field(default_factory=deque)
    _due_at: dict[str, float] = field(default_factory=dict)
    _out: set[str] = field(default_factory=set)
    is_stopped: bool = False

    def take(self) -> Member | None:
        """Return who is next, waiting until they are due; None when nobody is left."""
        while not self.is_stopped:
            with self._lock:
                if not self._ready and not self._refill():
                    return None
                if self._ready:
                    member = self._ready.popleft()
                    self._out.add(member.schema_name)
                    return member
            time.sleep(PAUSE)
        return None

    def _refill(self) -> bool:
        """Look who is left, and say whether anybody is that we may have to take."""
        found = self.look()
        self.left(len(found))
        left = [member for member in found if member.schema_name not in self._out]
        if self.one_by_one:
            left = left[:1]
        now = time.monotonic()
        due = [each for each in left if self._due_at.get(each.schema_name, 0) <= now]
        random.shuffle(due)
        self._ready.extend(due[:HELPING])
        return bool(left)

    def again(self, member: Member, wait: float) -> None:
        """Have their turn come again, after so many seconds."""
        with self._lock:
            self._due_at[member.schema_name] = time.monotonic() + wait
            self._out.discard(member.schema_name)

    def stop(self) -> None:
        """Let whoever is at work end their step, and give nobody out any more."""
        self.is_stopped = True


def back_off(attempt: int) -> float:
    """Return how many seconds to wait after so many attempts: twice as long each, with jitter."""
    wait: float = min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT)
    return wait * random.uniform(0.5, 1.5)  # noqa: S311  # No secret.
