
import django.core.validators
import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import performance.foundation.tenancy


class Migration(migrations.Migration):

    dependencies = [
        ('kpis', '0010_tie_outs'),
        ('people', '0007_calendars_follow_the_organisation'),
    ]

    operations = [
        migrations.CreateModel(
            name='Rate',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('source', models.CharField(max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}\\Z', 'Three capital letters, such as EUR.')], verbose_name='currency')),
                ('day', models.DateField(verbose_name='day')),
                ('rate', models.DecimalField(decimal_places=20, max_digits=38, verbose_name='rate')),
                ('is_carried', models.BooleanField(default=False, verbose_name='carried over')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='RateProposal',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('average', 'Average of a month'), ('daily', 'Rate of a day'), ('closing', 'Closing rate')], max_length=7, verbose_name='kind')),
                ('currency', models.CharField(max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}\\Z', 'Three capital letters, such as EUR.')], verbose_name='into')),
                ('origin', models.CharField(choices=[('file', 'From a file'), ('dataset', 'From a dataset'), ('hand', 'By hand')], max_length=7, verbose_name='where from')),
                ('origin_name', models.CharField(blank=True, max_length=200, verbose_name='file or dataset')),
                ('is_inverse', models.BooleanField(default=False, verbose_name='turned over')),
                ('carried_days', models.PositiveSmallIntegerField(default=0, verbose_name='days carried over')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='what changes and why')),
                ('rows', models.JSONField(verbose_name='rates')),
                ('left_out', models.PositiveIntegerField(default=0, verbose_name='rows left out')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='RateVersion',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('average', 'Average of a month'), ('daily', 'Rate of a day'), ('closing', 'Closing rate')], max_length=7, verbose_name='kind')),
                ('currency', models.CharField(max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}\\Z', 'Three capital letters, such as EUR.')], verbose_name='into')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('origin', models.CharField(choices=[('file', 'From a file'), ('dataset', 'From a dataset'), ('hand', 'By hand')], max_length=7, verbose_name='where from')),
                ('origin_name', models.CharField(blank=True, max_length=200, verbose_name='file or dataset')),
                ('is_inverse', models.BooleanField(default=False, verbose_name='turned over')),
                ('carried_days', models.PositiveSmallIntegerField(default=0, verbose_name='days carried over')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='what changes and why')),
                ('rate_count', models.PositiveIntegerField(verbose_name='rates')),
                ('changes', models.PositiveIntegerField(verbose_name='rates that changed')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
            ],
            options={
                'ordering': ['kind', '-number'],
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
            },
        ),
        migrations.AddField(
            model_name='rate',
            name='organisation',
            field=performance.foundation.tenancy.OrganisationKey(db_index=False, default=performance.foundation.tenancy.organisation_id_or_none, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.organisation'),
        ),
        migrations.AddField(
            model_name='rateproposal',
            name='made_by',
            field=performance.foundation.tenancy.TenantForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person'),
        ),
        migrations.AddField(
            model_name='rateproposal',
            name='organisation',
            field=performance.foundation.tenancy.OrganisationKey(db_index=False, default=performance.foundation.tenancy.organisation_id_or_none, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.organisation'),
        ),
        migrations.AddField(
            model_name='rateversion',
            name='made_by',
            field=performance.foundation.tenancy.TenantForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person'),
        ),
        migrations.AddField(
            model_name='rateversion',
            name='organisation',
            field=performance.foundation.tenancy.OrganisationKey(db_index=False, default=performance.foundation.tenancy.organisation_id_or_none, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.organisation'),
        ),
        migrations.AddField(
            model_name='rate',
            name='version',
            field=performance.foundation.tenancy.TenantForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='rates', to='kpis.rateversion'),
        ),
        migrations.AddConstraint(
            model_name='rateproposal',
            constraint=models.UniqueConstraint(fields=('organisation', 'made_by', 'kind'), name='rate_proposal_once_a_person'),
        ),
        migrations.AddConstraint(
            model_name='rateproposal',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['average', 'daily', 'closing'])), name='rate_proposal_kind'),
        ),
        migrations.AddConstraint(
            model_name='rateversion',
            constraint=models.UniqueConstraint(fields=('organisation', 'kind', 'currency', 'number'), name='rate_version_number_once'),
        ),
        migrations.AddConstraint(
            model_name='rateversion',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['average', 'daily', 'closing'])), name='rate_version_kind'),
        ),
        migrations.AddConstraint(
            model_name='rate',
            constraint=models.UniqueConstraint(fields=('organisation', 'version', 'source', 'day'), name='rate_once_a_version'),
        ),
        migrations.AddConstraint(
            model_name='rate',
            constraint=models.CheckConstraint(condition=models.Q(('rate__gt', 0)), name='rate_is_above_zero'),
        ),
    ]
