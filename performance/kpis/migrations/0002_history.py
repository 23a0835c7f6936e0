"""What was signed and what was known cannot be rewritten, whoever holds the connection."""

from django.db import migrations

KEEP_WORDING = """
CREATE FUNCTION kpis_keep_wording() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> 'draft' AND
     (to_jsonb(NEW) - ARRAY['state', 'certified_at', 'declined_at', 'declined_by_id', 'decline_reason'])
     IS DISTINCT FROM
     (to_jsonb(OLD) - ARRAY['state', 'certified_at', 'declined_at', 'declined_by_id', 'decline_reason'])
  THEN
    RAISE EXCEPTION 'A metric version in review or later keeps its wording.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER kpis_keep_wording BEFORE UPDATE ON kpis_metricversion
  FOR EACH ROW EXECUTE FUNCTION kpis_keep_wording();
"""

KEEP_VALUES = """
CREATE FUNCTION kpis_keep_values() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
     OR NEW.value IS DISTINCT FROM OLD.value OR NEW.as_of <> OLD.as_of OR NEW.state <> OLD.state
     OR NEW.slice_key <> OLD.slice_key OR NEW.period_start <> OLD.period_start
     OR NEW.period_end <> OLD.period_end OR NEW.metric_id <> OLD.metric_id
     OR NEW.version_id <> OLD.version_id OR NEW.coverage_ppm <> OLD.coverage_ppm
  THEN
    RAISE EXCEPTION 'A metric value is superseded by a newer one, never changed.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER kpis_keep_values BEFORE UPDATE ON kpis_metricvalue
  FOR EACH ROW EXECUTE FUNCTION kpis_keep_values();
"""

FORGET = """
DROP TRIGGER kpis_keep_wording ON kpis_metricversion;
DROP FUNCTION kpis_keep_wording();
DROP TRIGGER kpis_keep_values ON kpis_metricvalue;
DROP FUNCTION kpis_keep_values();
"""


class Migration(migrations.Migration):
    dependencies = [("kpis", "0001_initial")]

    operations = [migrations.RunSQL(KEEP_WORDING + KEEP_VALUES, FORGET)]
