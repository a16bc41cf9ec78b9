"""The queue of one run: schemas that are behind, queried repeatedly until none is left.

So it finds tenants that sign up meanwhile, and skips those that other workers have migrated.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tenancy.schema_migrations.targets import SchemaTarget

# How many schemas each query adds: workers on other hosts take theirs from the same list.
HELPING = 100
# Seconds between two queries, while other workers migrate what is left.
PAUSE = 0.2
FIRST_WAIT, LONGEST_WAIT = 0.5, 10.0


@dataclass
class Queue:
    """The members to migrate next. Shared by threads."""

    look: Callable[[], list[SchemaTarget]]
    # Called after each query with the number that are behind, including those being migrated.
    left: Callable[[int], None] = lambda _: None
    # In the order of the query, and the next one only when the previous one is done.
    one_by_one: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ready: deque[SchemaTarget] = field(default_factory=deque)
    _due_at: dict[str, float] = field(default_factory=dict)
    _out: set[str] = field(default_factory=set)
    is_stopped: bool = False

    def take(self) -> SchemaTarget | None:
        """Return the next member, waiting until one is due; None when none is left."""
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
        """Query the members behind. Return whether there is one that this run hasn't taken."""
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

    def again(self, member: SchemaTarget, wait: float) -> None:
        """Schedule the member again after `wait` seconds."""
        with self._lock:
            self._due_at[member.schema_name] = time.monotonic() + wait
            self._out.discard(member.schema_name)

    def stop(self) -> None:
        """Let running steps end, and give out no more members."""
        self.is_stopped = True


def back_off(attempt: int) -> float:
    """Return the back-off in seconds: doubled with each attempt, with jitter."""
    wait: float = min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT)
    return wait * random.uniform(0.5, 1.5)  # noqa: S311  # Not security-relevant.
