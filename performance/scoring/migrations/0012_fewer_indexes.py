"""Scores and which of them is in force have the indexes that they are found by, and no others."""

import django.db.models.deletion
from django.db import migrations

import performance.foundation.tenancy


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0007_calendars_follow_the_organisation'),
        ('scoring', '0011_runs_in_parts'),
    ]

    operations = [
        migrations.AlterField(
            model_name='currentscore',
            name='period',
            field=performance.foundation.tenancy.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.period'),
        ),
        migrations.AlterField(
            model_name='currentscore',
            name='person',
            field=performance.foundation.tenancy.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='current_scores', to='people.person'),
        ),
        migrations.AlterField(
            model_name='currentscore',
            name='score',
            field=performance.foundation.tenancy.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='scoring.score'),
        ),
        migrations.AlterField(
            model_name='score',
            name='period',
            field=performance.foundation.tenancy.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.period'),
        ),
        migrations.AlterField(
            model_name='score',
            name='person',
            field=performance.foundation.tenancy.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person'),
        ),
        migrations.AlterField(
            model_name='score',
            name='run',
            field=performance.foundation.tenancy.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='scoring.scorerun'),
        ),
        migrations.AlterField(
            model_name='score',
            name='version',
            field=performance.foundation.tenancy.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='scoring.policyversion'),
        ),
    ]
