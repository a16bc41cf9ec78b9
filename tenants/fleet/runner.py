"""The run: canaries first, then everybody who is behind, by as many threads as are wanted."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError, connection

from tasks.roles import DatabaseRole
from tasks.workspace import acting_as, public_context
from tenants.fleet import roster
from tenants.fleet.claims import Patience
from tenants.fleet.errors import ClaimedError, FleetError, StepError
from tenants.fleet.progress import Progress
from tenants.fleet.queue import FIRST_WAIT, Queue, back_off
from tenants.fleet.report import Report
from tenants.fleet.roster import Member
from tenants.fleet.routes import Routes
from tenants.fleet.stepping import advance

# Lock and statement timeouts, deadlocks, and a server that ends connections.
PASSING = ("55P03", "57014", "40P01", "40001", "57P", "08")
# How often the database may be away for a moment.
LOST_TRIES = 5


@dataclass(frozen=True)
class Wishes:
    """How a run goes about it."""

    canaries: int = 1
    workers: int = 1
    attempts: int = 6
    patience: Patience = field(default_factory=Patience)


class Run:
    """One command's share of the work; others may be at it on any number of hosts."""

    def __init__(self, *, wishes: Wishes, report: Report, progress: Progress) -> None:
        self.wishes, self.report, self.progress = wishes, report, progress
        self._routes = Routes()
        self._attempts: Counter[str] = Counter()
        self._broken: list[Exception] = []

    def run(self) -> None:
        """Bring every schema to the target that can be brought there.

        Single failures are in the report. Raises `FleetError` when a canary fails, or the
        database stays away.
        """
        target = self.report.target
        self.progress.looked(len(roster.behind(target)))
        try:
            self._work(Queue(self._canaries_behind, one_by_one=True))
            self._raise_if_broken()
            if self.report.failures:
                failure = self.report.failures[0]
                raise FleetError(
                    f"A canary failed, and this run touched nobody after it. {failure}"
                )
            queue = Queue(lambda: roster.behind(target), left=self.progress.looked)
            self._serve(queue, workers=self.wishes.workers)
        except KeyboardInterrupt:
            self.report.ended_by = "interrupted"
            raise
        finally:
            self.progress.end()

    def _canaries_behind(self) -> list[Member]:
        if self.report.failures:
            return []
        first = roster.canaries(self.wishes.canaries)
        return [member for member in first if member.revision != self.report.target]

    def _serve(self, queue: Queue, *, workers: int) -> None:
        if workers == 1:
            self._work(queue)
        else:
            self._work_together(queue, workers)
        self._raise_if_broken()

    def _raise_if_broken(self) -> None:
        if self._broken:
            raise FleetError(str(self._broken[0])) from self._broken[0]

    def _work_together(self, queue: Queue, workers: int) -> None:
        threads = [
            threading.Thread(target=self._work_apart, args=(queue,), daemon=True)
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
            with acting_as(DatabaseRole.MIGRATOR), public_context():
                while member := queue.take():
                    self._serve_one(member, queue)
        except Exception as error:  # noqa: BLE001  # Told by whoever waits for the threads.
            self._broken.append(error)
            queue.stop()

    def _serve_one(self, member: Member, queue: Queue) -> None:
        started_at = time.monotonic()
        try:
            advance(member, self._routes, self.wishes.patience)
        except ClaimedError:
            queue.again(member, FIRST_WAIT)
        except Exception as error:  # noqa: BLE001  # Whatever it is, the others have their turn.
            self._reconnect()
            self._failed(member, error, queue)
        else:
            self.report.add_migrated(member, time.monotonic() - started_at)
            self.progress.step()

    def _failed(self, member: Member, error: Exception, queue: Queue) -> None:
        if not roster.is_there(member):
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
        """Have a connection again, whatever has become of it. Raises what the last try says."""
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
    """Whether it may well go better the next time: somebody was in the way."""
    cause = error.__cause__ if isinstance(error, StepError) else error
    if not isinstance(cause, OperationalError | InterfaceError):
        return False
    state = getattr(cause.__cause__, "sqlstate", None)
    return state is None or state.startswith(PASSING)
