"""What scores are called. Versions that are there already were decided without bands, and keep none."""

from django.db import migrations, models

import performance.scoring.models.policies


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0003_writers"),
    ]

    operations = [
        migrations.AddField(
            model_name="policyversion",
            name="bands",
            field=models.JSONField(blank=True, default=list, verbose_name="bands"),
        ),
        migrations.AlterField(
            model_name="policyversion",
            name="bands",
            field=models.JSONField(
                blank=True, default=performance.scoring.models.policies.usual_bands, verbose_name="bands"
            ),
        ),
    ]
