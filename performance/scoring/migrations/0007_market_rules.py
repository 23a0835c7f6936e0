"""Market rules of a draft; the database refuses to change those of any other version."""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import performance.foundation.tenancy

GUARDS = """
CREATE OR REPLACE FUNCTION scoring_guard_component() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched record;
    version uuid;
BEGIN
    IF TG_OP = 'DELETE' THEN touched := OLD; ELSE touched := NEW; END IF;
    IF TG_TABLE_NAME = 'scoring_stagemultiplier' THEN
        SELECT version_id INTO version FROM scoring_policycomponent
            WHERE organisation_id = touched.organisation_id AND id = touched.component_id;
    ELSIF TG_TABLE_NAME = 'scoring_marketeffect' THEN
        SELECT version_id INTO version FROM scoring_marketrule
            WHERE organisation_id = touched.organisation_id AND id = touched.rule_id;
    ELSE
        version := touched.version_id;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM scoring_policyversion
        WHERE organisation_id = touched.organisation_id AND id = version AND state = 'draft'
    ) THEN
        RAISE EXCEPTION 'only a draft is edited' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN touched;
END $$;
CREATE TRIGGER scoring_guard_component BEFORE INSERT OR UPDATE OR DELETE ON scoring_marketrule
    FOR EACH ROW EXECUTE FUNCTION scoring_guard_component();
CREATE TRIGGER scoring_guard_component BEFORE INSERT OR UPDATE OR DELETE ON scoring_marketeffect
    FOR EACH ROW EXECUTE FUNCTION scoring_guard_component();
"""
FORMER = """
DROP TRIGGER scoring_guard_component ON scoring_marketrule;
DROP TRIGGER scoring_guard_component ON scoring_marketeffect;
CREATE OR REPLACE FUNCTION scoring_guard_component() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched record;
    version uuid;
BEGIN
    IF TG_OP = 'DELETE' THEN touched := OLD; ELSE touched := NEW; END IF;
    IF TG_TABLE_NAME = 'scoring_stagemultiplier' THEN
        SELECT version_id INTO version FROM scoring_policycomponent
            WHERE organisation_id = touched.organisation_id AND id = touched.component_id;
    ELSE
        version := touched.version_id;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM scoring_policyversion
        WHERE organisation_id = touched.organisation_id AND id = version AND state = 'draft'
    ) THEN
        RAISE EXCEPTION 'only a draft is edited' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN touched;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0007_calendars_follow_the_organisation'),
        ('scoring', '0006_checks_by_night'),
    ]

    operations = [
        migrations.CreateModel(
            name='MarketRule',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('key', models.SlugField(max_length=60, verbose_name='key')),
                ('name_en', models.CharField(max_length=120, verbose_name='name in English')),
                ('name_zh', models.CharField(blank=True, max_length=120, verbose_name='name in Chinese')),
                ('metric_key', models.CharField(max_length=60, verbose_name='metric')),
                ('slice', models.JSONField(blank=True, default=dict, verbose_name='slice')),
                ('measure', models.CharField(choices=[('level', 'The value itself'), ('change', 'Its change')], default='level', max_length=10, verbose_name='measure')),
                ('side', models.CharField(choices=[('below', 'Below'), ('above', 'Above')], default='below', max_length=10, verbose_name='side')),
                ('starts_micro', models.BigIntegerField(verbose_name='begins at')),
                ('full_micro', models.BigIntegerField(verbose_name='counts fully at')),
                ('months', models.PositiveSmallIntegerField(default=1, verbose_name='months until it takes hold')),
                ('until_months', models.PositiveSmallIntegerField(default=1, verbose_name='months until it ends')),
                ('span', models.PositiveSmallIntegerField(default=1, verbose_name='months of the change')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('organisation', performance.foundation.tenancy.OrganisationKey(db_index=False, default=performance.foundation.tenancy.organisation_id_or_none, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.organisation')),
                ('version', performance.foundation.tenancy.TenantForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='market_rules', to='scoring.policyversion')),
            ],
            options={
                'ordering': ['position', 'key'],
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='MarketEffect',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('full_ppm', models.PositiveIntegerField(verbose_name='multiplier')),
                ('component', performance.foundation.tenancy.TenantForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='market_effects', to='scoring.policycomponent')),
                ('organisation', performance.foundation.tenancy.OrganisationKey(db_index=False, default=performance.foundation.tenancy.organisation_id_or_none, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.organisation')),
                ('rule', performance.foundation.tenancy.TenantForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='effects', to='scoring.marketrule')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
            },
        ),
        migrations.AddIndex(
            model_name='marketrule',
            index=models.Index(fields=['organisation', 'metric_key'], name='market_rule_by_metric'),
        ),
        migrations.AddConstraint(
            model_name='marketrule',
            constraint=models.UniqueConstraint(fields=('organisation', 'version', 'key'), name='market_rule_key_once'),
        ),
        migrations.AddConstraint(
            model_name='marketrule',
            constraint=models.CheckConstraint(condition=models.Q(('measure__in', ['level', 'change'])), name='market_measure_known'),
        ),
        migrations.AddConstraint(
            model_name='marketrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('full_micro__lt', models.F('starts_micro')), ('side', 'below')), models.Q(('full_micro__gt', models.F('starts_micro')), ('side', 'above')), _connector='OR'), name='market_rule_has_ramp'),
        ),
        migrations.AddConstraint(
            model_name='marketrule',
            constraint=models.CheckConstraint(condition=models.Q(('months__range', (1, 12)), ('span__range', (1, 12)), ('until_months__range', (1, 12))), name='market_months_within'),
        ),
        migrations.AddConstraint(
            model_name='marketeffect',
            constraint=models.UniqueConstraint(fields=('organisation', 'rule', 'component'), name='market_effect_once'),
        ),
        migrations.AddConstraint(
            model_name='marketeffect',
            constraint=models.CheckConstraint(condition=models.Q(('full_ppm__range', (500000, 2000000))), name='market_effect_within'),
        ),
        migrations.RunSQL(GUARDS, FORMER),
    ]
