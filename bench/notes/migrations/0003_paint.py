from zlib import crc32

from django.db import migrations


def paint(apps, schema_editor):
    """Give each row of the schema the colour of its text."""
    Note = apps.get_model("notes", "Note")
    notes = list(Note.objects.filter(colour=""))
    for note in notes:
        note.colour = f"#{crc32(note.text.encode()) % 2**24:06x}"
    Note.objects.bulk_update(notes, ["colour"])


class Migration(migrations.Migration):
    dependencies = [("notes", "0002_colour")]
    operations = [migrations.RunPython(paint, migrations.RunPython.noop)]
