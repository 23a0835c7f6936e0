"""What scores are called, and simulations. Versions that are there already were decided without bands, and keep none."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import performance.foundation.tenancy
import performance.scoring.models.policies


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0007_calendars_follow_the_organisation"),
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
        migrations.CreateModel(
            name="Simulation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("plan", models.JSONField(verbose_name="plan")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("failed", "Failed"),
                            ("done", "Done"),
                        ],
                        default="waiting",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0, verbose_name="people")),
                ("done", models.PositiveIntegerField(default=0, verbose_name="people done")),
                ("compared", models.PositiveIntegerField(default=0, verbose_name="compared")),
                (
                    "unscored",
                    models.PositiveIntegerField(default=0, verbose_name="without a score in the period"),
                ),
                (
                    "incomparable",
                    models.PositiveIntegerField(default=0, verbose_name="without comparable evidence"),
                ),
                (
                    "provisional",
                    models.PositiveIntegerField(default=0, verbose_name="compared by a provisional score"),
                ),
                ("within", models.PositiveIntegerField(default=0, verbose_name="within one point")),
                ("beyond", models.PositiveIntegerField(default=0, verbose_name="over the limit")),
                ("band_up", models.PositiveIntegerField(default=0, verbose_name="a band up")),
                ("band_down", models.PositiveIntegerField(default=0, verbose_name="a band down")),
                ("change_micro", models.BigIntegerField(default=0, verbose_name="sum of changes")),
                (
                    "bins",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(),
                        default=list,
                        size=None,
                        verbose_name="changes by size",
                    ),
                ),
                ("absent", models.JSONField(default=dict, verbose_name="components without evidence")),
                ("reached", models.UUIDField(null=True, verbose_name="reached")),
                ("held_until", models.DateTimeField(null=True, verbose_name="held by a worker until")),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                ("started_at", models.DateTimeField(null=True, verbose_name="started at")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished at")),
                (
                    "asked_by",
                    performance.foundation.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.person",
                    ),
                ),
                (
                    "organisation",
                    performance.foundation.tenancy.OrganisationKey(
                        db_index=False,
                        default=performance.foundation.tenancy.organisation_id_or_none,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
                (
                    "period",
                    performance.foundation.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.period",
                    ),
                ),
                (
                    "version",
                    performance.foundation.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="simulations",
                        to="scoring.policyversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="SimulatedScore",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("level", models.CharField(blank=True, max_length=20, verbose_name="level")),
                (
                    "tenure",
                    models.CharField(
                        choices=[
                            ("under_1", "Under 1 year"),
                            ("1_to_3", "1 to 3 years"),
                            ("over_3", "3 years and more"),
                            ("unknown", "Unknown tenure"),
                        ],
                        max_length=20,
                        verbose_name="tenure",
                    ),
                ),
                ("before_micro", models.BigIntegerField(null=True, verbose_name="before")),
                ("after_micro", models.BigIntegerField(null=True, verbose_name="after")),
                ("change_micro", models.BigIntegerField(null=True, verbose_name="change")),
                ("before_band", models.SmallIntegerField(verbose_name="band before")),
                ("after_band", models.SmallIntegerField(verbose_name="band after")),
                (
                    "absent",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        default=list,
                        size=None,
                        verbose_name="components without evidence",
                    ),
                ),
                ("parts", models.JSONField(default=list, verbose_name="what moved most")),
                (
                    "organisation",
                    performance.foundation.tenancy.OrganisationKey(
                        db_index=False,
                        default=performance.foundation.tenancy.organisation_id_or_none,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
                (
                    "person",
                    performance.foundation.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.person",
                    ),
                ),
                (
                    "score",
                    performance.foundation.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scoring.score",
                    ),
                ),
                (
                    "unit",
                    performance.foundation.tenancy.TenantForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.businessunit",
                    ),
                ),
                (
                    "simulation",
                    performance.foundation.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scores",
                        to="scoring.simulation",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.AddIndex(
            model_name="simulation",
            index=models.Index(fields=["organisation", "state", "held_until"], name="simulation_waiting"),
        ),
        migrations.AddConstraint(
            model_name="simulation",
            constraint=models.UniqueConstraint(
                fields=("organisation", "version", "period"), name="simulation_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="simulation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "running", "failed", "done"])),
                name="simulation_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="simulatedscore",
            constraint=models.UniqueConstraint(
                fields=("organisation", "simulation", "person"), name="simulated_score_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="simulatedscore",
            constraint=models.CheckConstraint(
                condition=models.Q(("tenure__in", ["under_1", "1_to_3", "over_3", "unknown"])),
                name="simulated_tenure_known",
            ),
        ),
    ]
