"""Organisations that count in weeks had values of calendar months: those are taken back, with the closing of months that
their calendar does not have, and computed again."""

from django.db import migrations

AGAIN = """
DO $$
DECLARE
    each record;
BEGIN
    FOR each IN SELECT id FROM people_organisation WHERE fiscal_pattern <> 'months' LOOP
        PERFORM set_config('app.organisation', each.id::text, true);
        DELETE FROM kpis_monthclose WHERE organisation_id = each.id;
        UPDATE kpis_metricvalue SET superseded_at = now()
        WHERE organisation_id = each.id AND superseded_at IS NULL;
        UPDATE kpis_forecast SET superseded_at = now()
        WHERE organisation_id = each.id AND superseded_at IS NULL;
        INSERT INTO foundation_stalerow (id, organisation_id, kind, subject_id, mark, marked_at)
        SELECT accord_uuid7(), each.id, 'metric_values', dataset_id, 1, now()
        FROM kpis_metricversion
        WHERE organisation_id = each.id AND state = 'certified' AND dataset_id IS NOT NULL
        GROUP BY dataset_id
        ON CONFLICT (organisation_id, kind, subject_id) DO UPDATE SET mark = foundation_stalerow.mark + 1;
    END LOOP;
    PERFORM set_config('app.organisation', '', true);
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('foundation', '0002_whom_a_row_names'),
        ('kpis', '0015_months_of_the_fiscal_calendar'),
    ]

    operations = [migrations.RunSQL(AGAIN, migrations.RunSQL.noop)]
