"""An index that says whose turn it is, however many letters wait."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tasks", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["schema_name", "expires_at", "due_at"],
                name="message_in_turn",
                condition=models.Q(("state__in", ("pending", "sending", "failed"))),
            ),
        ),
    ]
