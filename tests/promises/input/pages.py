"""The forms that pages show, filled in as a reasonable person would."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

# What is asked for by name, where its kind says too little.
WORDS = {"subdomain": "newcomer", "phone_number": "", "website": "", "q": "", "code": "ABCD-EFGH"}
KINDS = {
    "checkbox": "on",
    "email": "newcomer@example.test",
    "password": "correct horse battery staple",
    "hidden": "",
    "search": "",
    "file": "",
    "submit": "",
}


@dataclass
class PageForm:
    """A form: where it goes, and what stands in its fields."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[str, ...]:
        """What makes it another form than those seen before, whoever's row it is about."""
        return (self.method, *sorted(self.fields))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._open: PageForm | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = PageForm(given.get("action", ""), given.get("method", "get").upper())
            self.forms.append(self._open)
        elif self._open is not None:
            self._read_field(tag, given, self._open.fields)

    def _read_field(self, tag: str, given: dict[str, str], fields: dict[str, str]) -> None:
        name = given.get("name", "")
        if tag == "select":
            self._select = name
        if tag == "option" and self._select:
            if "selected" in given or not fields.get(self._select):
                fields[self._select] = given.get("value", "")
        elif name:
            fields.setdefault(name, given.get("value") or _plausible(name, given))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        if tag == "form":
            self._open = None


def forms_in(html: str) -> list[PageForm]:
    """Return the forms of a page that have fields."""
    reader = _Reader()
    reader.feed(html)
    return [form for form in reader.forms if form.fields]


def _plausible(name: str, given: dict[str, str]) -> str:
    if name in WORDS:
        return WORDS[name]
    if name in {"login", "addresses"}:
        return KINDS["email"]
    return KINDS.get(given.get("type", "text"), "Nadia Newcomer")
