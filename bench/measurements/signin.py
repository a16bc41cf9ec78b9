"""Sign-ins that a core can bear, and their processor time beyond the password's hash."""

from collections.abc import Iterator

from bench.registry import Run, measurement
from bench.results import Result
from bench.subjects import Subject
from bench.tenants import fill

HOST = "bench-0.localhost"
SIGN_INS = 30
# argon2id: passes, and mebibytes.
PARAMETERS = {"ours": (2, 19), "keycloak": (5, 7)}


@measurement(
    "signin",
    "A member loads the sign-in form and sends it, in a browser that isn't known: two requests "
    "by the WSGI application with all of the service's middleware, the check of the password, the "
    "session, the message about a new browser in the outbox. A core's second, of Python and of the "
    "database together, divided by what one sign-in costs. Argon2id by our parameters (19 MiB, 2 "
    "passes), and by those that Keycloak is sized with (7 MiB, 5 passes), of which its "
    "documentation says 15 sign-ins a second for each virtual CPU, on other machines.",
)
def signin(run: Run) -> Iterator[Result]:
    costs: dict[str, list[float]] = {}
    beyond: dict[str, list[float]] = {}
    count = min(SIGN_INS, run.size.requests)
    with run.subjects("visitors") as subjects:
        subject = subjects["visitors"]
        fill(run, subject, 1)
        for name, (passes, mebibytes) in PARAMETERS.items():
            subject.run("signin.set_hash_parameters", passes=passes, mebibytes=mebibytes)
            costs[name] = _costs(run, subject, name, count)
            # One check more: it hashes the password that it verifies.
            checks = subject.run("signin.verify_passwords", count=count).usage
            check = 1000 * checks.per(count + 1).cpu
            beyond[name] = [cost - check for cost in costs[name]]
    rates = {name: [1000 / cost for cost in each] for name, each in costs.items()}
    yield Result("signin", "a second of a core", "sign-ins", rates)
    yield Result("signin", "one sign-in, processor time", "ms", costs)
    yield Result("signin", "of it beyond the hash", "ms", beyond)


def _costs(run: Run, subject: Subject, name: str, count: int) -> list[float]:
    """Return the milliseconds of processor time of a sign-in, by round."""
    emails = subject.run("signin.add_members", host=HOST, count=count, name=name).result
    subject.run("signin.sign_in", host=HOST, emails=emails[:3])
    rounds = range(run.size.rounds)
    usages = [subject.run("signin.sign_in", host=HOST, emails=emails).usage for _ in rounds]
    return [1000 * (usage.cpu + usage.database) / count for usage in usages]
