"""A long queue of messages: the rate at which it is sent, and what it slows down."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from bench.measurements.members import add_members
from bench.registry import Run, alternating, measurement
from bench.resource_usage import MIB, memory_bytes
from bench.results import Result, percentile
from bench.service import Service, running
from bench.smtp_sink import WATCHED
from bench.subjects import Subject
from bench.tenants import fill

NOISY, QUIET = "bench-0.localhost", "bench-1.localhost"
ROUNDS = 5
# Sign-ups of a batch; and the batches of each round of the run, so that the slowest one of a
# hundred sign-ups is one of several.
SIGN_UPS = 20
BATCHES = 2
WARM_UP_MESSAGES = 10
# What a wait for messages may take, and how much longer for each of them.
TIMEOUT_SECONDS = 600
SECONDS_A_MESSAGE = 0.2
PARTS = {"at the start": 0.0, "halfway": 0.5, "at the end": 1.0}


@dataclass
class SmtpSink:
    """A handle on the mail server's process, and the worker that sends to it."""

    process: "subprocess.Popen[str]"
    port: int

    def read(self) -> dict[str, Any]:
        """Return what the mail server has counted."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        counts: dict[str, Any] = json.loads(self.process.stdout.readline())
        return counts

    def has_received(self, messages: float) -> bool:
        return bool(self.read()["messages"] >= messages)


@dataclass
class Bench:
    """What the parts of the measurement work with."""

    run: Run
    subject: Subject
    service: Service
    sink: SmtpSink

    def queue(self) -> None:
        """Put a welcome for each of the noisy tenant's members in the outbox."""
        self.subject.run("mail.queue_welcomes", host=NOISY, count=self.run.size.messages)

    def wait_until(self, is_done: Callable[[], bool], messages: int = 1) -> None:
        """Wait for messages to arrive. Raises `TimeoutError`, `ProcessEndedError`."""
        seconds = TIMEOUT_SECONDS + SECONDS_A_MESSAGE * messages
        deadline = time.monotonic() + seconds
        while not is_done():
            self.service.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{messages} messages were not sent within {seconds:.0f} s")
            time.sleep(0.02)

    def time_one_message(self, name: str) -> float:
        """Return the seconds from the commit of a message of the quiet tenant to its arrival."""
        reader = f"{name}@reader.test"
        committed = self.subject.run("mail.welcome_one", host=QUIET, reader=reader).result
        address = f"{WATCHED}{reader}"
        self.wait_until(lambda: address in self.sink.read()["arrivals"])
        return float(self.sink.read()["arrivals"][address] - committed)

    @contextlib.contextmanager
    def worker_suspended(self) -> Iterator[None]:
        """Suspend the worker's processes for the block."""
        family = self.service.family("worker")
        for each in family:
            each.suspend()
        try:
            yield
        finally:
            for each in family:
                each.resume()

    @contextlib.contextmanager
    def queue_postponed(self) -> Iterator[None]:
        """Make none of the queue due for the block; the messages already leased are sent before."""
        self.subject.run("mail.postpone", host=NOISY, days=1)
        before: dict[str, Any] = {}
        while before != (before := self.sink.read()):
            # Many messages are sent in this time, if any.
            time.sleep(0.2)
        yield
        self.subject.run("mail.postpone", host=NOISY, days=-1)


@measurement(
    "mail",
    "Welcomes to members of one tenant wait in the outbox, and a Celery worker of two processes "
    "sends them as in production, beside beat, to an SMTP server that accepts every message. Then "
    "the same queue again, while one message of another tenant is timed from the commit to its "
    "arrival, and while visitors sign up by the form (`busy`), alternating with a queue that isn't "
    "due, when the relay has only the visitors' own welcomes (`quiet`). All processes share this "
    "machine's cores.",
)
def mail(run: Run) -> Iterator[Result]:
    with run.subjects("visitors") as subjects, _smtp_sink() as sink:
        subject = subjects["visitors"]
        fill(run, subject, 2)
        add_members(run, subject, run.size.messages)
        options = {"EMAIL_URL": f"smtp://127.0.0.1:{sink.port}", "RATE_LIMITS": "on"}
        with running(run, "worker", "beat", **options) as service:
            bench = Bench(run, subject, service, sink)
            yield from _throughput(bench)
            yield from _latency_of_one(bench)
            yield from _sign_ups(bench)


@contextlib.contextmanager
def _smtp_sink() -> Iterator[SmtpSink]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.smtp_sink"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield SmtpSink(process, int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def _throughput(bench: Bench) -> Iterator[Result]:
    count, postgres = bench.run.size.messages, bench.run.postgres
    # Each of the worker's processes sends something, and has loaded what it needs by then.
    for number in range(WARM_UP_MESSAGES):
        bench.time_one_message(f"warm-up{number}")
    # The rows take a while to write: none may be sent before all of them are there.
    with bench.worker_suspended():
        bench.queue()
        before = bench.sink.read()
        python, database = bench.service.cpu_seconds("worker"), postgres.cpu_seconds()
    memory = {}
    started = 0.0
    for part, share in PARTS.items():
        wanted = before["messages"] + max(1, share * count)
        bench.wait_until(partial(bench.sink.has_received, wanted), count)
        started = started or time.perf_counter()
        processes = bench.service.family("worker")
        memory[part] = sum(memory_bytes(each) for each in processes) / MIB
    seconds = time.perf_counter() - started
    opened = bench.sink.read()["connections"] - before["connections"]
    python = bench.service.cpu_seconds("worker") - python
    database = postgres.cpu_seconds() - database
    yield _row(f"{count:,} welcomes waiting: sent", "/s", count / seconds)
    yield _row("a message: processor time of Python", "ms", 1000 * python / count)
    yield _row("a message: processor time of the database", "ms", 1000 * database / count)
    yield _row("messages for each connection", "", count / max(1, opened))
    for part, mebibytes in memory.items():
        yield _row(f"the worker's memory {part}", "MiB", mebibytes)


def _row(at: str, unit: str, value: float) -> Result:
    return Result("mail", at, unit, {"worker": [value]})


def _latency_of_one(bench: Bench) -> Iterator[Result]:
    """Time one message of another tenant, with an empty queue and with all of the queue."""
    rounds = range(min(ROUNDS, bench.run.size.rounds))
    quiet = [bench.time_one_message(f"quiet{number}") for number in rounds]
    with bench.worker_suspended():
        bench.queue()
    # The worker is in the middle of the queue by then.
    time.sleep(1)
    busy = [bench.time_one_message(f"busy{number}") for number in rounds]
    at = f"another tenant's message, {bench.run.size.messages:,} waiting before it"
    yield Result("mail", at, "s", {"busy": busy, "quiet": quiet}, baseline="quiet")


def _sign_ups(bench: Bench) -> Iterator[Result]:
    seconds: dict[str, list[list[float]]] = {"busy": [], "quiet": []}
    size = bench.run.size
    count = min(SIGN_UPS, size.requests)
    # The first batch is a warm-up.
    for number, states in alternating(BATCHES * size.rounds + 1, seconds):
        for state in states:
            names = [f"s{number}-{state}-{each}" for each in range(count)]
            # The queue must outlast the batch.
            if bench.subject.run("mail.count_unsent").result < min(size.messages, 2_000):
                bench.queue()
            with bench.queue_postponed() if state == "quiet" else contextlib.nullcontext():
                seconds[state].append(bench.subject.run("mail.sign_up", names=names).result)
    medians = {
        state: [1000 * median(batch) for batch in batches[1:]] for state, batches in seconds.items()
    }
    tail = {
        state: 1000 * percentile([each for batch in batches[1:] for each in batch], 0.99)
        for state, batches in seconds.items()
    }
    yield Result("mail", "a sign-up by the form", "ms", medians, baseline="quiet", tail=tail)
