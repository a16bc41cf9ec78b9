import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import tenancy.models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel("Club", [
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
            (
                "schema_name",
                models.CharField(
                    max_length=63, unique=True, default=tenancy.models.new_schema_name
                ),
            ),
            ("slug", models.SlugField(unique=True)),
            ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ("revision", models.CharField(max_length=40, default="")),
        ]),
        migrations.CreateModel("Domain", [
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
            ("domain", models.CharField(db_index=True, max_length=253, unique=True)),
            ("is_primary", models.BooleanField(db_index=True, default=True)),
            (
                "tenant",
                models.ForeignKey(
                    "clubs.club", django.db.models.deletion.CASCADE, related_name="domains"
                ),
            ),
        ]),
    ]
