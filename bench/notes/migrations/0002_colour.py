from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notes", "0001_initial")]
    operations = [
        migrations.AddField(
            "note", "colour", models.CharField(max_length=20, default="", db_default="")
        ),
    ]
