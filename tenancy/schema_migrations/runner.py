"""The run: migrates canaries first, then every schema that is behind, in several threads."""

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError, connection, connections

from tenancy import backoff
from tenancy.context import database_role, public_context
from tenancy.errors import SchemaLockedError, SchemaMigrationError, StepError
from tenancy.roles import MIGRATOR
from tenancy.schema_migrations import targets
from tenancy.schema_migrations.executor import migrate_schema
from tenancy.schema_migrations.plan_cache import PlanCache
from tenancy.schema_migrations.report import Progress, Report
from tenancy.schema_migrations.targets import SchemaTarget
from tenancy.timeouts import SCHEMA_MIGRATION, DatabaseTimeouts

# SQLSTATEs of lock and statement timeouts, deadlocks, and connections that the server ended.
PASSING = ("55P03", "57014", "40P01", "40001", "57P", "08")
# How many times a worker tries to reconnect to the database.
RECONNECTS = 5
# How many schemas each query adds: workers on other hosts take theirs from the same list.
BATCH_SIZE = 100
# While other workers migrate what is left.
SECONDS_BETWEEN_QUERIES = 0.2
# Seconds before the second attempt at a schema that is in use, and before a later one.
FIRST_WAIT, LONGEST_WAIT = 0.5, 10.0


@dataclass
class Queue:
    """The schemas to migrate next: queried repeatedly until none is behind. Shared by threads.

    So it finds tenants that sign up meanwhile, and skips those that other workers have migrated.
    """

    query: Callable[[], list[SchemaTarget]]
    # Called after each query with the number that are behind, including those being migrated.
    left: Callable[[int], None] = lambda _: None
    # In the order of the query, and the next one only when the previous one is done.
    one_by_one: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ready: deque[SchemaTarget] = field(default_factory=deque)
    _due_at: dict[str, float] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    is_stopped: bool = False

    def take(self) -> SchemaTarget | None:
        """Return the next schema, waiting until one is due; None when none is left."""
        while not self.is_stopped:
            with self._lock:
                if not self._ready and not self._refill():
                    return None
                if self._ready:
                    schema = self._ready.popleft()
                    self._taken.add(schema.schema_name)
                    return schema
            time.sleep(SECONDS_BETWEEN_QUERIES)
        return None

    def _refill(self) -> bool:
        """Query the schemas behind. Return whether there is one that this run hasn't taken."""
        found = self.query()
        self.left(len(found))
        left = [schema for schema in found if schema.schema_name not in self._taken]
        if self.one_by_one:
            left = left[:1]
        now = time.monotonic()
        due = [each for each in left if self._due_at.get(each.schema_name, 0) <= now]
        random.shuffle(due)
        self._ready.extend(due[:BATCH_SIZE])
        return bool(left)

    def retry(self, schema: SchemaTarget, wait: float) -> None:
        """Schedule the schema again after `wait` seconds."""
        with self._lock:
            self._due_at[schema.schema_name] = time.monotonic() + wait
            self._taken.discard(schema.schema_name)

    def stop(self) -> None:
        """Let running steps end, and give out no more schemas."""
        self.is_stopped = True


@dataclass(frozen=True)
class RunOptions:
    """The options of a run."""

    canaries: int = 1
    workers: int = 1
    attempts: int = 6
    timeouts: DatabaseTimeouts = SCHEMA_MIGRATION


class Run:
    """One command's share of the work. Other commands may run at once, on any number of hosts."""

    def __init__(self, *, options: RunOptions, report: Report, progress: Progress) -> None:
        self.options, self.report, self.progress = options, report, progress
        self._plans = PlanCache()
        self._attempts: Counter[str] = Counter()
        self._errors: list[Exception] = []

    def run(self) -> None:
        """Bring every schema to the target that can be brought there.

        Single failures are in the report. Raises `SchemaMigrationError` when a canary fails, or
        the database is away for too long.
        """
        target = self.report.target
        self.progress.set_left(len(targets.behind(target)))
        try:
            self._work(
                Queue(
                    lambda: [
                        schema
                        for schema in targets.canaries(self.options.canaries)
                        if schema.revision != target and not self.report.failures
                    ],
                    one_by_one=True,
                )
            )
            self._raise_error()
            if self.report.failures:
                failure = self.report.failures[0]
                raise SchemaMigrationError(
                    f"A canary failed, and no schema after it was migrated. {failure}"
                )
            self._work_together(Queue(lambda: targets.behind(target), left=self.progress.set_left))
            self._raise_error()
        except KeyboardInterrupt:
            self.report.ended_by = "interrupted"
            raise
        finally:
            self.progress.end()

    def _raise_error(self) -> None:
        if self._errors:
            raise SchemaMigrationError(str(self._errors[0])) from self._errors[0]

    def _work_together(self, queue: Queue) -> None:
        """Work in as many threads as there are workers; one works in this thread."""
        if self.options.workers == 1:
            self._work(queue)
            return
        threads = [
            # Each has a connection and a context of its own.
            threading.Thread(  # noqa: TID251
                target=self._work, args=(queue, connections.close_all), daemon=True
            )
            for _ in range(self.options.workers)
        ]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            queue.stop()
            for thread in threads:
                thread.join()
            raise

    def _work(self, queue: Queue, end: Callable[[], object] = lambda: None) -> None:
        try:
            with database_role(MIGRATOR), public_context():
                while schema := queue.take():
                    self._migrate(schema, queue)
        except Exception as error:  # noqa: BLE001  # Raised by the thread that waits for the others.
            self._errors.append(error)
            queue.stop()
        finally:
            end()

    def _migrate(self, schema: SchemaTarget, queue: Queue) -> None:
        started_at = time.monotonic()
        try:
            migrate_schema(schema, self._plans, self.options.timeouts)
        except SchemaLockedError:
            queue.retry(schema, FIRST_WAIT)
        except Exception as error:  # noqa: BLE001  # After any error the other schemas are still migrated.
            reconnect()
            self._attempts[schema.schema_name] += 1
            attempts = self._attempts[schema.schema_name]
            if not targets.exists(schema):
                self.report.add_gone(schema)
            elif is_passing(error) and attempts < self.options.attempts:
                self.report.add_retry()
                queue.retry(schema, back_off(attempts))
            else:
                self.report.add_failure(schema, error, attempts)
        else:
            self.report.add_migrated(schema, time.monotonic() - started_at)
            self.progress.step()


def reconnect() -> None:
    """Reconnect if the connection is lost. Raises the error of the last attempt."""
    for attempt in range(1, RECONNECTS + 1):
        connection.close_if_unusable_or_obsolete()
        try:
            connection.ensure_connection()
        except (OperationalError, InterfaceError):
            if attempt == RECONNECTS:
                raise
            time.sleep(back_off(attempt))
        else:
            return


def is_passing(error: Exception) -> bool:
    """Whether a retry may succeed: the error is a conflict or a lost connection."""
    cause = error.__cause__ if isinstance(error, StepError) else error
    if not isinstance(cause, OperationalError | InterfaceError):
        return False
    state = getattr(cause.__cause__, "sqlstate", None)
    return state is None or state.startswith(PASSING)


def back_off(attempt: int) -> float:
    """Return the seconds to wait after so many attempts at a schema or a connection."""
    return backoff.delay(attempt, first=FIRST_WAIT, longest=LONGEST_WAIT)
