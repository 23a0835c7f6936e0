"""Every score has its columns by now; the JSON that they replace goes."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import performance.foundation.tenancy


def array(name, inner, label):
    return migrations.AlterField(
        model_name="score",
        name=name,
        field=django.contrib.postgres.fields.ArrayField(base_field=inner, size=None, verbose_name=label),
    )


class Migration(migrations.Migration):
    dependencies = [("scoring", "0009_kept_scores_move_to_columns")]

    operations = [
        migrations.AlterField(
            model_name="score",
            name="basis",
            field=performance.foundation.tenancy.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="scoring.scorebasis",
            ),
        ),
        array("raw_micro", models.DecimalField(decimal_places=0, max_digits=40, null=True), "raw values"),
        array("covered_ppm", models.IntegerField(), "coverage of each value"),
        array("provisional", models.BooleanField(), "provisional values"),
        migrations.AlterField(
            model_name="score", name="refs", field=models.TextField(verbose_name="references")
        ),
        array("value_micro", models.BigIntegerField(), "component scores"),
        array("treatment", models.SmallIntegerField(), "treatment"),
        array("effective_ppm", models.IntegerField(), "effective weights"),
        array("constant_ppm", models.IntegerField(), "constant weights"),
        array("contribution_micro", models.BigIntegerField(), "contributions"),
        array("constant_contribution_micro", models.BigIntegerField(), "contributions at constant weights"),
        migrations.RemoveField(model_name="score", name="evidence"),
        migrations.RemoveField(model_name="score", name="explanation"),
    ]
