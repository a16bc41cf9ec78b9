"""A long queue of messages: how fast it empties, and what it slows down."""

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

import psutil

from bench.measurements.members import people
from bench.measurements.processes import weight
from bench.measurements.signup import fill, prepare
from bench.registry import Run, in_turns, measurement
from bench.results import Result, percentile
from bench.service import Service, running
from bench.sides import Side
from bench.sink import WATCHED

NOISY, QUIET = "bench-0.localhost", "bench-1.localhost"
ROUNDS = 5
# Sign-ups of a batch, alternating with an idle relay; and the batches of each round of the run,
# so that one of a hundred isn't the slowest of all.
SIGN_UPS = 20
TURNS = 2
PATIENCE = 600
PARTS = ("at the start", "halfway", "at the end")


@measurement(
    "mail",
    "Welcomes to people of one tenant wait in the outbox, and a Celery worker of two processes "
    "sends them as in production, beside beat, to an SMTP server that takes every letter. Then "
    "the same queue again, while somebody else's one letter is timed from the commit to its "
    "arrival, and while people sign up by the form (`busy`), in turn with a queue that isn't due, "
    "when the relay has their own welcomes alone (`quiet`). All of it shares this machine's cores.",
)
def mail(run: Run) -> Iterator[Result]:
    with run.sides("visitors") as sides, _sink() as sink:
        side = prepare(run, sides)
        fill(run, side, 2)
        people(run, side, run.size.letters)
        with _relay(run, sink) as relay:
            yield from _throughput(run, side, relay, sink)
            yield from _neighbours(run, side, relay, sink)
            yield from _sign_ups(run, side, sink)


@dataclass
class Sink:
    """A handle on the mail server's process."""

    process: "subprocess.Popen[str]"
    port: int

    def read(self) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        counted: dict[str, Any] = json.loads(self.process.stdout.readline())
        return counted


@dataclass
class Relay:
    """The worker of a running service."""

    service: Service

    def family(self) -> list[psutil.Process]:
        """Return the worker's processes."""
        worker = psutil.Process(self.service.processes["worker"].pid)
        return [worker, *worker.children(recursive=True)]

    def worked(self) -> float:
        """Return the seconds of processor time that the worker has had."""
        return self.service.worked("worker")

    def weight(self) -> float:
        return sum(weight(each.pid) for each in self.family())

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Suspend the worker's processes for the block."""
        family = self.family()
        for each in family:
            each.suspend()
        try:
            yield
        finally:
            for each in family:
                each.resume()


def _throughput(run: Run, side: Side, relay: Relay, sink: Sink) -> Iterator[Result]:
    count = run.size.letters
    _wake_up(side, sink)
    # Many take a while to write: none may have left before all of them are counted.
    with relay.stopped():
        side.do("mail.queue_welcomes", host=NOISY, count=count)
        before, worked, database = sink.read(), relay.worked(), run.clock.read()
    weights = []
    started = 0.0
    for share in (0, 0.5, 1):
        _until(partial(_have_arrived, sink, before, max(1, share * count)), count)
        started = started or time.perf_counter()
        weights.append(relay.weight())
    seconds = time.perf_counter() - started
    opened = sink.read()["connections"] - before["connections"]
    spent = (relay.worked() - worked, run.clock.read() - database)
    at = f"{count:,} welcomes waiting"
    yield _row(f"{at}: sent", "/s", count / seconds)
    for what, cpu in zip(("of Python", "of the database"), spent, strict=True):
        yield _row(f"a letter: processor time {what}", "ms", 1000 * cpu / count)
    yield _row("letters for each connection", "", count / max(1, opened))
    for part, found in zip(PARTS, weights, strict=True):
        yield _row(f"the worker's memory {part}", "MiB", found)


def _wake_up(side: Side, sink: Sink) -> None:
    """Have each of the worker's processes send something, as it loads what it needs by then."""
    for number in range(10):
        _one_letter(side, sink, f"waking{number}")


def _neighbours(run: Run, side: Side, relay: Relay, sink: Sink) -> Iterator[Result]:
    """Time one message of another tenant, with an empty queue and with all of the queue."""
    rounds = min(ROUNDS, run.size.rounds)
    quiet = [_one_letter(side, sink, f"quiet{number}") for number in range(rounds)]
    with relay.stopped():
        side.do("mail.queue_welcomes", host=NOISY, count=run.size.letters)
    # The relay is in the middle of it by then.
    time.sleep(1)
    busy = [_one_letter(side, sink, f"busy{number}") for number in range(rounds)]
    at = f"another tenant's letter, {run.size.letters:,} waiting before it"
    yield Result("mail", at, "s", {"busy": busy, "quiet": quiet}, against="quiet")


def _one_letter(side: Side, sink: Sink, name: str) -> float:
    reader = f"{name}@reader.test"
    committed = side.do("mail.welcome_one", host=QUIET, reader=reader).result
    address = f"{WATCHED}{reader}"
    _until(lambda: address in sink.read()["arrivals"], 0)
    return float(sink.read()["arrivals"][address] - committed)


def _sign_ups(run: Run, side: Side, sink: Sink) -> Iterator[Result]:
    taken: dict[str, list[list[float]]] = {"busy": [], "quiet": []}
    count = min(SIGN_UPS, run.size.requests)
    # The first batch is a warm-up.
    for number, states in in_turns(TURNS * run.size.rounds + 1, taken):
        for state in states:
            names = [f"s{number}-{state}-{each}" for each in range(count)]
            _have_letters(run, side)
            with _put_off(side, sink) if state == "quiet" else contextlib.nullcontext():
                taken[state].append(side.do("mail.sign_up", names=names).result)
    samples = {
        state: [1000 * median(each) for each in rounds[1:]] for state, rounds in taken.items()
    }
    everyone = {
        state: [1000 * each for round_ in rounds[1:] for each in round_]
        for state, rounds in taken.items()
    }
    tail = {state: percentile(each, 0.99) for state, each in everyone.items()}
    yield Result("mail", "a sign-up by the form", "ms", samples, against="quiet", tail=tail)


@contextlib.contextmanager
def _put_off(side: Side, sink: Sink) -> Iterator[None]:
    """Have none of the queue due for the block, and the messages already leased sent before."""
    side.do("mail.put_off", host=NOISY, days=1)
    before: dict[str, Any] = {}
    while before != (before := sink.read()):
        # Many messages are sent in this time, if any.
        time.sleep(0.2)
    yield
    side.do("mail.put_off", host=NOISY, days=-1)


def _have_letters(run: Run, side: Side) -> None:
    """Refill the queue so that it outlasts a round."""
    if side.do("mail.waiting").result < min(run.size.letters, 2_000):
        side.do("mail.queue_welcomes", host=NOISY, count=run.size.letters)


def _row(at: str, unit: str, value: float) -> Result:
    return Result("mail", at, unit, {"worker": [value]})


def _have_arrived(sink: Sink, before: dict[str, Any], count: float) -> bool:
    return bool(sink.read()["letters"] - before["letters"] >= count)


def _until(is_done: Callable[[], bool], letters: int) -> None:
    """Wait, for as long as so many messages may take."""
    deadline = time.monotonic() + PATIENCE + letters / 5
    while not is_done():
        if time.monotonic() > deadline:
            raise RuntimeError("The letters didn't come.")
        time.sleep(0.02)


@contextlib.contextmanager
def _sink() -> Iterator[Sink]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sink"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield Sink(process, int(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


@contextlib.contextmanager
def _relay(run: Run, sink: Sink) -> Iterator[Relay]:
    options = {"EMAIL_URL": f"smtp://127.0.0.1:{sink.port}", "RATE_LIMITS": "on"}
    place = run.databases["visitors"]
    with running("worker", "beat", folder=run.folder, database=place, **options) as service:
        yield Relay(service)
