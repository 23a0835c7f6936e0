"""How many rows of a dataset no month counts, kept with each load."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sources', '0010_first_rows_are_adopted'),
    ]

    operations = [
        migrations.AddField(
            model_name='load',
            name='undated',
            field=models.JSONField(blank=True, default=dict, verbose_name='rows without a date'),
        ),
    ]
