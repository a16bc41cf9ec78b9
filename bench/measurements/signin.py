"""Sign-ins that a core can bear, and what they cost beyond the hash of the password."""

from collections.abc import Iterator

from bench.clocks import Spent
from bench.measurements.signup import fill, prepare
from bench.registry import Run, measurement
from bench.results import Result
from bench.sides import Side

HOST = "bench-0.localhost"
PEOPLE = 30
# argon2id: passes, and mebibytes.
PARAMETERS = {"ours": (2, 19), "keycloak": (5, 7)}


@measurement(
    "signin",
    "Somebody asks for the form and signs in by it, with a browser that isn't known: two requests "
    "by the WSGI application with all of the service's middleware, the check of the password, the "
    "session, the letter about a new browser in the outbox. A core's second, of Python and of the "
    "database together, divided by what one sign-in costs. Argon2id by our parameters (19 MiB, 2 "
    "passes), and by those that Keycloak is sized with (7 MiB, 5 passes), of which its "
    "documentation says 15 sign-ins a second for each virtual CPU, on machines of its own.",
)
def signin(run: Run) -> Iterator[Result]:
    with run.sides("visitors") as sides:
        side = prepare(run, sides)
        fill(run, side, 1)
        spent, checks = {}, {}
        for name, (passes, mebibytes) in PARAMETERS.items():
            side.do("signin.hash_with", passes=passes, mebibytes=mebibytes)
            spent[name] = _rounds(run, side, name)
            checks[name] = _check(side)
    yield _row("a second of a core", "sign-ins", {n: _rates(s) for n, s in spent.items()})
    yield _row("one sign-in, processor time", "ms", {n: _costs(s) for n, s in spent.items()})
    beyond = {name: [cost - checks[name] for cost in _costs(each)] for name, each in spent.items()}
    yield _row("of it beyond the hash", "ms", beyond)


def _rounds(run: Run, side: Side, name: str) -> list[Spent]:
    people = min(PEOPLE, run.size.requests)
    emails = side.do("signin.enlist", host=HOST, count=people, name=name).result
    side.do("signin.sign_in", host=HOST, emails=emails[:3])
    rounds = range(run.size.rounds)
    taken = [side.do("signin.sign_in", host=HOST, emails=emails).spent for _ in rounds]
    return [spent.each(people) for spent in taken]


def _check(side: Side) -> float:
    """Return the milliseconds of a core that the check of a password takes by itself."""
    return 1000 * side.do("signin.verify_passwords", count=PEOPLE).spent.each(PEOPLE + 1).cpu


def _costs(spent: list[Spent]) -> list[float]:
    return [1000 * (each.cpu + each.database) for each in spent]


def _rates(spent: list[Spent]) -> list[float]:
    return [1000 / cost for cost in _costs(spent)]


def _row(at: str, unit: str, samples: dict[str, list[float]]) -> Result:
    return Result("signin", at, unit, samples)
