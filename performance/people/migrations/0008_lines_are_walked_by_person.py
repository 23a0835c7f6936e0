"""The walk against loops goes from person to person, whatever the planner knew when it first planned it.

A first import plans the walk while the table is empty, and keeps the plan while it fills. The planner then joined the walk
with everybody's lines, found by organisation and days: each new line read all those before it. Now a step asks for the lines
of one person, and no index that begins with the organisation goes on without the person.
"""

import django.db.models.deletion
from django.db import migrations, models

import performance.foundation.tenancy

FUNCTION = """
CREATE OR REPLACE FUNCTION people_refuse_cycles() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    outer_organisation text := current_setting('app.organisation', true);
    looped boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('people_reportingline ' || NEW.organisation_id::text, 0));
    -- Row-level security hides every line when the check runs outside the organisation's own scope.
    PERFORM set_config('app.organisation', NEW.organisation_id::text, true);
    WITH RECURSIVE above(person_id, days) AS (
        SELECT NEW.manager_id, daterange(NEW.starts_on, NEW.ends_on)
        UNION
        SELECT line.manager_id, above.days * daterange(line.starts_on, line.ends_on)
        FROM above
        {step}
        WHERE above.person_id <> NEW.person_id
    )
    SELECT EXISTS (SELECT 1 FROM above WHERE person_id = NEW.person_id) INTO looped;
    PERFORM set_config('app.organisation', coalesce(outer_organisation, ''), true);
    IF looped THEN
        RAISE EXCEPTION 'A reporting line may not lead back to the same person.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lines_without_cycles', TABLE = 'people_reportingline';
    END IF;
    RETURN NULL;
END $$;
"""
WHERE = """
            line.organisation_id = NEW.organisation_id
            AND line.person_id = above.person_id
            AND daterange(line.starts_on, line.ends_on) && above.days
"""
BY_PERSON = f"""
        CROSS JOIN LATERAL (
            SELECT * FROM people_reportingline line
            WHERE {WHERE}
            -- Kept apart from the join, the person's lines are fetched step by step.
            OFFSET 0
        ) line
"""  # noqa: S608
JOINED = f"JOIN people_reportingline line ON {WHERE}"


class Migration(migrations.Migration):
    dependencies = [("people", "0007_calendars_follow_the_organisation")]

    operations = [
        migrations.RunSQL(FUNCTION.format(step=BY_PERSON), FUNCTION.format(step=JOINED)),
        migrations.RemoveIndex(model_name="reportingline", name="line_by_manager"),
        migrations.AddIndex(
            model_name="reportingline",
            index=models.Index(fields=["manager", "starts_on"], name="line_by_manager"),
        ),
        migrations.AlterField(
            model_name="reportingline",
            name="manager",
            field=performance.foundation.tenancy.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines_down",
                to="people.person",
            ),
        ),
    ]
