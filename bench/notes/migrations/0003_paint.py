from django.db import migrations


def paint(apps, schema_editor):
    """Give each row of the schema a colour."""
    apps.get_model("notes", "Note").objects.filter(colour="").update(colour="red")


class Migration(migrations.Migration):
    dependencies = [("notes", "0002_colour")]
    operations = [migrations.RunPython(paint, migrations.RunPython.noop)]
