"""The confidence of an objective was the mean of its key results; the lowest tells the risk. Sealed ones stay as they were."""

from django.db import migrations

LOWEST = """
DO $$
DECLARE
    each record;
BEGIN
    FOR each IN SELECT id FROM people_organisation LOOP
        PERFORM set_config('app.organisation', each.id::text, true);
        UPDATE okr_objective AS o SET confidence = k.lowest
        FROM (
            SELECT objective_id, min(confidence) AS lowest FROM okr_keyresult
            WHERE organisation_id = each.id AND removed_at IS NULL GROUP BY objective_id
        ) AS k
        WHERE o.organisation_id = each.id AND o.id = k.objective_id AND o.state <> 'closed'
          AND o.confidence IS DISTINCT FROM k.lowest;
    END LOOP;
    PERFORM set_config('app.organisation', '', true);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("okr", "0020_one_word_for_taking_back")]

    operations = [migrations.RunSQL(LOWEST, migrations.RunSQL.noop)]
