"""The guards of `make lint`: each fires on what it forbids, and on nothing beside it."""

import json
import subprocess
import sys

import pytest

from dev.guards import __main__ as guards, code, exceptions, templates
from dev.guards.findings import RULES
from dev.paths import ROOT

CONTEXTS = "from tenancy.context import public_context, workspace_context as ours\n"

REFUSED = {
    "raw-query": [
        "from django.db import connection as c\nc.cursor()",
        "from django.db import connections\nconnections['default'].cursor(name='x')",
        "def f(connection):\n    connection.cursor('named')",
        "User.objects.raw('SELECT 1')",
        "User.objects.extra(where=['1=1'])",
        "from django.db.models.expressions import RawSQL\nUser.objects.annotate(a=RawSQL('1', []))",
        "from django.db import migrations\nmigrations.RunSQL('SELECT 1')",
        "import psycopg\npsycopg.connect(url)",
        "from psycopg import Connection\nConnection.connect(url)",
        "from django.db import connection\nconnection.connection.execute('SELECT 1')",
    ],
    "context-switch": [
        "from django.db import connection\nconnection.set_tenant(tenant)",
        "connection.set_schema('t_1')",
        "connection.set_schema_to_public()",
        "from django.db import connection\nconnection.tenant = tenant",
        "statement = 'SET LOCAL search_path TO t_1'",
        "statement = f\"SELECT set_config('search_path', '{path}', true)\"",
    ],
    "context-form": [
        "def f(tenant):\n    with tenant: pass",
        "def f(request):\n    with request.workspace: pass",
        f"{CONTEXTS}@public_context()\ndef f(): pass",
        f"{CONTEXTS}with ours(tenant): pass",
        f"{CONTEXTS}def f():\n    kept = public_context()",
    ],
    "cache-key": [
        "from django.core.cache import caches\ncaches['other'].get('a')",
        "from django.core import cache as c\nc.caches[name].get('a')",
        "from django_redis import get_redis_connection\nget_redis_connection().get('a')",
        "import redis\nredis.Redis.from_url(url)",
        "from redis import Redis\nRedis()",
        "import redis.asyncio as r\nr.from_url(url)",
        "from limits.storage import storage_from_string\nstorage_from_string(url)",
        "from django.core.cache.backends.locmem import LocMemCache\nLocMemCache('a', {})",
        "CACHES = {'a': {'BACKEND': 'django_redis.cache.RedisCache'}}",
        "CACHES = {'a': {'KEY_FUNCTION': 'mine.key'}}",
    ],
    "process-memory": [
        "from functools import cache\n@cache\ndef f(): pass",
        "import functools\n@functools.lru_cache(maxsize=1)\ndef f(): pass",
    ],
    "cookie-domain": [
        "SESSION_COOKIE_DOMAIN = '.example.com'",
        "settings.CSRF_COOKIE_DOMAIN",
        "override_settings(LANGUAGE_COOKIE_DOMAIN='.example.com')",
        "vars()['SESSION_COOKIE_DOMAIN'] = None",
        "response.set_cookie('a', 'b', domain='.example.com')",
    ],
    "async": ["async def view(request): pass"],
    "unescaped": [
        "from django.utils.html import format_html\nformat_html(f'<b>{name}</b>')",
        "class A:\n    def __html__(self): return self.name",
    ],
    "task-base": [
        "from celery import shared_task\n@shared_task\ndef f(): pass",
        "from celery import shared_task\n@shared_task(bind=True)\ndef f(): pass",
        "from celery import shared_task, Task\n@shared_task(base=Mine)\ndef f(): pass",
        "from saas.celery import app\n@app.task\ndef f(): pass",
        "from celery import Task\nclass Mine(Task): pass",
    ],
    "late-task": [
        "send.delay_on_commit(1)",
        "send.apply_async_on_commit((1,))",
    ],
    "on-commit": [
        "from functools import partial\ntransaction.on_commit(partial(f, 1), robust=True)",
        "from django.db.transaction import on_commit\non_commit(lambda: f(1))",
        "transaction.on_commit(f, robust=False)",
        (
            "from django.db import connection\n"
            "transaction.on_commit(lambda: f(connection.schema_name), robust=True)"
        ),
        (
            "from tenancy.context import current_schema\n"
            "transaction.on_commit(lambda: f(current_schema()), robust=True)"
        ),
    ],
    "script-name": [
        "def f(request):\n    return request.path",
        "class A:\n    def f(self):\n        return self.request.path",
        "request.get_full_path()",
        "request.build_absolute_uri('/')",
    ],
}

BANNED = [
    "from django_tenants.utils import tenant_context\nwith tenant_context(t): pass",
    "from django_tenants import utils\nutils.schema_context(t)",
    "from django.utils.safestring import mark_safe\nmark_safe(name)",
    "from django.utils import safestring\nsafestring.SafeString(name)",
    "from django.utils.html import html_safe\n@html_safe\nclass A: pass",
    "from tenant_schemas_celery.task import TenantTask",
    "import threading\nthreading.Thread(target=f).start()",
    "from threading import Timer as later",
    "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor().submit(f)",
    "from asgiref.sync import sync_to_async\nsync_to_async(f)",
    "import multiprocessing\nmultiprocessing.Process(target=f)",
    "import asyncio\nasyncio.run(f())",
    "import _thread\n_thread.start_new_thread(f, ())",
]

SENT = {
    "inline-script": [
        "<script>alert(1)</script>",
        '<script type="module">\n</script>',
        '<a href="/" onclick="go()">',
        '<a href="javascript:go()">',
    ],
    "inline-style": ["<style>a {}</style>", '<p style="color: red">', '<p class="a"\n style="a">'],
    "remote-address": [
        '<script src="https://cdn.example.com/a.js"></script>',
        '<img src="//cdn.example.com/a.png">',
        '<a href="http://example.com">',
    ],
    "unescaped": [
        "{{ name|safe }}",
        "{{ name | safe }}",
        "{% autoescape off %}",
        "{{ a|safeseq }}",
    ],
    "script-name": ["{{ request.path }}", "{% if request.get_full_path == '/' %}"],
}

ALLOWED = [
    "page.cursor(row)",
    '"""A docstring may speak of SET search_path."""',
    f"{CONTEXTS}def f():\n    with public_context(), ours(tenant): pass",
    f"{CONTEXTS}def f():\n    return public_context()",
    "from django.core.cache import cache, caches\ncache.get('a')\ncaches['default'].get('a')",
    "CACHES = {'a': {'BACKEND': 'x.Cache', 'KEY_FUNCTION': 'tenancy.context.cache_key'}}",
    "from redis import RedisError\ntry: f()\nexcept RedisError: pass",
    "from functools import cached_property\nclass A:\n    @cached_property\n    def f(self): pass",
    "response.set_cookie('a', 'b', path='/')",
    "from django.utils.html import format_html\nformat_html('<b>{}</b>', name)",
    (
        "from celery import shared_task\nfrom tenancy.task_base import PublicTask\n"
        "@shared_task(base=PublicTask)\ndef f(): pass"
    ),
    (
        "from celery import shared_task\nfrom tenancy.task_base import TenantTask\n"
        "class Mine(TenantTask): pass\n@shared_task(base=Mine)\ndef f(): pass"
    ),
    "transaction.on_commit(lambda: f(name), robust=True)",
    "def f(request, file):\n    return request.path_info, request.get_full_path_info(), file.path",
]

SENT_ALLOWED = [
    "<script src=\"{% static 'a.js' %}\" defer></script>",
    '<script nonce="{{ request.csp_nonce }}">f()</script>',
    '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>',
    "{# <script> and style= are refused #}{% comment %}<style>{% endcomment %}",
    '<a href="{{ base_origin }}/signup/" class="style">',
    "{{ request.path_info }} {{ request.get_full_path_info }}",
]


def each(cases):
    return [pytest.param(rule, text, id=f"{rule}-{n}")
            for rule, texts in cases.items() for n, text in enumerate(texts)]  # fmt: skip


@pytest.mark.parametrize(("rule", "text"), each(REFUSED))
def test_a_guard_fires_on_what_it_forbids(rule, text):
    assert rule in {found.rule for found in code.findings("tenants/signup/views.py", text)}


@pytest.mark.parametrize("name", ["tenants/signup/views.py", "tenants/migrations/0002_rows.py"])
def test_ruff_refuses_what_its_name_alone_gives_away(tmp_path, name):
    files = [tmp_path / name.replace(".py", f"_{number}.py") for number in range(len(BANNED))]
    files[0].parent.mkdir(parents=True)
    for file, text in zip(files, BANNED, strict=True):
        file.write_text(text)
    command = [sys.executable, "-m", "ruff", "check", "--select=TID251", "--output-format=json"]

    done = subprocess.run(
        [*command, f"--config={ROOT / 'pyproject.toml'}", *map(str, files)],
        capture_output=True,
        check=False,
    )

    assert {found["filename"] for found in json.loads(done.stdout)} == {*map(str, files)}


@pytest.mark.parametrize("text", ALLOWED)
def test_a_guard_is_silent_beside_it(text):
    assert list(code.findings("tenants/signup/views.py", text)) == []


@pytest.mark.parametrize(("rule", "text"), each(SENT))
def test_a_guard_fires_on_what_is_sent(rule, text):
    assert rule in {found.rule for found in templates.findings("saas/templates/a.html", text)}


@pytest.mark.parametrize("text", SENT_ALLOWED)
def test_a_guard_lets_files_be_sent_that_keep_to_the_policy(text):
    assert list(templates.findings("saas/templates/a.html", text)) == []


def test_a_static_file_loads_nothing_from_elsewhere():
    css = "a { color: red }\n@import url(//cdn.example.com/a.css);"

    (found,) = templates.findings("saas/static/saas/a.css", css)

    assert (found.line, found.rule) == (2, "remote-address")


def test_every_rule_is_tried_here():
    assert REFUSED.keys() | SENT.keys() == RULES.keys()


def test_a_finding_names_its_line_and_says_what_to_do_instead(tmp_path):
    module = tmp_path / "tenants" / "views.py"
    module.parent.mkdir()
    module.write_text("class View:\n    async def get(self):\n        pass\n")

    nothing = exceptions.Excepted([])

    assert list(guards.complaints_about(tmp_path, nothing)) == [
        f"tenants/views.py:2: [async] {RULES['async']}"
    ]


def test_an_exception_covers_its_function_alone_and_only_while_it_is_needed(tmp_path):
    module = tmp_path / "saas" / "health.py"
    module.parent.mkdir()
    query = "    connection.cursor()\n"
    module.write_text(f"def asked():\n{query}def other():\n{query}")
    places = ("saas/health.py:asked", "saas/health.py:gone")
    excepted = exceptions.Excepted(
        [exceptions.Exemption("raw-query", place, "For the test.") for place in places]
    )

    found = list(guards.complaints_about(tmp_path, excepted))

    assert found == [
        f"saas/health.py:4: [raw-query] {RULES['raw-query']}",
        (
            "dev/guards/exceptions.toml: [raw-query] saas/health.py:gone needs no exception: "
            "take it out."
        ),
    ]


@pytest.mark.parametrize("listed", ['[no-such-rule]\n"a.py" = "It is so."', '[async]\n"a.py" = ""'])
def test_an_exception_needs_a_rule_and_a_reason(tmp_path, listed):
    (tmp_path / "exceptions.toml").write_text(listed)

    with pytest.raises(ValueError, match=r"exceptions\.toml"):
        exceptions.load(tmp_path / "exceptions.toml")


def test_the_guards_read_code_migrations_templates_and_what_is_served():
    read = {path.relative_to(ROOT).as_posix() for path in guards.sources(ROOT)}

    assert {
        "saas/settings.py",
        "accounts/migrations/0001_initial.py",
        "saas/templates/base.html",
        "accounts/onboarding/templates/mail/welcome/subject.txt",
        "saas/static/saas/theme.css",
    } <= read
    assert not any("vendor" in path or path.startswith("dev/") for path in read)


def test_nothing_goes_past_a_guard(capsys):
    assert guards.main() == 0, capsys.readouterr().out
