"""Every form by itself: whatever is typed, it says yes or no, and keeps what a column holds."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import RequestFactory
from hypothesis import given, strategies as st

from accounts.models import User
from dev.paths import PACKAGES
from tasks import addresses
from tenancy.context import workspace_context
from tests.contexts import public_context
from tests.promises.input import corpus
from tests.promises.input.people import encoded

pytestmark = [pytest.mark.long, pytest.mark.django_db]

ROOT = Path(__file__).resolve().parents[3]
OURS = PACKAGES
# Shorter than a column as it is typed, and longer as it is kept.
GROWN = "a@" + ".".join(["İ" * 20] * 11) + ".test"


def every_form():
    """Every form class of ours, found by what there is; filters make theirs by themselves."""
    for module in _modules():
        import_module(module)
    found, left = {}, [forms.BaseForm]
    while left:
        for each in left.pop().__subclasses__():
            left.append(each)
            if each.__module__.split(".")[0] in OURS and each.base_fields:
                found[f"{each.__module__}.{each.__qualname__}"] = each
    return found


def _modules():
    for app in OURS:
        for path in sorted(ROOT.joinpath(app).rglob("*.py")):
            if "migrations" not in path.parts and re.search(r"\bforms\b", path.read_text()):
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


FORMS = every_form()


@pytest.fixture
def typing(acme, make_user):
    """Fill in a form as a browser's bytes would, with whatever else its page tells it."""
    owner = make_user(acme, "olive@acme.test", role="owner")
    request = RequestFactory(SERVER_NAME=acme.host).post("/")
    request.user, request.session, request.htmx = owner, {}, False
    told = {
        "by": owner,
        "user": owner,
        "email": owner.email,
        "may_act": True,
        "code": "ABCD-EFGH",
        "request": request,
        "object_id": acme.pk,
        "temp_key": "x",
    }

    def fill_in(form, typed):
        files = {name: SimpleUploadedFile("x.png", corpus.as_bytes(typed[name])) for name in typed}
        given = {"data": QueryDict(encoded(typed)), "files": files, **told}
        context = public_context() if ".admin." in form.__module__ else workspace_context(acme)
        with context:
            made = _made(form, given)
            is_valid = made.is_valid()
        _look_at(made, is_valid=is_valid)
        return is_valid

    return fill_in


def _made(form, given):
    """Make a form of what its makers, all the way up, ask for by name."""
    names = set()
    for each in form.__mro__:
        if "__init__" in vars(each) and each is not object:
            names |= _asked_for(each)
            if inspect.getfullargspec(each.__init__).varkw is None:
                break
    return form(**{name: value for name, value in given.items() if name in names})


def _asked_for(form):
    popped = re.findall(r"kwargs\.(?:pop|get)\([\"'](\w+)", inspect.getsource(form.__init__))
    return {*popped, *inspect.signature(form.__init__).parameters}


def _look_at(made, *, is_valid):
    """A no has a sentence, a yes keeps what a column can hold."""
    assert is_valid or all(str(error) for errors in made.errors.values() for error in errors)
    for name, value in made.cleaned_data.items() if is_valid else ():
        if isinstance(value, str):
            value.encode()
            assert "\0" not in value, name
            assert len(value.lower()) <= 254 or "email" not in name, name


@pytest.mark.parametrize("name", FORMS)
def test_a_form_says_yes_or_no_to_whatever_is_typed(typing, figure, full, name):
    form, answers = FORMS[name], []

    @given(st.data())
    def attack(data):
        answers.append(typing(form, {field: data.draw(corpus.texts) for field in form.base_fields}))

    attack()
    texts = (*corpus.TEXTS, GROWN) if full else (GROWN, "\0", "x" * 1_000_000)
    answers += [typing(form, dict.fromkeys(form.base_fields, text)) for text in texts]

    figure("Bad input", f"entries in {name}", len(answers))


def test_there_are_forms():
    assert {
        "tenants.signup.forms.SignUpForm",
        "tenants.settings.forms.SettingsForm",
        "accounts.profiles.forms.ProfileForm",
        "accounts.invitations.forms.InviteForm",
        "operations.admin.operators.OperatorForm",
        "accounts.sign_in.forms.LoginForm",
    } <= FORMS.keys()


def test_an_address_that_grows_in_lower_case_is_refused():
    assert len(GROWN) <= 254 < len(GROWN.lower())

    with pytest.raises(forms.ValidationError):
        addresses.canonical(GROWN)


@given(st.emails(), st.sampled_from(["", "İ" * 20, "ΐ" * 20, "Å" * 30]))
def test_an_address_that_is_kept_fits_its_column(email, label):
    typed = email + (f".{label}.test" if label else "")
    try:
        kept = addresses.canonical(typed)
    except forms.ValidationError:
        return
    assert len(kept) <= User._meta.get_field("email").max_length
    assert addresses.canonical(kept) == kept
