"""What must hold by construction, for apps that are still to come as well."""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from tenancy.context import workspace_context
from tests.contexts import public_context

SHARED_ALONE = {"contenttypes", "tenancy", "tenants", "tasks", "django_tenants"}


def labels(names):
    return {config.label for config in apps.get_app_configs() if config.name in names}


def with_tables(names):
    return {label for label in labels(names) if list(apps.get_app_config(label).get_models())}


def test_whatever_refers_to_a_user_stands_in_public_and_in_every_tenant():
    user = apps.get_model(settings.AUTH_USER_MODEL)
    referring = {
        relation.related_model._meta.app_label for relation in user._meta.get_fields()
        if relation.is_relation and relation.auto_created
    } | {user._meta.app_label, "auth"}  # fmt: skip

    assert referring <= labels(settings.SHARED_APPS) & labels(settings.TENANT_APPS)


def test_only_these_are_shared_alone():
    shared, tenant = labels(settings.SHARED_APPS), labels(settings.TENANT_APPS)

    assert shared - tenant == SHARED_ALONE
    assert tenant <= shared
    assert with_tables(settings.INSTALLED_APPS) <= shared


def test_tenant_tables_refer_to_their_own_schema_alone(acme):
    with workspace_context(acme), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT target_schema.nspname, target.relname
            FROM pg_constraint
            JOIN pg_class source ON source.oid = conrelid
            JOIN pg_namespace source_schema ON source_schema.oid = source.relnamespace
            JOIN pg_class target ON target.oid = confrelid
            JOIN pg_namespace target_schema ON target_schema.oid = target.relnamespace
            WHERE contype = 'f' AND source_schema.nspname = current_schema()
            """
        )
        referred = {schema for schema, _table in cursor.fetchall()}

    assert referred == {acme.schema_name}


def test_no_public_table_refers_to_a_tenants(acme):
    with public_context(), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM pg_constraint
            JOIN pg_class source ON source.oid = conrelid
            JOIN pg_class target ON target.oid = confrelid
            WHERE contype = 'f' AND source.relnamespace = 'public'::regnamespace
              AND target.relnamespace <> 'public'::regnamespace
            """
        )
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("schema", ["public", "tenant"])
def test_every_table_has_a_primary_key_and_no_trigger(acme, schema):
    name = acme.schema_name if schema == "tenant" else "public"
    with public_context(), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT relname FROM pg_class
            WHERE relkind = 'r' AND relnamespace = %s::regnamespace AND NOT EXISTS
                (SELECT FROM pg_constraint WHERE conrelid = pg_class.oid AND contype = 'p')
            UNION ALL
            SELECT relname FROM pg_class JOIN pg_trigger ON tgrelid = pg_class.oid
            WHERE relnamespace = %s::regnamespace AND NOT tgisinternal
            """,
            [name, name],
        )
        assert cursor.fetchall() == []
