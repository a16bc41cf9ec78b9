"""What pages say about people: days and roles, in each reader's language and zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from accounts.models import Role

EVENING = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)


def rendered(text, **context):
    return Template("{% load people %}" + text).render(Context(context))


def test_a_day_is_written_in_the_language_and_zone_of_its_reader():
    with translation.override("en"), timezone.override(ZoneInfo("UTC")):
        english = rendered("{% day moment %}", moment=EVENING)
    with translation.override("ko"), timezone.override(ZoneInfo("Asia/Seoul")):
        korean = rendered("{% day moment %}", moment=EVENING)
    with translation.override("en"), timezone.override(ZoneInfo("Asia/Seoul")):
        elsewhere = rendered("{% day moment %}", moment=EVENING)

    assert english == '<time datetime="2026-11-02T23:30:00+00:00">2 Nov 2026</time>'
    assert korean == '<time datetime="2026-11-03T08:30:00+09:00">2026년 11월 3일</time>'
    assert elsewhere == '<time datetime="2026-11-03T08:30:00+09:00">3 Nov 2026</time>'


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_role_is_called_what_the_model_calls_it(language):
    with translation.override(language):
        said = [rendered("{{ role|role_name }}", role=role.value) for role in Role]

        assert said == [str(role.label) for role in Role]
