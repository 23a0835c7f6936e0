"""Forecasts. What was foreseen cannot be rewritten, whoever holds the connection."""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import performance.foundation.tenancy

KEEP = """
CREATE FUNCTION kpis_keep_forecasts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
     OR (to_jsonb(NEW) - 'superseded_at') IS DISTINCT FROM (to_jsonb(OLD) - 'superseded_at')
  THEN
    RAISE EXCEPTION 'A forecast is superseded by a newer one, never changed.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER kpis_keep_forecasts BEFORE UPDATE ON kpis_forecast
  FOR EACH ROW EXECUTE FUNCTION kpis_keep_forecasts();
"""

FORGET = """
DROP TRIGGER kpis_keep_forecasts ON kpis_forecast;
DROP FUNCTION kpis_keep_forecasts();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('kpis', '0003_problems'),
        ('people', '0007_calendars_follow_the_organisation'),
    ]

    operations = [
        migrations.CreateModel(
            name='Forecast',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('slice', models.JSONField(default=dict, verbose_name='slice')),
                ('slice_key', models.TextField(verbose_name='slice as text')),
                ('after_month', models.DateField(verbose_name='last month that is known')),
                ('way', models.CharField(blank=True, choices=[('seasonal_naive', 'the same month a year before'), ('blend', 'trend and season, the middle of three methods'), ('mixed', 'half trend and season, half the same month a year before')], max_length=14, verbose_name='way')),
                ('refusal', models.CharField(blank=True, choices=[('too_short', 'Needs two years of months'), ('ended', 'The last month has no value'), ('gaps', 'Months are missing'), ('not_installed', 'Forecasting is not installed here'), ('failed', 'It could not be computed')], max_length=13, verbose_name='refusal')),
                ('known_months', models.PositiveSmallIntegerField(default=0, verbose_name='months known')),
                ('points', models.JSONField(default=list, verbose_name='months to come')),
                ('error_ppm', models.PositiveBigIntegerField(null=True, verbose_name='typical error')),
                ('naive_error_ppm', models.PositiveBigIntegerField(null=True, verbose_name='typical error of the seasonal naive')),
                ('backtest', models.JSONField(default=dict, verbose_name='backtest')),
                ('basis', models.CharField(max_length=64, verbose_name='made from')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
                ('superseded_at', models.DateTimeField(null=True, verbose_name='superseded at')),
                ('metric', performance.foundation.tenancy.TenantForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='forecasts', to='kpis.metric')),
                ('organisation', performance.foundation.tenancy.OrganisationKey(db_index=False, default=performance.foundation.tenancy.organisation_id_or_none, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.organisation')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(condition=models.Q(('superseded_at__isnull', True)), fields=('organisation', 'metric', 'slice_key'), name='metric_forecast_current_once'), models.CheckConstraint(condition=models.Q(models.Q(('refusal', ''), models.Q(('way', ''), _negated=True)), models.Q(models.Q(('refusal', ''), _negated=True), ('way', '')), _connector='OR'), name='metric_forecast_says_what_or_why_not'), models.CheckConstraint(condition=models.Q(('way__in', ['', 'seasonal_naive', 'blend', 'mixed']), ('refusal__in', ['', 'too_short', 'ended', 'gaps', 'not_installed', 'failed'])), name='metric_forecast_words'), models.CheckConstraint(condition=models.Q(('after_month__day', 1)), name='metric_forecast_after_a_month')],
            },
        ),
        migrations.RunSQL(KEEP, FORGET),
    ]
