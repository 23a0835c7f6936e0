"""Scores get columns for their numbers, and tables for what many of them share."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import performance.foundation.tenancy


def shared(name, content, label):
    return migrations.CreateModel(
        name=name,
        fields=[
            (
                "id",
                models.UUIDField(
                    default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                ),
            ),
            (content, models.JSONField(verbose_name=label)),
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
        ],
        options={
            "abstract": False,
            "base_manager_name": "objects",
            "default_manager_name": "objects",
        },
    )


def array(name, inner, label):
    return migrations.AddField(
        model_name="score",
        name=name,
        field=django.contrib.postgres.fields.ArrayField(
            base_field=inner, null=True, size=None, verbose_name=label
        ),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0007_calendars_follow_the_organisation"),
        ("scoring", "0007_market_rules"),
    ]

    operations = [
        shared("ScoreBasis", "content", "content"),
        shared("ScoreTrail", "refs", "references"),
        migrations.AddField(
            model_name="score",
            name="basis",
            field=performance.foundation.tenancy.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="scoring.scorebasis",
            ),
        ),
        array("raw_micro", models.DecimalField(decimal_places=0, max_digits=40, null=True), "raw values"),
        array("covered_ppm", models.IntegerField(), "coverage of each value"),
        array("provisional", models.BooleanField(), "provisional values"),
        array("previous_micro", models.BigIntegerField(null=True), "scores carried forward"),
        migrations.AddField(
            model_name="score", name="refs", field=models.TextField(null=True, verbose_name="references")
        ),
        array("value_micro", models.BigIntegerField(), "component scores"),
        array("treatment", models.SmallIntegerField(), "treatment"),
        array("effective_ppm", models.IntegerField(), "effective weights"),
        array("constant_ppm", models.IntegerField(), "constant weights"),
        array("contribution_micro", models.BigIntegerField(), "contributions"),
        array("constant_contribution_micro", models.BigIntegerField(), "contributions at constant weights"),
    ]
