"""The Korean catalogues: whole, and true to the code."""

import re
from collections import Counter
from datetime import datetime
from io import BytesIO

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext, override
from django.utils.translation.template import templatize

from dev.paths import PACKAGES

CATALOGUES = [path / "ko" / "LC_MESSAGES" / "django.po" for path in settings.LOCALE_PATHS]
# What `makemessages` asks xgettext for, in Babel's notation.
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# %(name)s, %d, {name}, <a href="…">: what must stand in the translation as well.
KEPT = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w*\}|</?[a-z][^>]*>")


def read(path):
    with path.open("rb") as file:
        return read_po(file, locale="ko")


def sentences(catalogue):
    return [message for message in catalogue if message.id]


def forms(text):
    """Return a message's forms: one, or singular and plural."""
    return [text] if isinstance(text, str) else list(text)


def spoken(root):
    """Find what the templates and the Python of an app say: (context, text) by file."""
    for path in sorted(root.rglob("*")):
        if path.suffix == ".py":
            source = path.read_text()
        elif path.suffix in {".html", ".txt"}:
            # What templatize blanks out leaves indents, which mean nothing here.
            rendered = templatize(path.read_text(), origin=str(path))
            source = "\n".join(line.strip() for line in rendered.splitlines())
        else:
            continue
        found = extract("python", BytesIO(source.encode()), KEYWORDS, options={"encoding": "utf-8"})
        for _line, text, _comments, context in found:
            yield path, context, forms(text)[0]


@pytest.mark.parametrize("path", CATALOGUES, ids=["own", "borrowed"])
def test_every_sentence_has_its_korean(path):
    catalogue = read(path)

    assert not catalogue.fuzzy
    assert list(catalogue.obsolete) == []
    assert [m.id for m in sentences(catalogue) if m.fuzzy or not all(forms(m.string))] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=["own", "borrowed"])
def test_placeholders_and_markup_stay_as_they_are(path):
    changed = [
        message.id
        for message in sentences(read(path))
        for korean in forms(message.string)
        if Counter(KEPT.findall(korean)) != Counter(KEPT.findall(forms(message.id)[-1]))
    ]

    assert changed == []


def own_catalogue(app):
    return settings.BASE_DIR / app / "locale" / "ko" / "LC_MESSAGES" / "django.po"


# A product's app may do without Korean; one that has some has all of it.
PRODUCTS = [app.replace(".", "/") for app in settings.PRODUCT_APPS]
TRANSLATED = [app for app in PRODUCTS if own_catalogue(app).exists()]


@pytest.mark.parametrize("app", [*(each for each in PACKAGES if each != "product"), *TRANSLATED])
def test_each_sentence_of_the_code_is_in_the_catalogue(app):
    catalogues = [CATALOGUES[0], *([own_catalogue(app)] if app in TRANSLATED else [])]
    known = {
        (message.context, forms(message.id)[0])
        for catalogue in catalogues
        for message in sentences(read(catalogue))
    }

    missing = {
        (str(path.relative_to(settings.BASE_DIR)), text)
        for path, context, text in spoken(settings.BASE_DIR / app)
        if (context, text) not in known
    }

    assert missing == set(), "run manage.py makemessages -l ko, and translate what is new"


@pytest.mark.parametrize("sentence", ["This field is required.", "South Korea", "Incorrect code."])
def test_packages_speak_korean_as_well(sentence):
    with override("ko"):
        assert re.search("[가-힣]", gettext(sentence))


@pytest.mark.parametrize("style", ["DATETIME_FORMAT", "SHORT_DATETIME_FORMAT"])
def test_english_dates_name_the_month(style):
    with override("en"):
        written = date_format(datetime(2026, 11, 21, 16, 4), style)  # noqa: DTZ001  # A text, no moment.

    assert written == "21 Nov 2026, 16:04"


def test_the_half_of_the_day_stands_before_the_hour():
    with override("ko"):
        written = date_format(datetime(2026, 11, 21, 17, 1), "DATETIME_FORMAT")  # noqa: DTZ001  # As above.

    assert written == "2026년 11월 21일 오후 5:01"
