"""Runs that compare everybody's scores by night, one a period at a time, and what they find."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import performance.foundation.tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0007_calendars_follow_the_organisation"),
        ("scoring", "0005_questions"),
    ]

    operations = [
        migrations.CreateModel(
            name="ScoreDifference",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("again_micro", models.BigIntegerField(null=True, verbose_name="score computed again")),
                (
                    "keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        default=list,
                        size=None,
                        verbose_name="components that differ",
                    ),
                ),
                ("is_fault", models.BooleanField(default=False, verbose_name="could not be computed")),
                ("found_at", models.DateTimeField(verbose_name="found at")),
            ],
            options={
                "ordering": ["id"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.RemoveConstraint(
            model_name="scorerun",
            name="one_run_at_a_time",
        ),
        migrations.RemoveConstraint(
            model_name="scorerun",
            name="run_kind_known",
        ),
        migrations.AlterField(
            model_name="scorerun",
            name="kind",
            field=models.CharField(
                choices=[
                    ("full", "Everybody"),
                    ("incremental", "What changed"),
                    ("freeze", "Freeze at closing"),
                    ("check", "Check by night"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="scorerun",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state__in", ["waiting", "running"]),
                    models.Q(("kind__in", ["incremental", "check"]), _negated=True),
                ),
                fields=("organisation", "period"),
                name="one_run_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="scorerun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "check"), ("state__in", ["waiting", "running"])),
                fields=("organisation", "period"),
                name="one_check_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="scorerun",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["full", "incremental", "freeze", "check"])),
                name="run_kind_known",
            ),
        ),
        migrations.AddField(
            model_name="scoredifference",
            name="kept",
            field=performance.foundation.tenancy.TenantForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="scoring.score",
            ),
        ),
        migrations.AddField(
            model_name="scoredifference",
            name="organisation",
            field=performance.foundation.tenancy.OrganisationKey(
                db_index=False,
                default=performance.foundation.tenancy.organisation_id_or_none,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.organisation",
            ),
        ),
        migrations.AddField(
            model_name="scoredifference",
            name="person",
            field=performance.foundation.tenancy.TenantForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.person",
            ),
        ),
        migrations.AddField(
            model_name="scoredifference",
            name="run",
            field=performance.foundation.tenancy.TenantForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="differences",
                to="scoring.scorerun",
            ),
        ),
        migrations.AddConstraint(
            model_name="scoredifference",
            constraint=models.UniqueConstraint(
                fields=("organisation", "run", "person"), name="difference_once"
            ),
        ),
    ]
