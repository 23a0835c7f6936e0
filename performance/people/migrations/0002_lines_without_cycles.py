"""Nobody stands above themselves, on any day: refused by the database, however the rows are written.

A CHECK constraint sees one row; a loop needs the whole line. The trigger walks up from the new row's manager and
keeps, at each step, only the days on which all lines of the walk hold. An advisory lock for the organisation lets
two writers that would each add one half of a loop see each other.
"""

from django.db import migrations

INSTALL = """
-- The plan is made when the table may still be empty and kept while an import fills it: never a sequential scan.
CREATE FUNCTION people_refuse_cycles() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
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
        JOIN people_reportingline line
          ON line.organisation_id = NEW.organisation_id
         AND line.person_id = above.person_id
         AND daterange(line.starts_on, line.ends_on) && above.days
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

CREATE CONSTRAINT TRIGGER lines_without_cycles
    AFTER INSERT OR UPDATE OF person_id, manager_id, starts_on, ends_on ON people_reportingline
    DEFERRABLE INITIALLY IMMEDIATE
    FOR EACH ROW EXECUTE FUNCTION people_refuse_cycles();
"""

REMOVE = """
DROP TRIGGER lines_without_cycles ON people_reportingline;
DROP FUNCTION people_refuse_cycles();
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]

    operations = [migrations.RunSQL(INSTALL, REMOVE)]
