"""Runs over everybody are carried out in parts, by workers side by side; a run under way begins anew."""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import performance.foundation.tenancy


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0007_calendars_follow_the_organisation'),
        ('scoring', '0010_scores_are_columns_alone'),
    ]

    operations = [
        migrations.CreateModel(
            name='ScoreRunPart',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('after', models.UUIDField(null=True, verbose_name='after')),
                ('until', models.UUIDField(null=True, verbose_name='until')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
            ],
            options={
                'ordering': ['number'],
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
            },
        ),
        migrations.RemoveIndex(
            model_name='scorerun',
            name='run_waiting',
        ),
        migrations.RemoveField(
            model_name='scorerun',
            name='held_until',
        ),
        migrations.RemoveField(
            model_name='scorerun',
            name='reached',
        ),
        migrations.AddIndex(
            model_name='scorerun',
            index=models.Index(fields=['organisation', 'state'], name='run_waiting'),
        ),
        migrations.AddField(
            model_name='scorerunpart',
            name='organisation',
            field=performance.foundation.tenancy.OrganisationKey(db_index=False, default=performance.foundation.tenancy.organisation_id_or_none, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.organisation'),
        ),
        migrations.AddField(
            model_name='scorerunpart',
            name='run',
            field=performance.foundation.tenancy.TenantForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='scoring.scorerun'),
        ),
        migrations.AddConstraint(
            model_name='scorerunpart',
            constraint=models.UniqueConstraint(fields=('organisation', 'run', 'number'), name='run_part_once'),
        ),
    ]
