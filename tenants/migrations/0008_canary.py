from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0007_trigrams'),
    ]

    operations = [
        migrations.AddField(
            model_name='tenant',
            name='is_canary',
            field=models.BooleanField(db_default=False, default=False, editable=False, verbose_name='canary'),
        ),
    ]
