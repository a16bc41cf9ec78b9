from django.db import migrations

TIES = {
    "auth_permission": "auth_permission_content_type_id_2f476e4b_fk_django_co",
    "django_admin_log": "django_admin_log_content_type_id_c4bce8eb_fk_django_co",
}


def _drop(table, name):
    return f"ALTER TABLE {table} DROP CONSTRAINT {name}"


def _add(table, name):
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (content_type_id)"
        " REFERENCES django_content_type (id) DEFERRABLE INITIALLY DEFERRED"
    )


class Migration(migrations.Migration):
    """Take off the foreign keys of Django's own tables to the one table that all tenants share.

    Each key puts two triggers on that table, which PostgreSQL reads anew, all tenants' of them,
    whenever one more comes; and to make or drop a schema locked it against everybody else's.
    """

    dependencies = [
        ("accounts", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunSQL(_drop(*tie), _add(*tie), hints={"schema": "both"}) for tie in TIES.items()
    ]
