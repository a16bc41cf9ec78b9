"""The crawl: as each role of one tenant, with the ids of another, at every address.

An id that exists in the other tenant must be answered as one that exists nowhere: the same
status, the same page, the same statements. Then nobody learns from an answer, or from how
much work it was, what is there.
"""

import re
import uuid
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.promises.isolation.actions import typed
from tests.promises.isolation.addresses import (
    QUERIES,
    WORDS,
    Address,
    addresses_of,
    handoff_token,
    ids_for,
    invitation_token,
)
from tests.promises.isolation.world import World

# Whose host each role asks. Operators' pages about tenants are theirs to read: their ids of
# another party are people's.
HOSTS = {
    "visitor": "acme", "member": "acme", "admin": "acme", "owner": "acme", "unverified": "acme",
    "operator": "public",
}  # fmt: skip
REFUSALS = {302, 303, 403, 404, 405, 410}
# A page that says of a link that it leads nowhere, as mail programs show no bare 404.
SAYS_SO = {"account_reset_password_from_key": {200}}
# What differs between two answers to the same question.
_PASSING = re.compile(
    r'(?:nonce-|nonce="|csrfmiddlewaretoken" value="|csrf=|"X-CSRFToken": ?")[\w+/=-]+'
    # Ids without hyphens, and the tokens of sessions, which are longer.
    r"|\b[a-z0-9]{32,64}\b|expires=[^;]+|\b\d+(?:\.\d+)?(?:e-\d+)? ?ms\b"
    r"|\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT"
)
_NUMBERS = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+(?:\+[\d:]+|Z)?|'[^']*'::timestamptz|'[\w:.=-]{40,}'"
)


class Crawler:
    """Asks as one role, and notes where an answer tells somebody's id from nobody's."""

    def __init__(self, world: World, role: str, *, most: int) -> None:
        self.world, self.role, self.party, self.most = world, role, HOSTS[role], most
        self.client = world.client(self.party, role)
        self.told: list[str] = []

    def crawl(self, *names: str) -> int:
        """Try every address, or those of a name, with every id. Return how many."""
        chosen = [a for a in addresses_of(self.party) if not names or a.name in names]
        return sum(self._try(address) for address in chosen)

    def _try(self, address: Address) -> int:
        tried = 0
        for foreign in self._foreign(address)[: self.most]:
            nobodys = {name: _nobodys(value) for name, value in foreign.items()}
            for method in ("get", "post"):
                self._compare(method, address, foreign, nobodys)
                tried += 1
        return tried

    def _foreign(self, address: Address) -> list[dict[str, Any]]:
        """Return the other tenant's ids, where the address takes any."""
        if address.name in QUERIES:
            owner = self.world.people["globex"]["owner"]
            issue = {
                "handoff": lambda: handoff_token(self.world, "globex", owner),
                "invitation": lambda: invitation_token(self.world, "globex"),
            }
            return [{QUERIES[address.name]: issue[address.name]()}]
        if not address.arguments or address.path in WORDS:
            return []
        return ids_for(self.world, address, "globex")

    def _compare(self, method: str, address: Address, foreign: dict, nobodys: dict) -> None:
        # Asked before and after: an answer may also depend on what was asked before it.
        first, theirs, nobody = (
            self._answer(method, address, ids) for ids in (nobodys, foreign, nobodys)
        )
        nobody = first if theirs == first else nobody
        where = f"{self.role} {method} {address.path} with {foreign}"
        if theirs[0] not in REFUSALS | SAYS_SO.get(address.name, set()):
            self.told.append(f"{where} was answered with {theirs[0]}")
        for what, one, other in zip(("status", "page", "statements"), theirs, nobody, strict=True):
            if one != other:
                self.told.append(
                    f"{where}: its {what} tells it from nobody's: {_first(one, other)}"
                )

    def _answer(self, method: str, address: Address, values: dict[str, Any]) -> tuple[Any, ...]:
        """Return status, page and statements, without what differs anyway."""
        in_query = address.name in QUERIES
        path = address.filled({} if in_query else values)
        data: dict[str, Any] = typed(self.world, self.party, self.role) if method == "post" else {}
        if in_query:
            path = f"{path}?token={values['token']}"
        client = self.client if self.role != "visitor" else self.world.client(self.party)
        with CaptureQueriesContext(connection) as queries:
            response = getattr(client, method)(path, data)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        head = sorted((k, v) for k, v in response.headers.items() if k != "Content-Length")
        page = _same(f"{body.decode(errors='replace')}\n{head}", values)
        statements = [_same(_NUMBERS.sub("…", each["sql"]), values) for each in queries]
        return response.status_code, page, statements


def _nobodys(value: Any) -> Any:
    """Return an id of the same kind that exists nowhere."""
    match value:
        case uuid.UUID():
            return uuid.uuid4()
        case int():
            return 1_999_000_000 + value % 1000
        case _ if re.fullmatch(r"[\w-]+", str(value)):
            return _turned(str(value))
        case _:
            return _turned(str(value))


def _turned(text: str) -> str:
    """Another text of the same shape: the last letters count down."""
    return "".join(
        _other(letter) if i >= len(text) - 6 else letter for i, letter in enumerate(text)
    )


def _other(letter: str) -> str:
    if letter.isdigit():
        return str((int(letter) + 1) % 10)
    return chr(ord(letter) - 1) if letter.isalpha() and letter.lower() != "a" else letter


def _same(text: str, values: dict[str, Any]) -> str:
    for value in values.values():
        for form in (str(value), str(value).replace("-", "")):
            text = text.replace(form, "…")
    return _PASSING.sub("…", text)


def _first(one: Any, other: Any) -> str:
    """Return where two answers part."""
    if not isinstance(one, str):
        one, other = repr(one), repr(other)
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    start = max(0, at - 40)
    return f"{one[start : at + 80]!r} or {other[start : at + 80]!r}"
