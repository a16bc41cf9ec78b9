"""The run: migrates canaries first, then every schema that is behind, in several threads."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError, connection

from tenancy.context import database_role, public_context
from tenancy.roles import MIGRATOR
from tenancy.schema_migrations import targets
from tenancy.schema_migrations.errors import SchemaLockedError, SchemaMigrationError, StepError
from tenancy.schema_migrations.executor import advance
from tenancy.schema_migrations.locks import Deadlines
from tenancy.schema_migrations.plan_cache import PlanCache
from tenancy.schema_migrations.progress import Progress
from tenancy.schema_migrations.queue import FIRST_WAIT, Queue, back_off
from tenancy.schema_migrations.report import Report
from tenancy.schema_migrations.targets import SchemaTarget

# SQLSTATEs of lock and statement timeouts, deadlocks, and connections that the server ended.
PASSING = ("55P03", "57014", "40P01", "40001", "57P", "08")
# How many times a worker tries to reconnect to the database.
LOST_TRIES = 5


@dataclass(frozen=True)
class RunOptions:
    """The options of a run."""

    canaries: int = 1
    workers: int = 1
    attempts: int = 6
    deadlines: Deadlines = field(default_factory=Deadlines)


class Run:
    """One command's share of the work. Other commands may run at once, on any number of hosts."""

    def __init__(self, *, wishes: RunOptions, report: Report, progress: Progress) -> None:
        self.wishes, self.report, self.progress = wishes, report, progress
        self._routes = PlanCache()
        self._attempts: Counter[str] = Counter()
        self._broken: list[Exception] = []

    def run(self) -> None:
        """Bring every schema to the target that can be brought there.

        Single failures are in the report. Raises `SchemaMigrationError` when a canary fails, or
        the database is away for too long.
        """
        target = self.report.target
        self.progress.looked(len(targets.behind(target)))
        try:
            self._work(Queue(self._canaries_behind, one_by_one=True))
            self._raise_if_broken()
            if self.report.failures:
                failure = self.report.failures[0]
                raise SchemaMigrationError(
                    f"A canary failed, and this run touched nobody after it. {failure}"
                )
            queue = Queue(lambda: targets.behind(target), left=self.progress.looked)
            self._serve(queue, workers=self.wishes.workers)
        except KeyboardInterrupt:
            self.report.ended_by = "interrupted"
            raise
        finally:
            self.progress.end()

    def _canaries_behind(self) -> list[SchemaTarget]:
        if self.report.failures:
            return []
        first = targets.canaries(self.wishes.canaries)
        return [member for member in first if member.revision != self.report.target]

    def _serve(self, queue: Queue, *, workers: int) -> None:
        if workers == 1:
            self._work(queue)
        else:
            self._work_together(queue, workers)
        self._raise_if_broken()

    def _raise_if_broken(self) -> None:
        if self._broken:
            raise SchemaMigrationError(str(self._broken[0])) from self._broken[0]

    def _work_together(self, queue: Queue, workers: int) -> None:
        threads = [
            # Each has a connection and a context of its own.
            threading.Thread(target=self._work_apart, args=(queue,), daemon=True)  # noqa: TID251
            for _ in range(workers)
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

    def _work_apart(self, queue: Queue) -> None:
        try:
            self._work(queue)
        finally:
            connection.close()

    def _work(self, queue: Queue) -> None:
        try:
            with database_role(MIGRATOR), public_context():
                while member := queue.take():
                    self._serve_one(member, queue)
        except Exception as error:  # noqa: BLE001  # Raised by the thread that waits for the others.
            self._broken.append(error)
            queue.stop()

    def _serve_one(self, member: SchemaTarget, queue: Queue) -> None:
        started_at = time.monotonic()
        try:
            advance(member, self._routes, self.wishes.deadlines)
        except SchemaLockedError:
            queue.again(member, FIRST_WAIT)
        except Exception as error:  # noqa: BLE001  # After any error the other schemas are still migrated.
            self._reconnect()
            self._failed(member, error, queue)
        else:
            self.report.add_migrated(member, time.monotonic() - started_at)
            self.progress.step()

    def _failed(self, member: SchemaTarget, error: Exception, queue: Queue) -> None:
        if not targets.is_there(member):
            self.report.add_gone(member)
            return
        self._attempts[member.schema_name] += 1
        attempts = self._attempts[member.schema_name]
        if is_passing(error) and attempts < self.wishes.attempts:
            self.report.add_retry()
            queue.again(member, back_off(attempts))
        else:
            self.report.add_failure(member, error, attempts)

    def _reconnect(self) -> None:
        """Reconnect if the connection is lost. Raises the error of the last attempt."""
        for attempt in range(1, LOST_TRIES + 1):
            connection.close_if_unusable_or_obsolete()
            try:
                connection.ensure_connection()
            except (OperationalError, InterfaceError):
                if attempt == LOST_TRIES:
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
