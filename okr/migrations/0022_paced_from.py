"""What is agreed while its period runs is expected from that day on. What is in force already stays as it was agreed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("okr", "0021_confidence_is_the_lowest")]

    operations = [
        migrations.AddField(
            model_name="keyresult",
            name="paced_from",
            field=models.DateField(null=True, verbose_name="expected from"),
        ),
    ]
