"""How far it is from a form to an e-mail: the functions of ours on the stack at three moments."""

import sys
from pathlib import Path

from celery import current_app
from django.core.mail import EmailMessage
from django.db.backends.base.base import BaseDatabaseWrapper

from dev.paths import PACKAGES, ROOT
from tasks import outbox
from tasks.models import Message
from tenants.models import Tenant
from tests.contexts import public_context
from tests.fixtures import PASSWORD

MOST_FUNCTIONS, MOST_MODULES = 14, 11


class Trace:
    """Notes the stack each time that one of some functions is called."""

    def __init__(self, **targets):
        self.targets = {function.__code__: name for name, function in targets.items()}
        self.stacks = []

    def __enter__(self):
        sys.setprofile(self)
        return self

    def __exit__(self, *_):
        sys.setprofile(None)

    def __call__(self, frame, event, _argument):
        if event == "call" and (name := self.targets.get(frame.f_code)):
            self.stacks.append((name, list(ours_on_the_stack(frame))))

    def first(self, name, *, below=""):
        """The stack at the first call of a function; of one that `below` led to."""
        for called, stack in self.stacks:
            if called == name and (not below or below in dict(stack).values()):
                return stack
        raise AssertionError(f"{name} was not called below {below or 'anything'}")


def ours_on_the_stack(frame):
    """Yield module and function of each frame of the service, from the inside out."""
    while frame:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in PACKAGES:
            yield path.relative_to(ROOT).as_posix(), frame.f_code.co_qualname
        frame = frame.f_back


def test_a_sign_up_takes_few_functions(committed, base_client, mailoutbox):
    typed = {
        "organization": "Initech",
        "subdomain": "initech",
        "full_name": "Peter Gibbons",
        "email": "peter@initech.test",
        "password": PASSWORD,
        "terms": "on",
    }
    with Trace(
        commit=BaseDatabaseWrapper._commit, enqueue=outbox.enqueue, send=EmailMessage.send
    ) as trace:
        assert base_client.post("/signup/", typed).status_code == 303
        with public_context():
            tenant = Tenant.objects.get(slug="initech")
            welcome = Message.objects.get(schema_name=tenant.schema_name, kind="welcome")
        headers = {"schema_name": tenant.schema_name}
        current_app.tasks[welcome.task].apply(args=(str(welcome.pk),), headers=headers, throw=True)

    assert len(mailoutbox) == 1
    path = {
        *trace.first("commit", below="open_tenant"),
        *trace.first("enqueue", below="open_tenant"),
        *trace.first("send"),
    }
    assert len(path) <= MOST_FUNCTIONS, sorted(path)
    assert len({module for module, _function in path}) <= MOST_MODULES, sorted(path)
