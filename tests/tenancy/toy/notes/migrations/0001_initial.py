import uuid

import tenancy.context
import tenancy.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel("Note", [
            ("id", models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)),
            ("text", models.TextField()),
        ]),
        migrations.CreateModel("Stamp", [
            ("id", models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)),
            ("schema_name", tenancy.fields.SchemaNameField(
                "schema", db_index=True, default=tenancy.context.current_schema, editable=False,
                max_length=63,
            )),
            ("text", models.TextField()),
        ]),
    ]
