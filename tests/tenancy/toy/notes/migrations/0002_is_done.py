from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notes", "0001_initial")]
    operations = [
        migrations.AddField("note", "is_done", models.BooleanField(default=False)),
        migrations.AddField("stamp", "is_done", models.BooleanField(default=False)),
    ]
