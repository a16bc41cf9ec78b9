from django.db import migrations


class Migration(migrations.Migration):
    """The extension behind the search for people, once for all tenants.

    PostgreSQL trusts it: the owner of the database may add it, which the migrator is. Taking it
    back would take the tenants' indexes along, so that is left to whoever means it.
    """

    dependencies = [
        ('tenants', '0006_revision'),
    ]
    run_before = [
        ('accounts', '0002_user_by_words'),
    ]

    operations = [
        migrations.RunSQL(
            'CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public',
            migrations.RunSQL.noop,
        ),
    ]
