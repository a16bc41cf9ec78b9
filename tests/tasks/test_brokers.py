from celery import current_app
from django.conf import settings
from django.test import override_settings

from tests.brokers import broker_at

AWAY = "redis://127.0.0.1:1/0"


def test_the_broker_is_back_afterwards_although_the_settings_were_moved_before():
    with override_settings(CELERY_BROKER_URL=AWAY), broker_at(AWAY):
        assert current_app.conf.broker_url == AWAY

    assert current_app.conf.broker_url == settings.CELERY_BROKER_URL != AWAY
